"""Sending once more: a test, one delivery, or all that did not arrive."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from crm.database import Access, Transaction, statement
from crm.errors import invalid
from crm.facts import events as facts
from crm.nouns import Answer, as_answer, as_json
from crm.recording import explain
from crm.tables import Moment
from crm.webhooks import events
from crm.webhooks.actions import is_active, is_disabled
from crm.webhooks.errors import EndpointDisabled
from crm.webhooks.models import webhook_deliveries, webhook_endpoints
from crm.webhooks.owing import owe_missed
from crm.webhooks.queries import DELIVERY, ENDPOINT
from crm.webhooks.rules import RECOVERABLE
from crm.webhooks.schemas import WebhookRecovered

MOST_RECOVERED = 10_000


async def test(access: Access, endpoint_id: UUID) -> Answer:
    """Send the endpoint, and it alone, an event ``webhook.test``; gives the delivery. Raises ``EndpointDisabled``."""
    row = await access.row(_test(), id=endpoint_id, event_type=events.TEST)
    if row is None:
        await explain(access, ENDPOINT, endpoint_id)
        raise EndpointDisabled
    return Answer(*row)


async def retry(access: Access, delivery_id: UUID) -> Answer:
    """Deliver it once more, with a whole schedule before it; what is being sent this moment is left to itself.

    Raises ``NotFound``, ``Stale``, ``EndpointDisabled``.
    """
    row = await access.row(_retry(), id=delivery_id)
    if row is not None:
        return Answer(*row)
    answer = await explain(access, DELIVERY, delivery_id)
    endpoint_id = await access.value(_endpoint_of(), id=delivery_id)
    if await is_disabled(access, endpoint_id):
        raise EndpointDisabled
    return answer


async def recover(tx: Transaction, endpoint_id: UUID, since: datetime) -> WebhookRecovered:
    """Put on its way again what has failed since then, and what the endpoint wants by now and was never owed.

    Gives how many of each, and whether that was all. Raises ``NotFound``, ``EndpointDisabled``, and 422 for more than
    14 days.
    """
    if since < datetime.now(UTC) - RECOVERABLE:
        raise invalid("since", f"At most {RECOVERABLE.days} days back.", "too_long_ago")
    await explain(tx, ENDPOINT, endpoint_id)
    if await is_disabled(tx, endpoint_id):
        raise EndpointDisabled
    again: int = await tx.value(_requeue(MOST_RECOVERED), endpoint_id=endpoint_id, since=since)
    missed = await owe_missed(tx, endpoint_id, first_id_of(since), MOST_RECOVERED)
    return WebhookRecovered(requeued=again, missed=missed, complete=max(again, missed) < MOST_RECOVERED)


def first_id_of(moment: datetime) -> UUID:
    """The lowest UUIDv7 that can have been made at this moment."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def _requeued() -> dict[str, Any]:
    """The values that put a delivery at the beginning of its schedule, whatever has become of it."""
    d = webhook_deliveries.c
    return {
        "state": "pending",
        "next_attempt_at": func.now(),
        "hinted_until": null(),
        "lease_id": null(),
        "leased_until": null(),
        "settled_at": null(),
        "earlier_attempts": d.attempts,
        "version": d.version + 1,
        "updated_at": func.now(),
    }


@statement
def _test() -> Select[Any]:
    """The fact of a test and its one delivery. It is published already: nobody else is owed it."""
    e = webhook_endpoints.c
    at_home = e.workspace_id == bindparam("workspace_id", type_=Uuid)
    active = at_home & (e.id == bindparam("id", type_=Uuid)) & (e.state == "active")
    endpoint = select(webhook_endpoints).where(active).cte("endpoint")
    columns: dict[str, ColumnElement[Any]] = {
        "workspace_id": endpoint.c.workspace_id,
        "type": bindparam("event_type", type_=Text),
        "subject_type": literal(ENDPOINT.name, Text),
        "subject_id": endpoint.c.id,
        "sequence": endpoint.c.version,
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        "published_at": func.now(),
    }
    source = as_json(ENDPOINT, endpoint, **{f"fact_{name}": value for name, value in columns.items()})
    fact = insert(facts).from_select([*columns, "payload"], source)
    told = fact.returning(facts.c.workspace_id, facts.c.subject_id, facts.c.id, facts.c.type).cte("fact")
    delivery = insert(webhook_deliveries).from_select(["workspace_id", "endpoint_id", "event_id", "event_type"], told)
    return as_answer(DELIVERY, delivery.returning(*webhook_deliveries.c).cte("changed"))


@statement
def _retry() -> Select[Any]:
    d = webhook_deliveries.c
    expected = bindparam("if_match", type_=BigInteger)
    changed = (
        update(webhook_deliveries)
        .where(
            d.workspace_id == bindparam("workspace_id", type_=Uuid),
            d.id == bindparam("id", type_=Uuid),
            or_(d.lease_id.is_(None), d.leased_until < func.now()),
            or_(expected.is_(None), d.version == expected),
            is_active(d.endpoint_id),
        )
        .values(_requeued())
        .returning(*d)
    )
    return as_answer(DELIVERY, changed.cte("changed"))


@statement
def _endpoint_of() -> Select[Any]:
    d = webhook_deliveries.c
    at_home = d.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(d.endpoint_id).where(at_home, d.id == bindparam("id", type_=Uuid))


@statement
def _requeue(most: int) -> Select[Any]:
    """What is dead, and what has failed and waits for its next attempt."""
    d, home = webhook_deliveries.c, bindparam("workspace_id", type_=Uuid)
    failed = or_(d.state == "dead", and_(d.state == "pending", d.attempts > d.earlier_attempts))
    chosen = (
        select(d.id)
        .where(
            d.workspace_id == home,
            d.endpoint_id == bindparam("endpoint_id", type_=Uuid),
            d.created_at >= bindparam("since", type_=Moment),
            failed,
            or_(d.lease_id.is_(None), d.leased_until < func.now()),
        )
        .order_by(d.created_at)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    again = update(webhook_deliveries).where(d.workspace_id == home, d.id == chosen.c.id).values(_requeued())
    return select(func.count()).select_from(again.returning(d.id).cte("again"))
