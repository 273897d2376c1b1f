"""Whose calendar it is, and counting working days by it, as parts of statements: for sets of people, without a loop.

of = user_calendars()
select(task.c.id, working_days_before(of.c.calendar_id, task.c.due_on, 3)).join(of, of.c.user_id == task.c.owner_id)
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Uuid,
    bindparam,
    cast,
    exists,
    extract,
    func,
    literal,
    literal_column,
    select,
    true,
)

from crm.absences.models import absences
from crm.calendars.models import working_days
from crm.workspaces.models import teams, users, workspaces


def team_calendars() -> CTE:
    """Every team of the actor's workspace as ``id``, with the ``calendar_id`` it goes by, from the top down.

    Its own, else that of the next team above that has one, else the workspace's.
    """
    home, t = bindparam("workspace_id", type_=Uuid), teams.c
    highest = select(t.id, func.coalesce(t.calendar_id, _default()).label("calendar_id")).where(
        t.workspace_id == home, t.parent_id.is_(None)
    )
    of_team = highest.cte("team_calendars", recursive=True)
    below = teams.alias("below")
    return of_team.union_all(
        select(below.c.id, func.coalesce(below.c.calendar_id, of_team.c.calendar_id)).where(
            below.c.workspace_id == home, below.c.parent_id == of_team.c.id
        )
    )


def user_calendars() -> CTE:
    """Every person of the actor's workspace as ``user_id``, with the ``calendar_id`` they go by.

    Their own, else their team's or that of the next team above that has one, else the workspace's; null only in a
    workspace without any.
    """
    u, of_team = users.c, team_calendars()
    chosen = func.coalesce(u.calendar_id, of_team.c.calendar_id, _default()).label("calendar_id")
    return (
        select(u.id.label("user_id"), chosen)
        .select_from(users.outerjoin(of_team, of_team.c.id == u.team_id))
        .where(u.workspace_id == bindparam("workspace_id", type_=Uuid))
        .cte("user_calendars")
    )


def calendar_for(user_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """The calendar that this person goes by; the workspace's for null and for whoever is not there."""
    of = user_calendars()
    return func.coalesce(select(of.c.calendar_id).where(of.c.user_id == user_id).scalar_subquery(), _default())


def _default() -> ColumnElement[Any]:
    w = workspaces.c
    return select(w.calendar_id).where(w.workspace_id == bindparam("workspace_id", type_=Uuid)).scalar_subquery()


def is_working_day(calendar_id: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[bool]:
    """Whether it is a working day; null for a year that is not kept (or no calendar)."""
    there = working_days.alias()
    found = select(there.c.is_working).where(_at(there, calendar_id), there.c.day == day)
    return found.correlate_except(there).scalar_subquery()


def working_days_before(
    calendar_id: ColumnElement[Any], day: ColumnElement[date], n: ColumnElement[int] | int
) -> ColumnElement[date]:
    """``WorkingTime.working_days_before`` as SQL: two index lookups; null beyond the years that are kept."""
    count = _whole(n)
    return _numbered(
        calendar_id,
        day,
        lambda at: func.least(at.c.number, at.c.number - cast(at.c.is_working, Integer) - count + 1),
    )


def working_days_after(
    calendar_id: ColumnElement[Any], day: ColumnElement[date], n: ColumnElement[int] | int
) -> ColumnElement[date]:
    """``WorkingTime.working_days_after`` as SQL: two index lookups; null beyond the years that are kept."""
    count = _whole(n)
    return _numbered(
        calendar_id,
        day,
        lambda at: func.greatest(at.c.number + count, at.c.number - cast(at.c.is_working, Integer) + 1),
    )


def is_away(user_id: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[bool]:
    """Whether the person is absent on that day."""
    there = absences.alias()
    covers = there.c.first_day <= day, there.c.last_day >= day
    return exists().where(*_of_person(there, user_id), *covers).correlate_except(there)


def will_be_away(user_id: ColumnElement[Any], today: ColumnElement[date]) -> ColumnElement[bool]:
    """Whether an absence of the person is not over."""
    there = absences.alias()
    return exists().where(*_of_person(there, user_id), there.c.last_day >= today).correlate_except(there)


def next_day_at_work(
    calendar_id: ColumnElement[Any], user_id: ColumnElement[Any], day: ColumnElement[date]
) -> ColumnElement[date]:
    """The first working day after this one on which the person is there; null beyond the years that are kept."""
    there = working_days.alias()
    found = select(there.c.day).where(_at(there, calendar_id), there.c.day > day, there.c.is_working)
    first = found.where(~is_away(user_id, there.c.day)).order_by(there.c.day).limit(1)
    return first.correlate_except(there).scalar_subquery()


def days_away(
    calendar_id: ColumnElement[Any],
    user_id: ColumnElement[Any],
    first: ColumnElement[date],
    last: ColumnElement[date],
) -> ColumnElement[int]:
    """Working days from the first to the last day, both included, on which the person is absent.

    A year that the calendar does not keep counts Monday to Friday.
    """
    there = absences.alias()
    begins, ends = func.greatest(first, there.c.first_day), func.least(last, there.c.last_day)
    series = func.generate_series(begins, ends, literal_column("interval '1 day'"))
    each = series.table_valued("day", name="each_day").render_derived().lateral()
    day = cast(each.c.day, Date)
    missed = func.coalesce(is_working_day(calendar_id, day), extract("isodow", day) < 6)
    found = select(func.count()).select_from(there.join(each, true())).where(*_of_person(there, user_id), missed)
    return found.correlate_except(there, each).scalar_subquery()


def _of_person(there: FromClause, user_id: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    at_home = there.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home, there.c.user_id == user_id, there.c.cancelled_at.is_(None)


def _numbered(
    calendar_id: ColumnElement[Any],
    day: ColumnElement[date],
    number: Callable[[FromClause], ColumnElement[int]],
) -> ColumnElement[date]:
    at, found = working_days.alias(), working_days.alias()
    # A subquery and no join: Postgres would take the number for a filter over a calendar's days while it has no
    # statistics of them yet.
    wanted = select(number(at)).where(_at(at, calendar_id), at.c.day == day).correlate_except(at).scalar_subquery()
    there = select(found.c.day).where(_at(found, calendar_id), found.c.is_working, found.c.number == wanted)
    return there.correlate_except(found).scalar_subquery()


def _at(source: FromClause, calendar_id: ColumnElement[Any]) -> ColumnElement[bool]:
    at_home: ColumnElement[bool] = source.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    by_it: ColumnElement[bool] = source.c.calendar_id == calendar_id
    return at_home & by_it


def _whole(n: ColumnElement[int] | int) -> ColumnElement[Any]:
    return literal(n, Integer) if isinstance(n, int) else cast(n, Integer)
