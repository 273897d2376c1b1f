"""What keeps the log of facts and its surroundings in order."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Delete, Insert, Integer, Select, Text, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningDelete

from crm.database import Access, Transaction, statement
from crm.events.models import reactions, worker_heartbeats

KEPT_SETTLED = timedelta(days=30)
KEPT_HEARTBEATS = timedelta(days=1)
MONTHS_AHEAD = 3


async def beat(access: Access, name: str) -> None:
    """A worker of this name is alive."""
    await access.row(_beat(), name=name)


async def ensure_partitions(tx: Transaction) -> None:
    """The months to come have a place in the log of facts."""
    await tx.row(_ensure())


async def forget_settled(tx: Transaction, *, most: int) -> int:
    """Forget reactions done a month ago, and workers long silent; how many reactions. Dead ones are kept to be seen."""
    await tx.row(_forget_workers())
    return len(await tx.rows(_forget_reactions(), most=most))


@statement
def _beat() -> Insert:
    new = insert(worker_heartbeats).values(
        workspace_id=bindparam("workspace_id", type_=Uuid), name=bindparam("name", type_=Text)
    )
    return new.on_conflict_do_update(index_elements=["workspace_id", "name"], set_={"beat_at": func.now()})


@statement
def _ensure() -> Select[Any]:
    return select(func.ensure_event_partitions(MONTHS_AHEAD))


@statement
def _forget_reactions() -> ReturningDelete[Any]:
    r = reactions.c
    old = select(r.workspace_id, r.event_id, r.name).where(r.settled_at < func.now() - KEPT_SETTLED, r.state == "done")
    chosen = old.limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True).cte("chosen")
    same = (r.workspace_id == chosen.c.workspace_id, r.event_id == chosen.c.event_id, r.name == chosen.c.name)
    return delete(reactions).where(*same).returning(r.workspace_id)


@statement
def _forget_workers() -> Delete:
    return delete(worker_heartbeats).where(worker_heartbeats.c.beat_at < func.now() - KEPT_HEARTBEATS)
