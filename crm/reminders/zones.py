"""By whose clocks: what is given as wall-clock time without a zone is meant where the person lives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, bindparam, func, select

from crm.database import Access, statement
from crm.errors import invalid
from crm.reminders.local_time import resolve, written
from crm.workspaces.models import users

A_MOMENT = {"local_time": None, "timezone": None, "follows_timezone": False}
"""The columns beside a moment that is no wall-clock time."""


async def zone_of(access: Access, user_id: UUID, field: str = "user_id") -> str:
    """The zone that this person lives by: their own, or the workspace's. Raises 422 for one who is not there."""
    zone: str | None = await access.value(_zone(), new_user_id=user_id)
    if zone is None:
        raise invalid(field, "There is no such active user.", "not_found")
    return zone


def placed(local: datetime, zone: str, *, follows: bool) -> dict[str, Any]:
    """The columns that keep a wall-clock time: the moment, what the clock shows then, where, and whether it follows."""
    return {
        "fire_at": resolve(local, zone),
        "local_time": written(local),
        "timezone": zone,
        "follows_timezone": follows,
    }


def active_user() -> ColumnElement[bool]:
    """The person named ``new_user_id``, where they are there."""
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return and_(at_home, users.c.id == bindparam("new_user_id", type_=Uuid), users.c.state == "active")


@statement
def _zone() -> Select[Any]:
    return select(func.coalesce(users.c.timezone, bindparam("timezone", type_=Text))).where(active_user())
