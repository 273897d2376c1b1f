"""Forecast and reports of sales, over HTTP."""

from typing import Annotated

from fastapi import Query

from crm.forecasts import forecast, reports
from crm.forecasts.schemas import OpenSlice, PeriodSlice, Report
from services.api.routes.opportunities import OpportunityReads
from services.api.routing import router as new_router

router = new_router(tags=["forecasts"])


@router.get("/forecast", response_model=Report)
async def get_forecast(access: OpportunityReads, wanted: Annotated[PeriodSlice, Query()]) -> bytes:
    """What will close in a period: open sales by category and weighted, what has closed, and how far the target is.

    Over the sales you may see, in the workspace's currency by the rate of the day. Every figure names its formula,
    which stands under `formulas` in English and Chinese, and the number of sales it rests on; where there is nothing
    to divide by, it is null.
    """
    return await forecast.forecast(access, wanted)


@router.get("/reports/sales", response_model=Report)
async def get_sales_report(access: OpportunityReads, wanted: Annotated[PeriodSlice, Query()]) -> bytes:
    """What was won and lost in a period: win rates, average deal, cycle and velocity.

    Over the sales you may see, each in the workspace's currency by the rate of the day on which it was closed.
    """
    return await reports.sales(access, wanted)


@router.get("/reports/pipeline", response_model=Report)
async def get_pipeline_report(access: OpportunityReads, wanted: Annotated[OpenSlice, Query()]) -> bytes:
    """What is open now: worth how much, weighted, and for how long the sales have been in their stages."""
    return await reports.pipeline(access, wanted)
