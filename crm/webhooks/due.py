"""Which deliveries are due, over all workspaces, taken in turns so that no workspace and no endpoint holds up others.

Goes from endpoint to endpoint along the index, a bounded way per round, and begins where the round before ended. Of
each it takes no more than may be under way to it; the rest waits here, in Postgres, so a dead endpoint with a long
queue costs one look.
"""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Update,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    update,
)

from crm.actor import NOBODY
from crm.database import Access, Transaction, statement
from crm.webhooks.leases import is_due, is_exhausted, room_at, under_way
from crm.webhooks.models import webhook_deliveries, webhook_endpoints
from crm.webhooks.rules import MOST_AT_ONCE_IN_A_WORKSPACE

HINT = timedelta(seconds=10)
"""For so long nobody else is told of a delivery; when it has run out, whoever was told is taken for lost."""

MOST_ENDPOINTS_IN_A_ROUND = 1_000


class Turn(NamedTuple):
    """The endpoint a round got to."""

    workspace_id: UUID
    endpoint_id: UUID


FIRST = Turn(NOBODY, NOBODY)


class Due(NamedTuple):
    """A delivery that someone should claim."""

    workspace_id: UUID
    delivery_id: UUID


async def is_anything_pending(access: Access) -> bool:
    """Whether any delivery is still to be made, now or later: a glance that needs no transaction around it."""
    return bool(await access.value(_anything_pending()))


async def take_hints(tx: Transaction, after: Turn, most: int) -> tuple[list[Due], Turn]:
    """Deliveries to be attempted now, at most so many, and the place at which the next round is to begin.

    Looks over all workspaces (``Database.scanning``). Being named here is a hint, not a claim: it may get lost.
    """
    rows = await tx.rows(_hint(), after_workspace=after.workspace_id, after_endpoint=after.endpoint_id, most=most)
    due = [Due(row["workspace_id"], row["delivery_id"]) for row in rows if row["delivery_id"]]
    if not rows or (len(rows) < MOST_ENDPOINTS_IN_A_ROUND and len(due) < most):
        return due, FIRST
    last = rows[-1] if len(due) < most else [row for row in rows if row["delivery_id"]][-1]
    return due, Turn(last["workspace_id"], last["endpoint_id"])


async def bury(tx: Transaction) -> None:
    """Declare dead what has lost a worker at its last attempt; over all workspaces."""
    await tx.rows(_bury())


def _endpoints_with_due() -> CTE:
    """Endpoints with anything due, in order, found by jumping along the index from each to the next."""

    def following(workspace_id: ColumnElement[Any], endpoint_id: ColumnElement[Any]) -> Select[Any]:
        row = webhook_deliveries.alias("next_row").c
        due = and_(row.state == "pending", row.next_attempt_at <= func.now())
        later = tuple_(row.workspace_id, row.endpoint_id) > tuple_(workspace_id, endpoint_id)
        return select(row.workspace_id, row.endpoint_id).where(later, due).order_by(*_key(row)).limit(1)

    first = following(bindparam("after_workspace", type_=Uuid), bindparam("after_endpoint", type_=Uuid))
    found = select(*first.subquery("first_row").c).cte("found", recursive=True)
    further = following(found.c.workspace_id, found.c.endpoint_id).correlate(found).lateral("further")
    return found.union_all(select(*further.c).select_from(found.join(further, true())))


def _key(columns: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return columns.workspace_id, columns.endpoint_id


@statement
def _anything_pending() -> Select[Any]:
    row = webhook_deliveries.alias("first_row").c
    first = select(row.workspace_id).where(row.state == "pending").order_by(*_key(row), row.next_attempt_at).limit(1)
    return select(first.scalar_subquery().is_not(None))


@statement
def _hint() -> Select[Any]:
    found = _endpoints_with_due()
    visited = select(*found.c).limit(MOST_ENDPOINTS_IN_A_ROUND).cte("visited").prefix_with("MATERIALIZED")
    taken = _taken(visited)
    d = webhook_deliveries.c
    hinted = (
        update(webhook_deliveries)
        .where(d.workspace_id == taken.c.workspace_id, d.id == taken.c.id, _is_unhinted(webhook_deliveries))
        .values(hinted_until=func.now() + literal(HINT))
        .returning(d.workspace_id, d.endpoint_id, d.id)
        .cte("hinted")
    )
    same = and_(hinted.c.workspace_id == visited.c.workspace_id, hinted.c.endpoint_id == visited.c.endpoint_id)
    return (
        select(*visited.c, hinted.c.id.label("delivery_id"))
        .select_from(visited.outerjoin(hinted, same))
        .order_by(*_key(visited.c))
    )


def _taken(visited: CTE) -> CTE:
    """The head of each endpoint's queue, as much as may be under way; what is hinted already takes its place there."""
    e, waiting = webhook_endpoints, webhook_deliveries.alias("waiting")
    here = and_(e.c.workspace_id == visited.c.workspace_id, e.c.id == visited.c.endpoint_id, e.c.state == "active")
    open_ = (
        select(*_key(visited.c), func.greatest(room_at(e), 0).label("room"))
        .select_from(visited.join(e, here))
        .subquery("open")
    )
    head = (
        select(waiting.c.id, waiting.c.next_attempt_at, waiting.c.hinted_until)
        .where(
            waiting.c.workspace_id == open_.c.workspace_id,
            waiting.c.endpoint_id == open_.c.endpoint_id,
            is_due(waiting),
        )
        .order_by(waiting.c.next_attempt_at)
        .limit(open_.c.room)
        .correlate(open_)
        .lateral("head")
    )
    place = func.row_number().over(partition_by=open_.c.workspace_id, order_by=head.c.next_attempt_at)
    heads = (
        select(*_key(open_.c), head.c.id, head.c.hinted_until, place.label("place"))
        .select_from(open_.join(head, true()))
        .subquery("heads")
    )
    room = MOST_AT_ONCE_IN_A_WORKSPACE - under_way(heads.c.workspace_id)
    return (
        select(heads.c.workspace_id, heads.c.id)
        .where(_is_unhinted(heads), heads.c.place <= room)
        .order_by(*_key(heads.c))
        .limit(bindparam("most", type_=Integer))
        .cte("taken")
    )


def _is_unhinted(source: FromClause) -> ColumnElement[bool]:
    return or_(source.c.hinted_until.is_(None), source.c.hinted_until < func.now())


@statement
def _bury() -> Update:
    d = webhook_deliveries.c
    abandoned = and_(d.lease_id.is_not(None), d.leased_until < func.now(), d.state == "pending")
    values = {
        "state": "dead",
        "lease_id": null(),
        "leased_until": null(),
        "last_error": "WorkerLost",
        "settled_at": func.now(),
        "version": d.version + 1,
        "updated_at": func.now(),
    }
    return update(webhook_deliveries).where(abandoned, is_exhausted(webhook_deliveries)).values(values)
