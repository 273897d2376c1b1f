"""From a token to the door it opens, and the product as an actor behind that door: in one statement."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Select, Table, Uuid, bindparam, select

from crm.actor import Actor, system
from crm.complaint_doors.models import complaint_forms, complaint_inboxes
from crm.database import Database, statement
from crm.errors import NotFound
from crm.strangers.links import Link, LinkOver, Purpose, read
from crm.workspaces.access import outsider
from crm.workspaces.models import workspaces
from crm.workspaces.settings import effective


@dataclass(frozen=True)
class Opened:
    """A door that is open: its row, the name of its workspace, and the product acting there."""

    id: UUID
    row: Any
    workspace: str
    actor: Actor


async def form(database: Database, token: str) -> Opened:
    """The form with this link. Raises ``NotFound`` for one that never was, ``LinkOver`` while the form is disabled."""
    return await _open(database, complaint_forms, read(Purpose.COMPLAINT_FORM, token))


async def inbox(database: Database, token: str) -> Opened:
    """The inbox with this address. Raises ``NotFound``, ``LinkOver`` while it is disabled."""
    return await _open(database, complaint_inboxes, read(Purpose.COMPLAINT_INBOX, token))


async def _open(database: Database, table: Table, link: Link) -> Opened:
    # Not from a replica, which may not know yet that the door is closed.
    access = database.writing(outsider(link.workspace_id))
    row = await access.row(_door(table), token_hash=link.token_hash)
    if row is None:
        raise NotFound
    if row["state"] != "active":
        raise LinkOver
    actor = system(
        link.workspace_id,
        timezone=row["workspace_timezone"],
        language=row["workspace_language"],
        settings=effective(row["workspace_settings"]),
    )
    return Opened(row["id"], row, row["workspace_name"], actor)


@statement
def _door(table: Table) -> Select[Any]:
    w = workspaces.c
    here = (w.name, w.timezone, w.language, w.settings)
    return (
        select(*table.c, *(column.label(f"workspace_{column.name}") for column in here))
        .join(workspaces, w.workspace_id == table.c.workspace_id)
        .where(
            table.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            table.c.token_hash == bindparam("token_hash", type_=LargeBinary),
        )
    )
