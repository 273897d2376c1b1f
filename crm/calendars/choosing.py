"""Choosing a calendar for the workspace, a team or a person."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Uuid, bindparam, select

from crm.calendars.models import calendars
from crm.database import Access, statement
from crm.errors import invalid


async def check_choice(access: Access, values: Mapping[str, Any]) -> None:
    """Raises 422 where ``calendar_id`` among these values is none that one can go by."""
    chosen = values.get("calendar_id")
    if chosen is not None and await access.value(_usable(), calendar_id=chosen) is None:
        raise invalid("calendar_id", "There is no such calendar, or it is archived.", "not_found")


@statement
def _usable() -> Select[Any]:
    c = calendars.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.id).where(at_home, c.id == bindparam("calendar_id", type_=Uuid), c.archived_at.is_(None))
