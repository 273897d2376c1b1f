"""The clocks of complaints, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.complaints import clock_queries
from crm.complaints.clock_schemas import ClocksRead, ExplainedClocks, ExplainQuery
from services.api.routes.complaints import ComplaintReads
from services.api.routing import router as new_router

router = new_router(tags=["complaints"])


@router.get("/complaints/{complaint_id}/clocks", response_model=ClocksRead)
async def get_complaint_clocks(access: ComplaintReads, complaint_id: UUID) -> bytes:
    """Each clock of a complaint: what was promised by which policy and calendar, what of it is used and what is left,
    and at which shares of the time it becomes news.
    """
    return await clock_queries.clocks(access, complaint_id)


@router.get("/complaints/{complaint_id}/clocks/explain", response_model=ExplainedClocks)
async def explain_complaint_clocks(
    access: ComplaintReads, complaint_id: UUID, wanted: Annotated[ExplainQuery, Query()]
) -> bytes:
    """Why each clock stands where it stands: every stretch of time since the complaint came, whether it counts, and
    why not: night, lunch, weekend, a holiday by name, standing still, not begun. What counts adds up to the clock.
    """
    return await clock_queries.explain(access, complaint_id, wanted.kind)
