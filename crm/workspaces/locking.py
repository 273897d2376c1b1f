"""Changes that must see each other: what a rule counts must not change under it."""

from typing import Any

from sqlalchemy import Select, Uuid, bindparam, select

from crm.database import Transaction, statement
from crm.workspaces.models import workspaces


async def one_at_a_time(tx: Transaction) -> dict[str, Any]:
    """Wait for others who do the same in this workspace, until the transaction ends; gives the workspace's settings.

    The statements that follow see whatever those others did.
    """
    settings: dict[str, Any] = await tx.value(_lock())
    return settings


@statement
def _lock() -> Select[Any]:
    at_home = workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(workspaces.c.settings).where(at_home).with_for_update(key_share=True)
