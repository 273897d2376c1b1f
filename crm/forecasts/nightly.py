"""Every night, on the workspace's own clock: snapshots of the day that ended, how long stages take, and who is told
that a sale has come to a halt.

Which night was done is remembered with the workspace, and each batch is a transaction of its own: the work can end
anywhere and go on from there.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date as Day
from sqlalchemy import Insert, Select, Update, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.database import Transaction, statement
from crm.forecasts import paces, snapshots, stalling
from crm.forecasts.models import sales_rounds
from crm.tables import at_home
from crm.workspaces.models import workspaces


def ended(now: datetime, zone: str) -> date:
    """The last day that is over in the zone."""
    return clock.local_date(now, zone) - timedelta(days=1)


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces where a day has ended that is not kept. For a transaction over all workspaces."""
    return [
        row["workspace_id"]
        for row in await tx.rows(_rounds())
        if clock.is_zone(row["timezone"])
        and (row["done_for"] is None or row["done_for"] < ended(row["now"], row["timezone"]))
    ]


async def work(tx: Transaction, *, most: int) -> bool:
    """Do a batch of what is waiting in this workspace; whether there is more. A colleague at it is left to it."""
    await tx.row(_begin())
    taken = await tx.row(_take())
    if taken is None:
        return False
    day = ended(taken["now"], tx.actor.timezone)
    if await snapshots.take(tx, day, most=most):
        return True
    await paces.measure(tx)
    if await stalling.tell(tx, most=most):
        return True
    await finish(tx, day)
    return False


async def finish(tx: Transaction, day: date) -> None:
    """Remember that this day is kept, and drop what is too old."""
    await tx.row(_begin())
    await tx.row(_done(), done_for=day, oldest=await snapshots.forget(tx, day))


@statement
def _rounds() -> Select[Any]:
    w, r = workspaces.c, sales_rounds.c
    return select(w.workspace_id, w.timezone, r.done_for, func.now().label("now")).select_from(
        workspaces.outerjoin(sales_rounds, r.workspace_id == w.workspace_id)
    )


@statement
def _begin() -> Insert:
    return insert(sales_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid)).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    mine = select(sales_rounds.c.workspace_id, func.now().label("now")).where(at_home(sales_rounds))
    return mine.with_for_update(skip_locked=True, of=sales_rounds)


@statement
def _done() -> Update:
    day, oldest = bindparam("done_for", type_=Day), bindparam("oldest", type_=Day)
    first = func.greatest(func.coalesce(sales_rounds.c.first_day, day), oldest)
    return update(sales_rounds).where(at_home(sales_rounds)).values(done_for=day, first_day=first, done_at=func.now())
