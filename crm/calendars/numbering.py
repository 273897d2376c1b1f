"""Days numbered by the working days up to them, kept beside each calendar so that statements can count (``whose.py``).

What is kept follows from the calendar: last year, this one and the two to come.
"""

from datetime import date, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Date, Delete, Insert, Integer, Uuid, bindparam, delete, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.calendars.models import working_days
from crm.calendars.prepared import load
from crm.clock import today
from crm.database import Transaction, statement

YEARS_BACK = 1
YEARS_AHEAD = 2


def kept_years(day: date) -> range:
    """The years that are kept on that day."""
    return range(day.year - YEARS_BACK, day.year + YEARS_AHEAD + 1)


async def number_days(tx: Transaction, calendar_id: UUID) -> None:
    """Number the days of a calendar anew. The transaction has changed the calendar, so no other is at it."""
    for prepared in await load(tx, [calendar_id]):
        time = prepared.time
        years = kept_years(today(time.zone))
        first = date(years[0], 1, 1)
        days = [first + timedelta(days=n) for n in range((date(years[-1] + 1, 1, 1) - first).days)]
        worked = [time.is_working_day(day) for day in days]
        await tx.row(_forget(), calendar_id=calendar_id)
        await tx.row(_number(), calendar_id=calendar_id, days=days, worked=worked, numbers=list(accumulate(worked)))


@statement
def _forget() -> Delete:
    c = working_days.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return delete(working_days).where(at_home, c.calendar_id == bindparam("calendar_id", type_=Uuid))


@statement
def _number() -> Insert:
    row = (
        func.unnest(
            bindparam("days", type_=ARRAY(Date)),
            bindparam("worked", type_=ARRAY(Boolean)),
            bindparam("numbers", type_=ARRAY(Integer)),
        )
        .table_valued(Column("day", Date), Column("is_working", Boolean), Column("number", Integer), name="given")
        .render_derived()
    )
    new: dict[str, Any] = {
        "workspace_id": bindparam("workspace_id", type_=Uuid),
        "calendar_id": bindparam("calendar_id", type_=Uuid),
        **{name: row.c[name] for name in ("day", "is_working", "number")},
    }
    return insert(working_days).from_select(list(new), select(*new.values()))
