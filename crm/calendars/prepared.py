"""Calendars as working time, prepared once per process and version: whose calendar it is, and what it says.

A person goes by their own calendar, else by that of their team or of the next team above that has one, else by the
workspace's. A workspace that has none, which can only be for a moment, goes by office hours in its zone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, Uuid, any_, bindparam, cast, func, null, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.absences.models import absences
from crm.calendars.hours import OFFICE, Hours, SpecialDay, Week, minutes, ordered, read_hours
from crm.calendars.models import calendar_days, calendars
from crm.calendars.vocabulary import YearState
from crm.calendars.whose import team_calendars, user_calendars
from crm.calendars.working_time import WorkingTime
from crm.database import Access, statement
from crm.errors import NotFound
from crm.workspaces.models import workspaces

MOST = 512
"""Calendars that a process keeps prepared."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A calendar ready to be asked. ``changed`` tells one state of it from another."""

    id: UUID
    changed: tuple[int, datetime]
    time: WorkingTime
    years: Mapping[str, YearState]

    def is_announced(self, years: Iterable[int]) -> bool:
        """Whether the public holidays of these years are final, as far as this calendar takes in any by itself."""
        return not self.years or all(self.years.get(str(year)) == "announced" for year in years)


AWAY = SpecialDay("holiday")
REMEMBERED = 400
"""Days for which absences that are over still count: nobody asks for the working time of long ago."""

_prepared: dict[tuple[UUID, UUID], Prepared] = {}
_absent: dict[tuple[UUID, UUID], tuple[WorkingTime, Sequence[Sequence[str]], WorkingTime]] = {}


async def calendar_of(access: Access, user_id: UUID) -> WorkingTime:
    """The working time of a person, without the days on which they are away; the workspace's for one who is not there.

    One short statement.
    """
    rows = await access.rows(_of_users(), user_ids=[user_id])
    times = await _times(access, rows)
    whose = next((row for row in rows if row["user_id"] is not None), None)
    if whose is None:
        return times[rows[0]["calendar_id"]] if rows else WorkingTime("UTC", OFFICE)
    return _at_work(access.actor.workspace_id, user_id, times[whose["calendar_id"]], whose["away"])


async def calendars_of(access: Access, user_ids: Sequence[UUID]) -> dict[UUID, WorkingTime]:
    """The working time that each of these people goes by, whether or not they are away.

    One statement, and one more for calendars not prepared yet.
    """
    rows = await access.rows(_of_users(), user_ids=list(user_ids))
    times = await _times(access, rows)
    found = {row["user_id"]: times[row["calendar_id"]] for row in rows if row["user_id"] is not None}
    fallback = next((times[row["calendar_id"]] for row in rows if row["user_id"] is None), WorkingTime("UTC", OFFICE))
    return {user_id: found.get(user_id, fallback) for user_id in user_ids}


async def calendar_of_team(access: Access, team_id: UUID) -> WorkingTime:
    """The working time that a team goes by; the workspace's for one that is not there."""
    calendar_id = await access.value(_of_team(), team_id=team_id)
    return await workspace_calendar(access) if calendar_id is None else (await working_time(access, calendar_id)).time


async def workspace_calendar(access: Access) -> WorkingTime:
    """The working time that the workspace goes by."""
    rows = await access.rows(_of_users(), user_ids=[])
    return (await _times(access, rows))[rows[0]["calendar_id"]]


async def working_time(access: Access, calendar_id: UUID) -> Prepared:
    """One calendar, prepared. Raises ``NotFound``."""
    row = await access.row(_state(), calendar_id=calendar_id)
    if row is None:
        raise NotFound
    return (await _kept(access, {calendar_id: (row["version"], row["updated_at"])}))[calendar_id]


async def working_times(access: Access, calendar_ids: Iterable[UUID]) -> dict[UUID, WorkingTime]:
    """These calendars, prepared; those that are there. One statement, and one more for what is not prepared yet."""
    wanted = sorted(set(calendar_ids))
    rows = await access.rows(_states(), calendar_ids=wanted) if wanted else []
    kept = await _kept(access, {row["id"]: (row["version"], row["updated_at"]) for row in rows})
    return {calendar_id: prepared.time for calendar_id, prepared in kept.items()}


def _at_work(home: UUID, user_id: UUID, usual: WorkingTime, away: Sequence[Sequence[str]] | None) -> WorkingTime:
    """The working time without these days, kept as long as both are the same."""
    if not away:
        return usual
    kept = _absent.pop((home, user_id), None)
    if kept is None or kept[0] is not usual or kept[1] != away:
        days = dict(usual.days)
        for first, last in (map(date.fromisoformat, span) for span in away):
            days |= dict.fromkeys((first + timedelta(days=n) for n in range((last - first).days + 1)), AWAY)
        kept = usual, away, WorkingTime(usual.zone, usual.week, days)
    _absent[home, user_id] = kept
    while len(_absent) > MOST:
        del _absent[next(iter(_absent))]
    return kept[2]


