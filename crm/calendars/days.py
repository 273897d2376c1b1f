"""Everything that changes the days of a calendar that are not as usual.

Each change is the fact ``calendar.days_changed``, which says from which day to which: whatever was planned by them is
to be planned again. What somebody here has said of a day is never replaced by an import.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Delete,
    Insert,
    Text,
    Uuid,
    bindparam,
    delete,
    extract,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.sql.dml import ReturningDelete

from crm.actor import Sight
from crm.calendars import events, holidays
from crm.calendars.models import ONE_DAY_PER_DATE, calendar_days, calendars
from crm.calendars.notice import read_notice
from crm.calendars.numbering import kept_years, number_days
from crm.calendars.queries import CALENDAR
from crm.calendars.schemas import CalendarDayPut, HolidayImport, NoticeImport
from crm.calendars.vocabulary import Source
from crm.database import Transaction, statement
from crm.errors import NotFound, invalid
from crm.nouns import Answer, this_one
from crm.recording import record, recorded


async def put(tx: Transaction, calendar_id: UUID, day: date, wanted: CalendarDayPut) -> Answer | None:
    """Say how a day differs from the week; gives the calendar, or None where it could not be changed."""
    if wanted.kind == "hours" and wanted.hours is None:
        raise invalid("hours", "Open from when to when?", "required")
    if wanted.kind == "holiday" and wanted.hours is not None:
        raise invalid("hours", "A holiday has no hours.", "not_wanted")
    changed = await _touch(tx, calendar_id, {}, day, day)
    if changed is not None:
        hours = None if wanted.hours is None else [part.model_dump() for part in wanted.hours]
        new = {"day": day, "kind": wanted.kind, "name": wanted.name, "hours": hours}
        await tx.row(_put(), calendar_id=calendar_id, **new)
        await number_days(tx, calendar_id)
    return changed


async def remove(tx: Transaction, calendar_id: UUID, day: date) -> Answer | None:
    """Make a day as the week has it; gives the calendar, or None where it could not be changed.

    Raises ``NotFound`` where it is as the week has it already.
    """
    changed = await _touch(tx, calendar_id, {}, day, day)
    if changed is not None:
        if await tx.row(_remove(), calendar_id=calendar_id, day=day) is None:
            raise NotFound
        await number_days(tx, calendar_id)
    return changed


async def import_holidays(tx: Transaction, calendar_id: UUID, wanted: HolidayImport) -> Answer | None:
    """Take in what the packages know of a country's year, in place of what they or a notice said before."""
    fillable(wanted.country, wanted.subdivision)
    found = holidays.filled(wanted.country, wanted.subdivision, wanted.year, tx.actor.language)
    return await _import_all(tx, calendar_id, {wanted.year: found}, "package")


async def import_notice(tx: Transaction, calendar_id: UUID, wanted: NoticeImport) -> Answer | None:
    """Take in the notice of a year, in place of what was provisional. The year is final then. Raises 422 by field."""
    if (wanted.days is None) == (wanted.csv is None):
        raise invalid("days", "Send the days as a list, or as CSV.", "required")
    days = read_notice(wanted.year, wanted.days, wanted.csv)
    return await _import_all(tx, calendar_id, {wanted.year: holidays.Filled(days, "announced")}, "notice")


def fillable(country: str, subdivision: str | None) -> None:
    """Raises 422 for a country or a part of one whose holidays nobody knows."""
    parts = holidays.countries().get(country)
    if parts is None:
        raise invalid("country", "The public holidays of this country are not known.", "not_found")
    if subdivision is not None and subdivision not in parts:
        raise invalid("subdivision", "The public holidays of this part are not known.", "not_found")


def first_years(country: str, subdivision: str | None, today: date, language: str) -> dict[int, holidays.Filled]:
    """What is known of the years that a calendar keeps."""
    return {year: holidays.filled(country, subdivision, year, language) for year in kept_years(today)}


async def fill(
    tx: Transaction, calendar_id: UUID, year: int, found: holidays.Filled, source: Source = "package"
) -> None:
    """Replace the days of a year that nobody here has said. No fact, and nothing is numbered anew: the caller does."""
    await tx.row(_clear(), calendar_id=calendar_id, year=year)
    days = sorted(found.days.items())
    await tx.row(
        _fill(),
        calendar_id=calendar_id,
        days=[day for day, _ in days],
        kinds=[special.kind for _, special in days],
        names=[special.name for _, special in days],
        source=source,
        provisional=found.state == "provisional",
    )


