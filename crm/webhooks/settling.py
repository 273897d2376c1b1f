"""What an attempt came to, written down behind its lease: for the delivery, and for the endpoint's health."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Interval,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from crm.database import Transaction, statement
from crm.webhooks import actions
from crm.webhooks.leases import Lease
from crm.webhooks.models import webhook_attempts, webhook_deliveries, webhook_endpoints
from crm.webhooks.rules import HOPELESS_AFTER, Verdict
from crm.webhooks.vocabulary import DeliveryState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to. ``wait`` is the time to the next one; None when there is to be none."""

    verdict: Verdict
    wait: timedelta | None
    status: int | None
    error: str | None
    duration_ms: int
    response_start: str

    @property
    def state(self) -> DeliveryState:
        """What becomes of the delivery."""
        if self.verdict is Verdict.DELIVERED:
            return "delivered"
        return "dead" if self.wait is None else "pending"


async def settle(tx: Transaction, lease: Lease, outcome: Outcome) -> bool:
    """Write down what an attempt came to, for the delivery and for the endpoint's health.

    False, and nothing is written, when the lease is not the present one any more. An endpoint that is gone, or has only
    failed for 120 hours, is disabled.
    """
    settled = await tx.row(
        _settle(),
        id=lease.delivery_id,
        lease_id=lease.lease_id,
        state=outcome.state,
        wait=outcome.wait or timedelta(0),
        status=outcome.status,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
        response_start=outcome.response_start or None,
    )
    if settled is None:
        return False
    if outcome.verdict is Verdict.DELIVERED:
        await tx.row(_recovered(), endpoint_id=lease.endpoint_id)
        return True
    hopeless = await tx.value(_failed(), endpoint_id=lease.endpoint_id)
    if outcome.verdict is Verdict.GONE:
        await actions.disable(tx, lease.endpoint_id, actions.GONE)
    elif hopeless:
        await actions.disable(tx, lease.endpoint_id, actions.FAILING)
    return True


@statement
def _settle() -> Select[Any]:
    d = webhook_deliveries.c
    state = bindparam("state", type_=Text)
    settled = (
        update(webhook_deliveries)
        .where(
            d.workspace_id == bindparam("workspace_id", type_=Uuid),
            d.id == bindparam("id", type_=Uuid),
            d.state == "pending",
            d.lease_id == bindparam("lease_id", type_=Uuid),
        )
        .values(
            state=state,
            next_attempt_at=func.now() + bindparam("wait", type_=Interval),
            lease_id=null(),
            leased_until=null(),
            hinted_until=null(),
            last_status=bindparam("status", type_=Integer),
            last_error=bindparam("error", type_=Text),
            settled_at=case((state != "pending", func.now())),
            version=d.version + 1,
            updated_at=func.now(),
        )
        .returning(d.workspace_id, d.id, d.attempts)
        .cte("settled")
    )
    kept = {
        "status": bindparam("status", type_=Integer),
        "error": bindparam("error", type_=Text),
        "duration_ms": bindparam("duration_ms", type_=Integer),
        "response_start": bindparam("response_start", type_=Text),
    }
    attempt = insert(webhook_attempts).from_select(
        ["workspace_id", "delivery_id", "attempt", *kept], select(*settled.c, *kept.values())
    )
    return select(settled.c.id).add_cte(attempt.cte("attempt"))


def _health(*where: ColumnElement[bool], **values: Any) -> Update:
    e = webhook_endpoints.c
    here = e.workspace_id == bindparam("workspace_id", type_=Uuid), e.id == bindparam("endpoint_id", type_=Uuid)
    return update(webhook_endpoints).where(*here, *where).values(values | {"version": e.version + 1})


@statement
def _recovered() -> Update:
    """One success and all is forgiven; an endpoint in good health is not touched."""
    return _health(webhook_endpoints.c.failures > 0, failures=0, failing_since=null())


@statement
def _failed() -> Update:
    e = webhook_endpoints.c
    worse = _health(failures=e.failures + 1, failing_since=func.coalesce(e.failing_since, func.now()))
    return worse.returning(e.failing_since <= func.now() - literal(HOPELESS_AFTER))
