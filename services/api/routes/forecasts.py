"""Forecast and reports of sales, over HTTP."""

from typing import Annotated

from fastapi import Query

from crm.forecasts import accuracy, changes, forecast, reports
from crm.forecasts.change_schemas import ChangeFilter, Changes
from crm.forecasts.schemas import AccuracySlice, OpenSlice, PeriodSlice, Report
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


@router.get("/forecast/changes", response_model=Changes)
async def get_forecast_changes(access: OpportunityReads, wanted: Annotated[ChangeFilter, Query()]) -> bytes:
    """What changed in the open pipeline between two days: new, won, lost, grown, shrunk, slipped, moved in and out.

    Every sale that was in it on either day is in one piece, so opening plus all pieces is closing. Days end at midnight
    in the workspace; how its sales stood then is kept by nightly snapshots.
    """
    return await changes.changes(access, wanted)


@router.get("/reports/forecast-accuracy", response_model=Report)
async def get_forecast_accuracy(access: OpportunityReads, wanted: Annotated[AccuracySlice, Query()]) -> bytes:
    """How good the forecasts for a period were, as they stood on a day: 1 − |forecast − actual| / actual."""
    return await accuracy.report(access, wanted)