async def take_in(tx: Transaction, calendar_id: UUID, found: Mapping[int, holidays.Filled]) -> Answer | None:
    """Several years from the packages, as one fact."""
    return await _import_all(tx, calendar_id, found, "package")


async def _import_all(
    tx: Transaction, calendar_id: UUID, found: Mapping[int, holidays.Filled], source: Source
) -> Answer | None:
    every = [day for filled in found.values() for day in filled.days]
    first = min([*every, *(date(year, 1, 1) for year in found)])
    last = max([*every, *(date(year, 12, 31) for year in found)])
    states = {str(year): filled.state for year, filled in found.items()}
    changed = await _touch(tx, calendar_id, states, first, last)
    if changed is not None:
        for year, filled in found.items():
            await fill(tx, calendar_id, year, filled, source)
        await number_days(tx, calendar_id)
    return changed


async def _touch(
    tx: Transaction, calendar_id: UUID, states: Mapping[str, str], first: date, last: date
) -> Answer | None:
    """The fact first: it takes the calendar for this transaction, so that what follows is nobody else's."""
    return await record(
        tx,
        events.DAYS_CHANGED,
        _changed(),
        id=calendar_id,
        states=dict(states),
        first_day=first.isoformat(),
        last_day=last.isoformat(),
    )


@statement
def _changed() -> Insert:
    c = calendars.c
    expected = bindparam("if_match", type_=BigInteger)
    change = (
        update(calendars)
        .where(this_one(CALENDAR, Sight.ALL), or_(expected.is_(None), c.version == expected), c.archived_at.is_(None))
        .values(days_changed_at=func.now(), years=c.years.op("||")(bindparam("states", type_=JSONB)))
    )
    return recorded(CALENDAR, change, noting={name: bindparam(name, type_=Text) for name in ("first_day", "last_day")})


@statement
def _put() -> Insert:
    names = ("calendar_id", "day", "kind", "name", "hours")
    new: dict[str, Any] = {name: bindparam(name, type_=calendar_days.c[name].type) for name in names}
    new |= {"workspace_id": bindparam("workspace_id", type_=Uuid), "source": "manual", "provisional": False}
    wanted = insert_or_update(calendar_days).values(new)
    return _or_update(wanted, ("kind", "name", "hours", "source", "provisional"))


@statement
def _remove() -> ReturningDelete[Any]:
    c = calendar_days.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    this = (c.calendar_id == bindparam("calendar_id", type_=Uuid)) & (c.day == bindparam("day", type_=Date))
    return delete(calendar_days).where(at_home, this).returning(c.id)


@statement
def _clear() -> Delete:
    c = calendar_days.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    mine = c.calendar_id == bindparam("calendar_id", type_=Uuid)
    return delete(calendar_days).where(
        at_home, mine, c.source != "manual", extract("year", c.day) == bindparam("year", type_=BigInteger)
    )


@statement
def _fill() -> Insert:
    row = (
        func.unnest(
            bindparam("days", type_=ARRAY(Date)),
            bindparam("kinds", type_=ARRAY(Text)),
            bindparam("names", type_=ARRAY(Text)),
        )
        .table_valued(Column("day", Date), Column("kind", Text), Column("name", Text), name="given")
        .render_derived()
    )
    new: dict[str, Any] = {
        "workspace_id": bindparam("workspace_id", type_=Uuid),
        "calendar_id": bindparam("calendar_id", type_=Uuid),
        "source": bindparam("source", type_=Text),
        "provisional": bindparam("provisional", type_=Boolean),
        **{name: row.c[name] for name in ("day", "kind", "name")},
    }
    wanted = insert_or_update(calendar_days).from_select(list(new), select(*new.values()))
    return _or_update(wanted, ("kind", "name", "source", "provisional"), calendar_days.c.source != "manual")


def _or_update(wanted: Any, names: tuple[str, ...], where: Any = None) -> Insert:
    new = {name: wanted.excluded[name] for name in names}
    now = {"updated_at": func.now(), "version": calendar_days.c.version + 1}
    made: Insert = wanted.on_conflict_do_update(constraint=ONE_DAY_PER_DATE, set_={**new, **now}, where=where)
    return made
