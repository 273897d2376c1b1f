"""Once a month, on the workspace's own calendar, its key customers are looked at anew.

Which month was done is remembered with the workspace, and each batch is a transaction of its own, so the work can end
anywhere and go on from there.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date as Day
from sqlalchemy import Insert, Select, Update, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.database import Transaction, statement
from crm.key_customers import ranking
from crm.key_customers.models import key_rounds
from crm.tables import at_home
from crm.workspaces.models import workspaces


def month(now: datetime, zone: str) -> date:
    """The first day of the month it is in the zone."""
    return clock.local_date(now, zone).replace(day=1)


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces whose month has come and is not done. For a transaction over all workspaces."""
    return [
        row["workspace_id"]
        for row in await tx.rows(_rounds())
        if clock.is_zone(row["timezone"]) and row["done_for"] != month(row["now"], row["timezone"])
    ]


async def work(tx: Transaction, *, most: int) -> bool:
    """Make a batch of proposals in this workspace; whether there is more. A colleague at it is left to it."""
    await tx.row(_begin())
    found = await tx.row(_take())
    if found is None:
        return False
    if (await ranking.propose(tx, most=most)).more:
        return True
    await tx.row(_done(), done_for=month(found["now"], tx.actor.timezone))
    return False


@statement
def _rounds() -> Select[Any]:
    mine = key_rounds.c.workspace_id == workspaces.c.workspace_id
    w = workspaces.c
    return select(w.workspace_id, w.timezone, key_rounds.c.done_for, func.now().label("now")).select_from(
        workspaces.outerjoin(key_rounds, mine)
    )


@statement
def _begin() -> Insert:
    return insert(key_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid)).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    wanted = select(func.now().label("now")).select_from(key_rounds)
    return wanted.where(at_home(key_rounds)).with_for_update(skip_locked=True, of=key_rounds)


@statement
def _done() -> Update:
    return (
        update(key_rounds)
        .where(at_home(key_rounds))
        .values(done_for=bindparam("done_for", type_=Day), done_at=func.now())
    )
