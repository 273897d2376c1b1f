"""The table of facts: what ``recording`` writes and ``events`` reads. Partitioned by month, through its ids."""

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from crm.tables import metadata, moment

events = Table(
    "events",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False, server_default=text("uuidv7()")),
    Column("type", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("customer_id", Uuid),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    moment("occurred_at", nullable=False, server_default=func.now()),
    Column(
        "transaction_id",
        BigInteger,
        nullable=False,
        server_default=text("pg_current_xact_id()::text::bigint"),
    ),
    Column("payload", JSON, nullable=False),
    Column("changes", JSONB),
    moment("published_at"),
    PrimaryKeyConstraint("workspace_id", "id"),
    postgresql_partition_by="RANGE (id)",
)

Index("ix_events_journal", events.c.workspace_id, events.c.transaction_id, events.c.id)
Index(
    "ix_events_customer",
    events.c.workspace_id,
    events.c.customer_id,
    events.c.id,
    # Last, for the timeline's filter: what is not of the type asked for is passed over without being read.
    events.c.type,
    postgresql_where=events.c.customer_id.is_not(None),
)
# Where the facts about a person stand, whichever customer the person belonged to then.
Index(
    "ix_events_of_contact",
    events.c.workspace_id,
    events.c.subject_id,
    postgresql_where=events.c.subject_type == "contact",
)
# Few, and where erasure looks beside the facts of customers.
Index("ix_events_of_no_customer", events.c.workspace_id, events.c.id, postgresql_where=events.c.customer_id.is_(None))
# How a visit came to be where it is, whichever customers it belonged to before they were merged.
Index(
    "ix_events_of_visit",
    events.c.workspace_id,
    events.c.subject_id,
    postgresql_where=events.c.subject_type == "visit",
)
Index("ix_events_unpublished", events.c.workspace_id, events.c.id, postgresql_where=events.c.published_at.is_(None))


def this_transaction() -> ColumnElement[int]:
    """The number of the transaction that asks, as facts have it."""
    return cast(cast(func.pg_current_xact_id(), Text), BigInteger)


def published_here() -> tuple[ColumnElement[bool], ...]:
    """The facts of one type that the transaction that asks has written as published: ``workspace_id``, ``of_type``."""
    return (
        events.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        events.c.transaction_id == this_transaction(),
        events.c.type == bindparam("of_type", type_=Text),
        events.c.published_at.is_not(None),
    )
