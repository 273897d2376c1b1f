"""Everything that changes webhook endpoints."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.sealing import Place, Sealer
from crm.webhooks import events
from crm.webhooks.addresses import refusal
from crm.webhooks.errors import TooManyEndpoints
from crm.webhooks.models import webhook_deliveries, webhook_endpoints
from crm.webhooks.queries import ENDPOINT
from crm.webhooks.rules import MOST_ENDPOINTS, SECRET_OVERLAP, unknown_pattern
from crm.webhooks.schemas import WebhookEndpointCreate, WebhookEndpointUpdate
from crm.webhooks.signing import new_secret

BY_HAND, GONE, FAILING = "by_hand", "gone", "failing"
"""Why an endpoint is disabled."""

NEVER: ColumnElement[Any] = literal_column("'infinity'::timestamptz")
"""When deliveries to a disabled endpoint are due."""


def place_of_secret(workspace_id: UUID, endpoint_id: UUID) -> Place:
    """Where an endpoint's secret is sealed for; the previous one keeps the seal it had when it was the present one."""
    return Place("webhook_endpoints", "secret", workspace_id, endpoint_id)


async def create(
    access: Access,
    new: WebhookEndpointCreate,
    sealer: Sealer,
    *,
    allow_loopback: bool,
    known: Iterable[str],
    secret: str | None = None,
) -> tuple[Answer, str]:
    """Add an endpoint; gives it with its secret, which is shown this once. The secret is a new one unless given.

    Raises ``TooManyEndpoints``, ``AlreadyExists`` for an id that is taken, 422 for an address we would never call and
    for types that are not among the ``known`` ones.
    """
    values = new.model_dump(exclude_none=True)
    _check(values, allow_loopback=allow_loopback, known=known)
    endpoint_id = values.setdefault("id", await access.value(_new_id()) if new.id is None else new.id)
    secret = secret or new_secret()
    values["secret"] = _sealed(access, sealer, endpoint_id, secret)
    created = await record(access, events.CREATED, _insert(frozenset(values)), **renamed(values))
    if created is None:
        raise TooManyEndpoints
    return created, secret


async def update(
    access: Access, endpoint_id: UUID, change: WebhookEndpointUpdate, *, allow_loopback: bool, known: Iterable[str]
) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, and 422 as ``create`` does."""
    values = change.model_dump(exclude_unset=True)
    _check(values, allow_loopback=allow_loopback, known=known)
    changed = await record(
        access, events.UPDATED, _update(access.actor.sight, frozenset(values)), id=endpoint_id, **renamed(values)
    )
    return changed or await explain(access, ENDPOINT, endpoint_id)


async def enable(access: Access, endpoint_id: UUID) -> Answer:
    """Send to the endpoint again, beginning with what has waited meanwhile. Raises ``TooManyEndpoints``."""
    enabled = await record(access, events.ENABLED, _enable(access.actor.sight), id=endpoint_id)
    if enabled is None:
        answer = await explain(access, ENDPOINT, endpoint_id)
        if await is_disabled(access, endpoint_id):
            raise TooManyEndpoints
        return answer
    return enabled


async def disable(access: Access, endpoint_id: UUID, because: str = BY_HAND) -> Answer:
    """Send nothing to the endpoint any more. What is under way waits until it is enabled."""
    disabled = await record(access, events.DISABLED, _disable(access.actor.sight), id=endpoint_id, because=because)
    return disabled or await explain(access, ENDPOINT, endpoint_id)


async def rotate_secret(access: Access, endpoint_id: UUID, sealer: Sealer) -> tuple[Answer, str]:
    """Give the endpoint a new secret, shown this once; deliveries are signed with the old one too for 24 hours."""
    secret = new_secret()
    rotated = await record(
        access,
        events.SECRET_ROTATED,
        _rotate(access.actor.sight),
        id=endpoint_id,
        new_secret=_sealed(access, sealer, endpoint_id, secret),
    )
    return rotated or await explain(access, ENDPOINT, endpoint_id), secret


def is_active(endpoint_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the endpoint of this workspace with this id is sent anything."""
    e = webhook_endpoints.c
    return (
        select(e.id)
        .where(e.workspace_id == bindparam("workspace_id", type_=Uuid), e.id == endpoint_id, e.state == "active")
        .exists()
    )


async def is_disabled(access: Access, endpoint_id: UUID) -> bool:
    """Whether nothing is sent to the endpoint."""
    return not await access.value(_active(), id=endpoint_id)


def _check(values: dict[str, Any], *, allow_loopback: bool, known: Iterable[str]) -> None:
    if "url" in values and (why := refusal(values["url"], allow_loopback)):
        raise invalid("url", why, "url_refused")
    if (place := unknown_pattern(values.get("types", ()), known)) is not None:
        raise invalid(f"types/{place}", "No event is called that.", "unknown_event_type")


def _sealed(access: Access, sealer: Sealer, endpoint_id: UUID, secret: str) -> bytes:
    return sealer.seal(secret.encode(), place_of_secret(access.actor.workspace_id, endpoint_id))


def _fewer_than_may_be() -> ColumnElement[bool]:
    e = webhook_endpoints.alias("others").c
    at_home = e.workspace_id == bindparam("workspace_id", type_=Uuid)
    active = select(func.count()).where(at_home, e.state == "active").scalar_subquery()
    return active < MOST_ENDPOINTS


@statement
def _new_id() -> Select[Any]:
    return select(func.uuidv7())


@statement
def _insert(columns: frozenset[str]) -> Insert:
    return creating(ENDPOINT, columns, only_if=_fewer_than_may_be())


@statement
def _update(sight: Sight, columns: frozenset[str]) -> Insert:
    return changing(ENDPOINT, sight, columns)


@statement
def _enable(sight: Sight) -> Insert:
    """Enabled again, with a clean record; what has waited is due now."""

    def due(changed: CTE) -> list[Any]:
        return [_of_endpoint(changed, webhook_deliveries.c.next_attempt_at == NEVER).values(next_attempt_at=func.now())]

    values = {"state": "active", "disabled_because": None, "failures": 0, "failing_since": None}
    is_disabled = webhook_endpoints.c.state == "disabled"
    return changing(ENDPOINT, sight, (), is_disabled, _fewer_than_may_be(), values=values, also=due)


@statement
def _disable(sight: Sight) -> Insert:
    """Disabled; what waits for the endpoint is not due any more, so that looking for what is due never meets it."""

    def parked(changed: CTE) -> list[Any]:
        # Whoever settles a delivery under way holds its row and wants the endpoint's: waiting for it would never end.
        return [_of_endpoint(changed, webhook_deliveries.c.lease_id.is_(None)).values(next_attempt_at=NEVER)]

    values = {"state": "disabled", "disabled_because": bindparam("because", type_=Text)}
    return changing(ENDPOINT, sight, (), webhook_endpoints.c.state == "active", values=values, also=parked)


def _of_endpoint(changed: CTE, *where: ColumnElement[bool]) -> Update:
    d = webhook_deliveries.c
    same = d.workspace_id == changed.c.workspace_id, d.endpoint_id == changed.c.id
    return webhook_deliveries.update().where(*same, d.state == "pending", *where)


@statement
def _rotate(sight: Sight) -> Insert:
    previous = {
        "previous_secret": webhook_endpoints.c.secret,
        "previous_secret_until": func.now() + literal(SECRET_OVERLAP),
    }
    return changing(ENDPOINT, sight, ("secret",), values=previous)


@statement
def _active() -> Select[Any]:
    return select(is_active(bindparam("id", type_=Uuid)))
