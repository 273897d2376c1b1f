"""Reminders by the clock on the wall move when the zone does: what is still to come is resolved anew, in sets.

The facts are ``reminder.updated``, so that a phone that shows the moment learns of it.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Text, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.database import Transaction, statement
from crm.recording import recorded
from crm.reminders import events
from crm.reminders.local_time import parsed, resolve
from crm.reminders.models import reminders
from crm.reminders.queries import REMINDER
from crm.tables import Moment
from crm.workspaces.models import users, workspaces

AT_ONCE = 2000
"""So many different wall-clock times in one statement."""


async def follow_zones(tx: Transaction, user_id: UUID | None) -> int:
    """Resolve what is still to come in the zone that holds now, of one person or of all; how many were moved.

    Repeating it changes nothing.
    """
    moved = 0
    left = await tx.rows(_to_move(), user_id=user_id)
    for start in range(0, len(left), AT_ONCE):
        batch = [(row["local_time"], row["zone"]) for row in left[start : start + AT_ONCE]]
        moments = [resolve(parsed(local), zone) for local, zone in batch]
        locals_, zones = zip(*batch, strict=True)
        given = {"locals": locals_, "zones": zones, "moments": moments, "user_id": user_id}
        moved += len(await tx.rows(_move(), event_type=events.UPDATED, **given))
    return moved


def _zone_now() -> Any:
    return func.coalesce(users.c.timezone, workspaces.c.timezone)


def _follows() -> Any:
    """Reminders still to come that go with the zone of whom they are for, and are not in it."""
    home = bindparam("workspace_id", type_=Uuid)
    user_id = bindparam("user_id", type_=Uuid)
    return and_(
        reminders.c.workspace_id == home,
        reminders.c.state == "scheduled",
        reminders.c.follows_timezone,
        or_(user_id.is_(None), reminders.c.user_id == user_id),
        users.c.workspace_id == home,
        users.c.id == reminders.c.user_id,
        workspaces.c.workspace_id == home,
        reminders.c.timezone != _zone_now(),
    )


@statement
def _to_move() -> Select[Any]:
    return select(reminders.c.local_time, _zone_now().label("zone")).where(_follows()).distinct()


@statement
def _move() -> Insert:
    locals_, zones = (bindparam(name, type_=ARRAY(Text)) for name in ("locals", "zones"))
    resolved = func.unnest(locals_, zones, bindparam("moments", type_=ARRAY(Moment)))
    r = resolved.table_valued("local_time", "zone", "moment", name="resolved").render_derived().c
    moving = (
        reminders.update()
        .where(_follows(), r.local_time == reminders.c.local_time, r.zone == _zone_now())
        .values(fire_at=r.moment, timezone=r.zone, moved_because="timezone_changed")
    )
    return recorded(REMINDER, moving)
