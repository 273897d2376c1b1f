"""The life of a delivery in the worker: claimed on a lease, sent outside any transaction, settled behind the lease.

A claim counts the attempt and gives a lease id. Whoever dies with a lease loses it when it runs out, and whoever comes
back late finds another lease id and settles nothing (``settling``). Claims of one workspace wait for each other, so
that the limits on what is under way at once hold exactly; they take no longer than two statements.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Interval,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import array

from crm.database import Transaction, statement
from crm.facts import events
from crm.webhooks.models import webhook_deliveries, webhook_endpoints
from crm.webhooks.queries import body
from crm.webhooks.rules import MOST_AT_ONCE, MOST_AT_ONCE_IN_A_WORKSPACE, MOST_ATTEMPTS, OPEN_AFTER

LEASE = timedelta(seconds=20)
"""Longer than a call can take (``services.worker.outbound``: 15 s) and settling after it."""

STANDS_STILL = "5s"
"""So long a claim may keep its turn from the others of its workspace when its worker stands still."""


class Lease(NamedTuple):
    """The right to attempt one delivery once, and everything the attempt needs."""

    lease_id: UUID
    delivery_id: UUID
    endpoint_id: UUID
    event_id: UUID
    attempt: int
    """Which attempt of the present schedule this is, counted from 1."""
    url: str
    sealed_secrets: Sequence[bytes]
    body: str | None
    """None when the event is not kept any more."""


async def claim(tx: Transaction, delivery_id: UUID) -> Lease | None:
    """Lease this delivery; None when it is not due, somebody's already, or too much is under way at once."""
    return await _claimed(tx, just_this=True, id=delivery_id)


async def claim_next(tx: Transaction, endpoint_id: UUID) -> Lease | None:
    """Lease whatever of this endpoint has been due longest; None when there is nothing, or for the reasons above."""
    return await _claimed(tx, just_this=False, endpoint_id=endpoint_id)


def is_due(delivery: FromClause) -> ColumnElement[bool]:
    """Whether a delivery is to be attempted now and nobody is at it."""
    d = delivery.c
    free = or_(d.lease_id.is_(None), d.leased_until < func.now())
    return and_(d.state == "pending", d.next_attempt_at <= func.now(), free, ~is_exhausted(delivery))


def is_exhausted(delivery: FromClause) -> ColumnElement[bool]:
    """Whether it has had all its attempts: one whose workers died ends like any other."""
    exhausted: ColumnElement[bool] = delivery.c.attempts - delivery.c.earlier_attempts >= MOST_ATTEMPTS
    return exhausted


def under_way(workspace_id: ColumnElement[Any], endpoint_id: ColumnElement[Any] | None = None) -> ColumnElement[int]:
    """How many deliveries are being attempted, of a workspace or of one endpoint."""
    other = webhook_deliveries.alias("other").c
    at_it = and_(other.lease_id.is_not(None), other.leased_until >= func.now(), other.workspace_id == workspace_id)
    if endpoint_id is not None:
        at_it = and_(at_it, other.endpoint_id == endpoint_id)
    return select(func.count()).where(at_it).scalar_subquery()


def room_at(endpoint: FromClause) -> ColumnElement[int]:
    """How many more may be under way to an endpoint: two in all, one while it only fails."""
    e = endpoint.c
    return case((e.failures >= OPEN_AFTER, 1), else_=MOST_AT_ONCE) - under_way(e.workspace_id, e.id)


async def _claimed(tx: Transaction, *, just_this: bool, **which: UUID) -> Lease | None:
    await tx.row(_in_turn())
    row = await tx.row(_claim(just_this), lease=LEASE, **which)
    return None if row is None else Lease(*row)


@statement
def _in_turn() -> Select[Any]:
    name = literal("webhook claims of ", Text).concat(cast(bindparam("workspace_id", type_=Uuid), Text))
    lets_go = func.set_config("idle_in_transaction_session_timeout", literal(STANDS_STILL, Text), true())
    return select(lets_go, func.pg_advisory_xact_lock(cast(func.hashtextextended(name, 0), BigInteger)))


@statement
def _claim(just_this: bool) -> Select[Any]:
    d, e, home = webhook_deliveries.c, webhook_endpoints.c, bindparam("workspace_id", type_=Uuid)
    previous = case((e.previous_secret_until > func.now(), e.previous_secret))
    chosen: ColumnElement[Any] = bindparam("id", type_=Uuid)
    if not just_this:
        due = webhook_deliveries.alias("due")
        oldest = select(due.c.id).where(due.c.workspace_id == home, due.c.endpoint_id == bindparam("endpoint_id"))
        chosen = oldest.where(is_due(due)).order_by(due.c.next_attempt_at).limit(1).scalar_subquery()
    claimed = (
        update(webhook_deliveries)
        .where(
            d.workspace_id == home,
            d.id == chosen,
            is_due(webhook_deliveries),
            e.workspace_id == d.workspace_id,
            e.id == d.endpoint_id,
            e.state == "active",
            room_at(webhook_endpoints) > 0,
            under_way(home) < MOST_AT_ONCE_IN_A_WORKSPACE,
        )
        .values(
            lease_id=func.gen_random_uuid(),
            leased_until=func.clock_timestamp() + bindparam("lease", type_=Interval),
            attempts=d.attempts + 1,
            version=d.version + 1,
            updated_at=func.now(),
        )
        .returning(
            d.lease_id,
            d.id.label("delivery_id"),
            d.endpoint_id,
            d.event_id,
            (d.attempts - d.earlier_attempts).label("attempt"),
            e.url,
            func.array_remove(array([e.secret, previous]), null()).label("sealed_secrets"),
            e.personal_data,
        )
        .cte("claimed")
    )
    fact = select(events).where(events.c.workspace_id == home, events.c.id == claimed.c.event_id).correlate(claimed)
    told = body(fact.lateral("fact"), claimed.c.personal_data).lateral("told")
    json = case((told.c.id.is_not(None), func.row_to_json(told.table_valued())))
    lease = [column for column in claimed.c if column.key != "personal_data"]
    return select(*lease, cast(json, Text).label("body")).select_from(claimed.outerjoin(told, true()))
