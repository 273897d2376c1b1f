"""Colleagues in statements that name them, and the question afterwards where nothing came of one."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, exists, select

from crm.database import Access, statement
from crm.errors import invalid
from crm.tables import at_home
from crm.workspaces.models import users


def is_active(user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """This user is there and active."""
    return exists().where(at_home(users), users.c.id == user_id, users.c.state == "active")


def team_of(user_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """The team of this user."""
    return select(users.c.team_id).where(at_home(users), users.c.id == user_id).scalar_subquery()


async def must_be_active(access: Access, field: str, user_id: UUID) -> None:
    """Raise 422 at the field unless the user is there and active."""
    if not await somebody_is_active(access, user_id):
        raise invalid(field, "There is no such active user.", "not_found")


async def somebody_is_active(access: Access, user_id: UUID) -> bool:
    """Whether the user is there and active."""
    return bool(await access.value(_is_active(), user_id=user_id))


@statement
def _is_active() -> Select[Any]:
    return select(is_active(bindparam("user_id", type_=Uuid)))
