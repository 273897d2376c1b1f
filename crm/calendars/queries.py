"""How calendars and their days look, and what reads them for callers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Uuid, bindparam, select, true

from crm import reading
from crm.actor import Sight
from crm.calendars.models import calendar_days, calendars
from crm.calendars.prepared import working_time
from crm.calendars.schemas import CalendarDayFilter, CalendarFilter, DeadlineQuery
from crm.calendars.working_time import TooFar
from crm.clock import local_date
from crm.database import Access
from crm.errors import invalid
from crm.nouns import Answer, Noun
from crm.reading import Listing, among, between
from crm.tables import stamps, utc

LONGEST_LEDGER = timedelta(days=200)


def shape(calendar: FromClause) -> Select[Any]:
    """A calendar, once: the answer and the event."""
    c = calendar.c
    return select(
        c.id, c.name, c.timezone, c.country, c.subdivision, c.week, c.years,
        utc(c.days_changed_at).label("days_changed_at"), utc(c.archived_at).label("archived_at"), *stamps(calendar),
    ).select_from(calendar)  # fmt: skip


def day_shape(day: FromClause) -> Select[Any]:
    """A day that is not as usual, once."""
    c = day.c
    return select(
        c.id, c.calendar_id, c.day, c.kind, c.name, c.hours, c.source, c.provisional, *stamps(day)
    ).select_from(day)  # fmt: skip


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone must know when work is done."""
    return true()


CALENDAR = Noun("calendar", calendars, shape, visible, customer=None)
CALENDAR_DAY = Noun("calendar_day", calendar_days, day_shape, visible, customer=None)

LIST = Listing(
    CALENDAR,
    sorts={"created_at": calendars.c.created_at, "name": calendars.c.name},
    filters={"archived": calendars.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean)},
)
DAYS = Listing(
    CALENDAR_DAY,
    sorts={"day": calendar_days.c.day},
    filters={
        **among(calendar_days, ["kind"]),
        **between(calendar_days, ["day"]),
        "calendar_id": calendar_days.c.calendar_id == bindparam("calendar_id", type_=Uuid),
    },
)


async def page(access: Access, wanted: CalendarFilter) -> bytes:
    """A page of calendars, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})


async def get(access: Access, calendar_id: UUID) -> Answer:
    """One calendar. Raises ``NotFound``."""
    return await reading.one(access, CALENDAR, calendar_id)


async def page_of_days(access: Access, calendar_id: UUID, wanted: CalendarDayFilter) -> bytes:
    """A page of the days of a calendar that are not as usual. Raises ``NotFound``."""
    found = await reading.page(access, DAYS, wanted, wanted.given() | {"calendar_id": calendar_id})
    if found.startswith(b'{"data":[]'):
        await get(access, calendar_id)
    return found


async def deadline(access: Access, calendar_id: UUID, wanted: DeadlineQuery) -> bytes:
    """When so many working minutes have passed, and if asked for, what counted. Raises ``NotFound``, 422 by field."""
    prepared = await working_time(access, calendar_id)
    try:
        due = prepared.time.deadline(wanted.start, wanted.minutes)
    except TooFar:
        raise invalid("query:minutes", "There is not so much working time within a hundred years.", "too_far") from None
    if wanted.explain and due - wanted.start > LONGEST_LEDGER:
        raise invalid("query:explain", "The ledger is given for deadlines within 200 days.", "too_far")
    ledger = prepared.time.intervals(wanted.start, due) if wanted.explain else None
    zone = prepared.time.zone
    years = range(local_date(wanted.start, zone).year, local_date(due, zone).year + 1)
    return orjson.dumps(
        {
            "start": wanted.start,
            "minutes": wanted.minutes,
            "deadline": due,
            "provisional": not prepared.is_announced(years),
            "ledger": None if ledger is None else [stretch._asdict() for stretch in ledger],
        },
        option=orjson.OPT_UTC_Z,
    )
