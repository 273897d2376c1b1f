"""A person's day and the way through it, over HTTP."""

from typing import Annotated

from fastapi import Query

from crm.care import day, route
from crm.care.day_schemas import DayQuery, DayRead, RouteQuery, RouteRead
from crm.database import Access
from services.api.deps import reads
from services.api.routing import router as new_router

DayReads = Annotated[Access, reads("visits", "tasks", "customers")]

router = new_router(tags=["day"])


@router.get("/day", response_model=DayRead)
async def get_day(access: DayReads, wanted: Annotated[DayQuery, Query()]) -> bytes:
    """What a day holds: visits, tasks due, what is overdue, follow-ups with key customers, calls that were set,
    and complaints to be dealt with.

    Without a date it is the next working day: look at it before you leave.
    """
    return await day.read(access, wanted)


@router.get("/route", response_model=RouteRead)
async def get_route(access: DayReads, wanted: Annotated[RouteQuery, Query()]) -> bytes:
    """The planned visits of a day in order, and due customers near them, in the order of a short way.

    Distances are as the crow flies. Customers without coordinates cannot be found this way; how many, it says.
    """
    return await route.read(access, wanted)
