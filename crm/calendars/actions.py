"""Everything that changes calendars themselves; what changes their days stands in ``days.py``."""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Uuid, bindparam, func, select

from crm.actor import Sight
from crm.calendars import events
from crm.calendars.days import fill, fillable, first_years
from crm.calendars.errors import CalendarArchived, CalendarInUse
from crm.calendars.models import calendars
from crm.calendars.numbering import number_days
from crm.calendars.queries import CALENDAR
from crm.calendars.schemas import CalendarCreate, CalendarUpdate
from crm.calendars.used import OURS, Going, in_use, users_of
from crm.clock import today
from crm.database import Access, Transaction, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed


async def create(tx: Transaction, new: CalendarCreate) -> Answer:
    """Add a calendar, with the public holidays of its country. Raises ``AlreadyExists``, 422 for an unknown country."""
    values = new.model_dump(exclude_none=True)
    years: dict[int, Any] = {}
    if new.country is not None:
        fillable(new.country, new.subdivision)
        years = first_years(new.country, new.subdivision, today(new.timezone), tx.actor.language)
        values["years"] = {str(year): found.state for year, found in years.items()}
    elif new.subdivision is not None:
        raise invalid("subdivision", "A part of which country?", "required")
    created = await record(tx, events.CREATED, _create(frozenset(values)), **renamed(values))
    if created is None:
        raise LookupError("an insert without a condition gave no row")
    for year, found in years.items():
        await fill(tx, created.id, year, found)
    await number_days(tx, created.id)
    return created


async def update(tx: Transaction, calendar_id: UUID, change: CalendarUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``CalendarArchived``.

    Whatever was planned by the hours of before is to be planned again: ``calendar.updated`` says so.
    """
    values = change.model_dump(exclude_unset=True)
    changed = await record(tx, events.UPDATED, _update(frozenset(values)), id=calendar_id, **renamed(values))
    if changed is None:
        return await as_it_is(tx, calendar_id)
    if "week" in values:
        await number_days(tx, calendar_id)
    return changed


async def archive(access: Access, calendar_id: UUID, *, going: Going = OURS) -> Answer:
    """Put a calendar aside by which nobody goes. Raises ``CalendarInUse``, which names who does. Twice is once."""
    archived = await record(access, events.ARCHIVED, _archive(going), id=calendar_id)
    if archived is not None:
        return archived
    answer = await explain(access, CALENDAR, calendar_id)
    if not await access.value(_is_archived(), calendar_id=calendar_id):
        raise CalendarInUse(used_by=await users_of(access, calendar_id, going))
    return answer


async def restore(access: Access, calendar_id: UUID) -> Answer:
    """Bring an archived calendar back."""
    restored = await record(access, events.RESTORED, _restore(), id=calendar_id)
    return restored or await explain(access, CALENDAR, calendar_id)


async def as_it_is(access: Access, calendar_id: UUID) -> Answer:
    """A calendar that a change did not touch. Raises ``NotFound``, ``Stale``, ``CalendarArchived``."""
    answer = await explain(access, CALENDAR, calendar_id)
    if await access.value(_is_archived(), calendar_id=calendar_id):
        raise CalendarArchived
    return answer


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(CALENDAR, columns)


@statement
def _update(columns: frozenset[str]) -> Insert:
    return changing(CALENDAR, Sight.ALL, columns, calendars.c.archived_at.is_(None))


@statement
def _archive(going: Going) -> Insert:
    idle = (calendars.c.archived_at.is_(None), ~in_use(going))
    return changing(CALENDAR, Sight.ALL, (), *idle, values={"archived_at": func.now()})


@statement
def _restore() -> Insert:
    there = calendars.c.archived_at.is_not(None)
    return changing(CALENDAR, Sight.ALL, (), there, values={"archived_at": None})


@statement
def _is_archived() -> Select[Any]:
    at_home = calendars.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    wanted = calendars.c.id == bindparam("calendar_id", type_=Uuid)
    return select(calendars.c.archived_at.is_not(None)).where(at_home, wanted)
