"""Field days of people, counted in statements: working days less leave (``domain.md`` B1).

A year that a calendar does not keep counts Monday to Friday.
"""

from typing import Any

from sqlalchemy import ColumnElement, Date, Uuid, bindparam, case, cast, extract, func, literal_column, select

from crm.calendars.models import working_days
from crm.calendars.whose import days_away, user_calendars


def month_of(day: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The first and the last day of the month of a day."""
    begins = func.date_trunc("month", cast(day, Date))
    return cast(begins, Date), cast(begins + literal_column("interval '1 month - 1 day'"), Date)


def field_days_between(
    first: ColumnElement[Any], last: ColumnElement[Any], user_id: ColumnElement[Any]
) -> ColumnElement[int]:
    """This person's working days from the first to the last day, both included, less those on which they are away."""
    of = user_calendars()
    calendar = select(of.c.calendar_id).where(of.c.user_id == user_id).scalar_subquery()
    return by_calendar(calendar, first, last) - days_away(calendar, user_id, first, last)


def by_calendar(
    calendar_id: ColumnElement[Any], first: ColumnElement[Any], last: ColumnElement[Any]
) -> ColumnElement[int]:
    """How many working days there are by a calendar, from the first to the last day, both included."""
    w = working_days.c
    kept = select(case((func.count() > 0, func.count().filter(w.is_working)))).where(
        w.workspace_id == bindparam("workspace_id", type_=Uuid),
        w.calendar_id == calendar_id,
        w.day.between(first, last),
    )
    each = func.generate_series(first, last, literal_column("interval '1 day'")).column_valued()
    plain = select(func.count()).where(extract("isodow", each) < 6)
    return func.coalesce(kept.correlate_except(working_days).scalar_subquery(), plain.scalar_subquery())
