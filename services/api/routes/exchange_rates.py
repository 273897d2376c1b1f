"""Exchange rates, over HTTP."""

from typing import Annotated

from fastapi import Query

from crm.database import Access, Transaction
from crm.exchange_rates import actions, queries
from crm.exchange_rates.schemas import RateFilter, RatePut, RateRead
from crm.nouns import Answer
from crm.opportunities.schemas import Day
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.workspaces.fields import Currency
from services.api.deps import changes, reads
from services.api.problems import problems
from services.api.routing import router as new_router

RateReads = Annotated[Access, reads("products")]
RateChanges = Annotated[Transaction, changes("products")]

router = new_router(tags=["products"])


@router.get("/exchange-rates", response_model=Page[RateRead])
async def list_exchange_rates(access: RateReads, wanted: Annotated[RateFilter, Query()]) -> bytes:
    """What other currencies were worth, the latest day first."""
    return await queries.page(access, wanted)


@router.get("/exchange-rates/{currency}/{day}", response_model=RateRead)
async def get_exchange_rate(access: RateReads, currency: Currency, day: Day) -> Answer:
    """The rate that holds on a day: the last one set for that day or one before."""
    return await queries.holding(access, currency, day)


@router.put("/exchange-rates/{currency}/{day}", response_model=RateRead, responses=problems(AlreadyExists))
async def put_exchange_rate(tx: RateChanges, currency: Currency, day: Day, wanted: RatePut) -> Answer:
    """Say what one unit is worth in your own currency, from this day until the day of the next rate."""
    return await actions.put(tx, currency, day, wanted)
