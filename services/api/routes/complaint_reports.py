"""The numbers of complaints, over HTTP."""

from typing import Annotated

from fastapi import Query

from crm.complaint_reports import report
from crm.complaint_reports.schemas import ComplaintReport, ComplaintSlice
from crm.database import Access
from services.api.deps import reads
from services.api.routing import router as new_router

ReportReads = Annotated[Access, reads("complaints")]

router = new_router(tags=["complaint_reports"])


@router.get("/reports/complaints", response_model=ComplaintReport)
async def get_complaint_report(access: ReportReads, wanted: Annotated[ComplaintSlice, Query()]) -> bytes:
    """How many complaints came, how fast and how well they were handled, what they cost, and what people said after.

    Over the complaints you may see that were received in the period. Every figure names its formula, which stands under
    `formulas` in English and Chinese, and the number it rests on; where there is nothing to divide by, it is null. The
    volume stands in every line: a rate of three is none of thirty. `iceberg` is an estimate and says so.
    """
    return await report.report(access, wanted)