async def _times(access: Access, rows: Sequence[Any]) -> dict[UUID | None, WorkingTime]:
    states = {row["calendar_id"]: (row["version"], row["updated_at"]) for row in rows if row["calendar_id"] is not None}
    found: dict[UUID | None, WorkingTime] = {one.id: one.time for one in (await _kept(access, states)).values()}
    for row in rows:
        if row["calendar_id"] is None:
            found[None] = WorkingTime(row["timezone"], OFFICE)
    return found


async def _kept(access: Access, states: Mapping[UUID, tuple[int, datetime]]) -> dict[UUID, Prepared]:
    """The calendars in these states, read only where no other statement of this process has read them."""
    home = access.actor.workspace_id
    known = ((state, _prepared.get((home, calendar_id))) for calendar_id, state in states.items())
    found = {one.id: one for state, one in known if one is not None and one.changed == state}
    if missing := [calendar_id for calendar_id in states if calendar_id not in found]:
        for prepared in await load(access, missing):
            found[prepared.id] = _prepared[home, prepared.id] = prepared
        while len(_prepared) > MOST:
            del _prepared[next(iter(_prepared))]
    return found


async def load(access: Access, calendar_ids: Sequence[UUID]) -> list[Prepared]:
    """Calendars as they are now, by the tables alone."""
    rows = await access.rows(_load(), calendar_ids=list(calendar_ids))
    return [
        Prepared(
            row["id"],
            (row["version"], row["updated_at"]),
            WorkingTime(row["timezone"], read_week(row["week"]), _special(row["days"] or ())),
            row["years"],
        )
        for row in rows
    ]


def read_week(kept: Iterable[Mapping[str, Any]]) -> Week:
    """A week as it is kept and sent."""
    days: list[list[Hours]] = [[] for _ in range(7)]
    for part in kept:
        days[part["weekday"] - 1].append(Hours(minutes(part["opens"]), minutes(part["closes"])))
    return tuple(ordered(day) for day in days)


def _special(days: Iterable[Any]) -> dict[date, SpecialDay]:
    return {date.fromisoformat(day): SpecialDay(kind, name, read_hours(hours)) for day, kind, name, hours in days}


@statement
def _of_users() -> Select[Any]:
    """Each of these people with their calendar and when they are away; the workspace with its own, beside nobody."""
    of, w, c = user_calendars(), workspaces.c, calendars.c
    wanted = of.c.user_id == any_(bindparam("user_ids", type_=ARRAY(Uuid)))
    home = w.workspace_id == bindparam("workspace_id", type_=Uuid)
    a = absences.c
    spans = select(a.first_day, a.last_day).where(
        a.workspace_id == bindparam("workspace_id", type_=Uuid),
        a.user_id == of.c.user_id,
        a.cancelled_at.is_(None),
        a.last_day >= cast(func.now(), Date) - REMEMBERED,
    )
    span = spans.order_by(a.first_day).correlate(of).subquery("span").c
    away = select(func.jsonb_agg(func.jsonb_build_array(span.first_day, span.last_day), type_=JSONB)).scalar_subquery()
    theirs = (
        select(of.c.user_id, of.c.calendar_id, w.timezone, away.label("away"))
        .select_from(of.join(workspaces, home))
        .where(wanted)
    )
    nobody = select(cast(null(), Uuid).label("user_id"), w.calendar_id, w.timezone, cast(null(), JSONB)).where(home)
    people = theirs.union_all(nobody).subquery("people")
    calendar = (c.workspace_id == bindparam("workspace_id", type_=Uuid)) & (c.id == people.c.calendar_id)
    return select(*people.c, c.version, c.updated_at).select_from(people.outerjoin(calendars, calendar))


@statement
def _of_team() -> Select[Any]:
    of = team_calendars()
    return select(of.c.calendar_id).where(of.c.id == bindparam("team_id", type_=Uuid))


@statement
def _state() -> Select[Any]:
    c = calendars.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.version, c.updated_at).where(at_home, c.id == bindparam("calendar_id", type_=Uuid))


@statement
def _states() -> Select[Any]:
    c = calendars.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.id, c.version, c.updated_at).where(
        at_home, c.id == any_(bindparam("calendar_ids", type_=ARRAY(Uuid)))
    )


@statement
def _load() -> Select[Any]:
    c, d = calendars.c, calendar_days.c
    days = (
        select(func.jsonb_agg(func.jsonb_build_array(d.day, d.kind, d.name, d.hours), type_=JSONB))
        .where(d.workspace_id == c.workspace_id, d.calendar_id == c.id)
        .correlate(calendars)
        .scalar_subquery()
    )
    return select(c.id, c.version, c.updated_at, c.timezone, c.week, c.years, days.label("days")).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.id == any_(bindparam("calendar_ids", type_=ARRAY(Uuid))),
    )
