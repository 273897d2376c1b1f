"""Tables of webhook endpoints and of the deliveries they are owed."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.tables import link, metadata, moment, newest_first, noun, one_of, secret
from crm.webhooks.vocabulary import DeliveryState, EndpointState

webhook_endpoints = noun(
    "webhook_endpoints",
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("types", ARRAY(Text), nullable=False),
    Column("personal_data", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, nullable=False, server_default="active"),
    Column("disabled_because", Text),
    secret("secret", LargeBinary, nullable=False),
    secret("previous_secret", LargeBinary),
    moment("previous_secret_until"),
    moment("failing_since"),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    one_of("state", EndpointState),
)
newest_first(webhook_endpoints)

webhook_deliveries = noun(
    "webhook_deliveries",
    Column("endpoint_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("earlier_attempts", Integer, nullable=False, server_default=text("0")),
    moment("next_attempt_at", nullable=False, server_default=func.now()),
    moment("hinted_until"),
    Column("lease_id", Uuid),
    moment("leased_until"),
    Column("last_status", Integer),
    Column("last_error", Text),
    moment("settled_at"),
    UniqueConstraint("workspace_id", "endpoint_id", "event_id"),
    one_of("state", DeliveryState),
    link("endpoint_id", "webhook_endpoints"),
)
Index(
    "ix_webhook_deliveries_of_endpoint",
    webhook_deliveries.c.workspace_id,
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.created_at.desc(),
    webhook_deliveries.c.id.desc(),
)
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.workspace_id,
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.next_attempt_at,
    postgresql_where=webhook_deliveries.c.state == "pending",
)
Index(
    "ix_webhook_deliveries_under_way",
    webhook_deliveries.c.workspace_id,
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.leased_until,
    postgresql_where=webhook_deliveries.c.lease_id.is_not(None),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("delivery_id", Uuid, nullable=False),
    Column("attempt", Integer, nullable=False),
    moment("attempted_at", nullable=False, server_default=func.now()),
    Column("status", Integer),
    Column("error", Text),
    Column("duration_ms", Integer, nullable=False),
    Column("response_start", Text),
    PrimaryKeyConstraint("workspace_id", "delivery_id", "attempt"),
    link("delivery_id", "webhook_deliveries"),
)
