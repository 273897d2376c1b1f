"""Calls: the day's list, what is kept from call to call, and how often people were touched, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.care import call_list, calls, pressure
from crm.care.call_schemas import CallListQuery, CallListRead, CallRead, CallUpdate
from crm.care.pressure_schemas import PressureRead
from crm.customers.errors import CustomerArchived
from crm.database import Transaction
from crm.nouns import Answer
from services.api.deps import CustomerReads, changes
from services.api.problems import problems
from services.api.routing import router as new_router

CallChanges = Annotated[Transaction, changes("interactions")]

router = new_router(tags=["calls"])


@router.get("/call-list", response_model=CallListRead)
async def get_call_list(access: CustomerReads, wanted: Annotated[CallListQuery, Query()]) -> bytes:
    """Whom to call on a day, best first, with the reasons; how many were left out and why; and the month's need.

    Left out are those who do not want contact, who were contacted that day, whose next call is later, and those at whom
    everybody was touched often enough of late (`pressure`).
    """
    return await call_list.read(access, wanted)


@router.patch("/call-list/{customer_id}", response_model=CallRead, responses=problems(CustomerArchived))
async def keep_call(tx: CallChanges, customer_id: UUID, change: CallUpdate) -> Answer:
    """After a call, set when to call next, and how far things are with this customer."""
    return await calls.keep(tx, customer_id, change)


@router.get("/customers/{customer_id}/pressure", response_model=PressureRead)
async def get_pressure(access: CustomerReads, customer_id: UUID) -> bytes:
    """How often this customer and each person there was touched by you in the last 7 and 30 days, and whether that is
    enough for now.

    What the customer began does not count, nor does a call that nobody answered.
    """
    return await pressure.of_customer(access, customer_id)
