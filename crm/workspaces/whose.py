"""Whose name an operator's command acts in: people by e-mail over all workspaces, or a workspace's first admin."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, column, func, select

from crm.actor import NOBODY, Role
from crm.database import Access, Database, statement
from crm.workspaces.access import outsider
from crm.workspaces.models import users
from crm.workspaces.rules import email_key


class Whose(NamedTuple):
    """A person in a workspace."""

    workspace_id: UUID
    user_id: UUID


async def whose(database: Database, email: str) -> list[Whose]:
    """The active people with this e-mail address who can sign in, one per workspace; at most five."""
    rows = await database.writing(outsider(NOBODY)).rows(_people(), email_key=email_key(email))
    return [Whose(*row) for row in rows]


async def first_admin(access: Access) -> UUID | None:
    """The active administrator who has been there longest."""
    found: UUID | None = await access.value(_first_admin())
    return found


@statement
def _people() -> Select[Any]:
    function = func.sign_in_candidates(bindparam("email_key", type_=Text))
    found = function.table_valued("workspace_id", "user_id", "password_hash", "workspace_name", name="candidate")
    names: list[ColumnElement[Any]] = [column("workspace_id"), column("user_id")]
    return select(*names).select_from(found)


@statement
def _first_admin() -> Select[Any]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    admins = select(users.c.id).where(at_home, users.c.role == Role.ADMIN.value, users.c.state == "active")
    return admins.order_by(users.c.created_at, users.c.id).limit(1)
