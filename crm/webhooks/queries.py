"""How endpoints and deliveries look, and everything that reads them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, cast, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.events.queries import envelope
from crm.nouns import Answer, Noun
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.webhooks.models import webhook_attempts, webhook_deliveries, webhook_endpoints
from crm.webhooks.personal import told
from crm.webhooks.schemas import WebhookDeliveryFilter, WebhookEndpointFilter


def shape(endpoint: FromClause) -> Select[Any]:
    """An endpoint, without its secrets."""
    c = endpoint.c
    return select(
        c.id,
        c.url,
        c.types,
        c.description,
        c.personal_data,
        c.state,
        c.disabled_because,
        case((c.previous_secret_until > func.now(), utc(c.previous_secret_until))).label("previous_secret_until"),
        utc(c.failing_since).label("failing_since"),
        c.failures,
        *stamps(endpoint),
    ).select_from(endpoint)


def delivery_shape(delivery: FromClause) -> Select[Any]:
    """A delivery, as lists show it."""
    c = delivery.c
    planned = and_(c.state == "pending", func.isfinite(c.next_attempt_at))
    return select(
        c.id,
        c.endpoint_id,
        c.event_id,
        c.event_type,
        c.state,
        c.attempts.label("attempt_count"),
        case((planned, utc(c.next_attempt_at))).label("next_attempt_at"),
        c.last_status,
        c.last_error,
        utc(c.settled_at).label("settled_at"),
        *stamps(delivery),
    ).select_from(delivery)


def _with_attempts(delivery: FromClause) -> Select[Any]:
    """A delivery with each attempt, as it is shown by itself."""
    a = webhook_attempts.c
    one = func.json_build_object(
        *("attempt", a.attempt),
        *("attempted_at", utc(a.attempted_at)),
        *("status", a.status),
        *("error", a.error),
        *("duration_ms", a.duration_ms),
        *("response_start", a.response_start),
    )
    found = (
        select(func.coalesce(func.json_agg(aggregate_order_by(one, a.attempt)), cast(literal_column("'[]'"), JSON)))
        .where(a.workspace_id == delivery.c.workspace_id, a.delivery_id == delivery.c.id)
        .correlate(delivery)
        .scalar_subquery()
    )
    return delivery_shape(delivery).add_columns(found.label("attempts"))


def body(fact: FromClause, personal_data: ColumnElement[bool]) -> Select[Any]:
    """What an endpoint is sent of a fact: its envelope in the form of Standard Webhooks (type, timestamp, data)."""
    data, changes = told(fact, personal_data)
    said = envelope(fact).add_columns(data.label("told"), changes.label("told_changes")).lateral("envelope").c
    other = {"type", "occurred_at", "data", "changes", "told", "told_changes"}
    beside = [column for column in said if column.key not in other]
    return select(
        said.type,
        said.occurred_at.label("timestamp"),
        said.told.label("data"),
        *beside,
        said.told_changes.label("changes"),
    )


def _everyone(_sight: Sight) -> ColumnElement[bool]:
    return true()


ENDPOINT = Noun("webhook_endpoint", webhook_endpoints, shape, _everyone, customer=None)
DELIVERY = Noun("webhook_delivery", webhook_deliveries, delivery_shape, _everyone, customer=None)
DELIVERY_WITH_ATTEMPTS = Noun("webhook_delivery", webhook_deliveries, _with_attempts, _everyone, customer=None)

ENDPOINTS = Listing(ENDPOINT, {"created_at": webhook_endpoints.c.created_at}, among(webhook_endpoints, ["state"]))
DELIVERIES = Listing(
    DELIVERY,
    {"created_at": webhook_deliveries.c.created_at},
    among(webhook_deliveries, ["endpoint_id", "state"]),
)


async def get(access: Access, endpoint_id: UUID) -> Answer:
    """One endpoint. Raises ``NotFound``."""
    return await reading.one(access, ENDPOINT, endpoint_id)


async def page(access: Access, wanted: WebhookEndpointFilter) -> bytes:
    """A page of endpoints."""
    return await reading.page(access, ENDPOINTS, wanted)


async def get_delivery(access: Access, delivery_id: UUID) -> Answer:
    """One delivery with its attempts. Raises ``NotFound``."""
    return await reading.one(access, DELIVERY_WITH_ATTEMPTS, delivery_id)


async def page_of_deliveries(access: Access, endpoint_id: UUID, wanted: WebhookDeliveryFilter) -> bytes:
    """A page of what one endpoint was sent or is to be sent. Raises ``NotFound`` where there is no such endpoint."""
    found = await reading.page(access, DELIVERIES, wanted, wanted.given() | {"endpoint_id": [endpoint_id]})
    if found.startswith(b'{"data":[]'):
        await get(access, endpoint_id)
    return found
