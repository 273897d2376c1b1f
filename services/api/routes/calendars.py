"""Calendars, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from crm.calendars import actions, days, queries
from crm.calendars.errors import CalendarArchived, CalendarInUse
from crm.calendars.schemas import (
    CalendarCreate,
    CalendarDayFilter,
    CalendarDayPut,
    CalendarDayRead,
    CalendarFilter,
    CalendarRead,
    CalendarUpdate,
    Day,
    DeadlineQuery,
    DeadlineRead,
    HolidayImport,
    NoticeImport,
)
from crm.calendars.used import OURS
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.sla.seams import PROMISES
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

CalendarReads = Annotated[Access, reads("workspace")]
CalendarWrites = Annotated[Access, writes("workspace")]
CalendarChanges = Annotated[Transaction, changes("workspace")]
TheDay = Annotated[Day, Path(description="The day.", examples=["2027-02-06"])]

router = new_router(tags=["calendars"])


@router.get("/calendars", response_model=Page[CalendarRead])
async def list_calendars(access: CalendarReads, wanted: Annotated[CalendarFilter, Query()]) -> bytes:
    """Your calendars. The workspace goes by one; a team or a person may go by another (`calendar_id`)."""
    return await queries.page(access, wanted)


@router.post("/calendars", status_code=201, response_model=CalendarRead, responses=problems(AlreadyExists))
async def create_calendar(tx: CalendarChanges, new: CalendarCreate) -> Answer:
    """Add a calendar. With a `country`, it takes in that country's public holidays, and goes on doing so each year."""
    return await actions.create(tx, new)


@router.get("/calendars/{calendar_id}", response_model=CalendarRead)
async def get_calendar(access: CalendarReads, calendar_id: UUID) -> Answer:
    """One calendar, and what is known of each year's public holidays."""
    return await queries.get(access, calendar_id)


@router.patch("/calendars/{calendar_id}", response_model=CalendarRead, responses=problems(CalendarArchived))
async def update_calendar(tx: CalendarChanges, calendar_id: UUID, change: CalendarUpdate) -> Answer:
    """Change what you send and nothing else. What is still to come is planned again; what is over stays."""
    return await actions.update(tx, calendar_id, change)


@router.post("/calendars/{calendar_id}/archive", response_model=CalendarRead, responses=problems(CalendarInUse))
async def archive_calendar(access: CalendarWrites, calendar_id: UUID) -> Answer:
    """Put a calendar aside that neither the workspace nor a team, a person or an SLA policy goes by; `used_by` names
    those who do.
    """
    return await actions.archive(access, calendar_id, going=(*OURS, PROMISES))


@router.post("/calendars/{calendar_id}/restore", response_model=CalendarRead)
async def restore_calendar(access: CalendarWrites, calendar_id: UUID) -> Answer:
    """Bring an archived calendar back."""
    return await actions.restore(access, calendar_id)


@router.get("/calendars/{calendar_id}/days", response_model=Page[CalendarDayRead])
async def list_calendar_days(
    access: CalendarReads, calendar_id: UUID, wanted: Annotated[CalendarDayFilter, Query()]
) -> bytes:
    """The days that are not as the week has them: holidays, made-up working days, other hours."""
    return await queries.page_of_days(access, calendar_id, wanted)


@router.put("/calendars/{calendar_id}/days/{day}", response_model=CalendarRead, responses=problems(CalendarArchived))
async def put_calendar_day(tx: CalendarChanges, calendar_id: UUID, day: TheDay, wanted: CalendarDayPut) -> Answer:
    """Say how a day differs from the week. No import replaces what you say here."""
    return await days.put(tx, calendar_id, day, wanted) or await actions.as_it_is(tx, calendar_id)


@router.delete("/calendars/{calendar_id}/days/{day}", response_model=CalendarRead, responses=problems(CalendarArchived))
async def remove_calendar_day(tx: CalendarChanges, calendar_id: UUID, day: TheDay) -> Answer:
    """Make a day as the week has it again."""
    return await days.remove(tx, calendar_id, day) or await actions.as_it_is(tx, calendar_id)


@router.post(
    "/calendars/{calendar_id}/import-holidays", response_model=CalendarRead, responses=problems(CalendarArchived)
)
async def import_holidays(tx: CalendarChanges, calendar_id: UUID, wanted: HolidayImport) -> Answer:
    """Take in a country's public holidays of a year. Of a Chinese year before its notice, only what is sure.

    Such a year is `provisional` in `years`: import its notice when it is out.
    """
    taken = await days.import_holidays(tx, calendar_id, wanted)
    return taken or await actions.as_it_is(tx, calendar_id)


@router.post(
    "/calendars/{calendar_id}/import-notice", response_model=CalendarRead, responses=problems(CalendarArchived)
)
async def import_notice(tx: CalendarChanges, calendar_id: UUID, wanted: NoticeImport) -> Answer:
    """Take in the notice of a year, holidays and made-up working days, in place of what was provisional.

    `calendar.days_changed` says from which day to which; what was planned by them is planned again.
    """
    return await days.import_notice(tx, calendar_id, wanted) or await actions.as_it_is(tx, calendar_id)


@router.get("/calendars/{calendar_id}/deadline", response_model=DeadlineRead)
async def get_deadline(access: CalendarReads, calendar_id: UUID, wanted: Annotated[DeadlineQuery, Query()]) -> bytes:
    """When so many working minutes have passed since a moment, and with `explain`, what counted and what did not.

    What ends exactly at closing time is due then, not at the next opening.
    """
    return await queries.deadline(access, calendar_id, wanted)
