"""The product acting by its own rules inside a workspace."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, select

from crm.actor import Actor, system
from crm.database import Access, Database, Transaction, statement
from crm.errors import NotFound
from crm.workspaces.models import workspaces
from crm.workspaces.settings import effective


async def acting_in(database: Database, workspace_id: UUID) -> Actor:
    """The system as an actor in this workspace, with its zone, language and settings. Raises ``NotFound``."""
    row = await database.writing(system(workspace_id, timezone="UTC")).row(_ways())
    if row is None:
        raise NotFound
    settings = effective(row["settings"])
    return system(workspace_id, timezone=row["timezone"], language=row["language"], settings=settings)


async def all_workspaces(tx: Transaction) -> list[UUID]:
    """Every workspace there is. For a transaction over all workspaces."""
    return [row[0] for row in await tx.rows(_all())]


async def currency_of(access: Access) -> str:
    """The currency of amounts that name none, in the actor's workspace."""
    currency: str = await access.value(_currency())
    return currency


@statement
def _currency() -> Select[Any]:
    return select(workspaces.c.currency).where(workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid))


@statement
def _all() -> Select[Any]:
    return select(workspaces.c.workspace_id).order_by(workspaces.c.workspace_id)


@statement
def _ways() -> Select[Any]:
    ways = select(workspaces.c.timezone, workspaces.c.language, workspaces.c.settings)
    return ways.where(workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid))
