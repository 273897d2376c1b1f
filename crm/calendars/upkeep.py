"""Keeping calendars filled: each day the worker takes in what the packages have learnt, and the year that is new."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, cast, extract, func, select

from crm.calendars import days, holidays
from crm.calendars.models import calendars, working_days
from crm.calendars.numbering import kept_years, number_days
from crm.clock import today
from crm.database import Transaction, statement

WARN_FROM_MONTH = 12
"""The notice of the next year is out by November; in December a provisional year is somebody's task (C5)."""


class Kept(NamedTuple):
    """What was done, and which calendars still have no final next year."""

    filled: list[UUID]
    unsure: list[UUID]


async def keep(tx: Transaction) -> Kept:
    """Fill the calendars of this workspace up to the years that are kept. Doing it again changes nothing."""
    done = Kept([], [])
    for row in await tx.rows(_calendars()):
        now = today(row["timezone"])
        years, country = row["years"], row["country"]
        missing = {
            year: holidays.filled(country, row["subdivision"], year, tx.actor.language)
            for year in (kept_years(now) if country else ())
            if holidays.is_surer(country, year, years.get(str(year)))
        }
        if missing:
            await days.take_in(tx, row["id"], missing)
            done.filled.append(row["id"])
        elif row["last_year"] != kept_years(now)[-1]:
            await number_days(tx, row["id"])
            done.filled.append(row["id"])
        states = years | {str(year): found.state for year, found in missing.items()}
        if country and now.month >= WARN_FROM_MONTH and states.get(str(now.year + 1)) != "announced":
            done.unsure.append(row["id"])
    return done


@statement
def _calendars() -> Select[Any]:
    """The calendars in use, each with the last year that is numbered. Locked: one worker at a time."""
    c, w = calendars.c, working_days.c
    home = bindparam("workspace_id", type_=Uuid)
    last = (
        select(cast(extract("year", func.max(w.day)), Integer))
        .where(w.workspace_id == home, w.calendar_id == c.id)
        .correlate(calendars)
        .scalar_subquery()
    )
    return (
        select(c.id, c.timezone, c.country, c.subdivision, c.years, last.label("last_year"))
        .where(c.workspace_id == home, c.archived_at.is_(None))
        .order_by(c.id)
        .with_for_update(of=calendars, skip_locked=True)
    )
