"""Reminders by the clock on the wall keep their promise when the rules of a zone change.

A moment is resolved when it is planned, by the zone data of that day; governments change their clocks with weeks'
notice. So now and then each moment still to come is held against its wall-clock time once more, whatever version of the
data it was resolved by: what differs is moved, and told as ``reminder.updated``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Integer, Select, Text, Uuid, bindparam, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from crm.clock import is_zone
from crm.database import Transaction, statement
from crm.recording import recorded
from crm.reminders import events
from crm.reminders.local_time import parsed, resolve
from crm.reminders.models import reminders
from crm.reminders.queries import REMINDER
from crm.tables import Moment

_r = reminders.c


class Place(NamedTuple):
    """A wall-clock time in a zone: how far the look over a workspace has come."""

    timezone: str = ""
    local_time: str = ""


async def workspaces_on_the_wall(tx: Transaction) -> Sequence[UUID]:
    """Where reminders by the clock on the wall are still to come. For a transaction over all workspaces."""
    return [row[0] for row in await tx.rows(_homes())]


async def recheck(tx: Transaction, after: Place, *, most: int) -> tuple[Place | None, int]:
    """Hold the next wall-clock times of this workspace against what they mean by now: how far, and how many moved.

    No place when it was the last. A zone that is no more keeps the moments it had. Repeating it changes nothing.
    """
    rows = await tx.rows(_next(most), after_zone=after.timezone, after_local=after.local_time)
    wrong: list[tuple[str, str, datetime]] = []
    for row in rows:
        if is_zone(row["timezone"]):
            moment = resolve(parsed(row["local_time"]), row["timezone"])
            if not row["earliest"] == row["latest"] == moment:
                wrong.append((row["timezone"], row["local_time"], moment))
    moved = 0
    if wrong:
        zones, locals_, moments = zip(*wrong, strict=True)
        given = {"zones": zones, "locals": locals_, "moments": moments}
        moved = len(await tx.rows(_move(), event_type=events.UPDATED, **given))
    last = Place(rows[-1]["timezone"], rows[-1]["local_time"]) if len(rows) == most else None
    return last, moved


def _on_the_wall() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _r.state == "scheduled", _r.local_time.is_not(None)


def _home() -> ColumnElement[bool]:
    at_home: ColumnElement[bool] = _r.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home


@statement
def _homes() -> Select[Any]:
    return select(_r.workspace_id).where(*_on_the_wall()).distinct()


@statement
def _next(most: int) -> Select[Any]:
    place = tuple_(_r.timezone, _r.local_time)
    after = tuple_(bindparam("after_zone", type_=Text), bindparam("after_local", type_=Text))
    return (
        select(_r.timezone, _r.local_time, func.min(_r.fire_at).label("earliest"), func.max(_r.fire_at).label("latest"))
        .where(_home(), *_on_the_wall(), place > after)
        .group_by(_r.timezone, _r.local_time)
        .order_by(_r.timezone, _r.local_time)
        .limit(literal(most, Integer))
    )


@statement
def _move() -> Insert:
    zones, locals_ = (bindparam(name, type_=ARRAY(Text)) for name in ("zones", "locals"))
    resolved = func.unnest(zones, locals_, bindparam("moments", type_=ARRAY(Moment)))
    right = resolved.table_valued("timezone", "local_time", "moment", name="right_moment").render_derived().c
    moving = (
        reminders.update()
        .where(_home(), *_on_the_wall(), _r.timezone == right.timezone, _r.local_time == right.local_time)
        .where(_r.fire_at != right.moment)
        .values(fire_at=right.moment, moved_because="timezone_changed")
    )
    return recorded(REMINDER, moving)
