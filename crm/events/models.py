"""Reactions owed to facts, and the worker's sign of life. Facts themselves: ``crm.facts``, lower in the house."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid, func, text

from crm.facts import events
from crm.tables import metadata, moment, one_of

REACTION_STATES = ("pending", "done", "dead")

reactions = Table(
    "reactions",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("next_attempt_at", nullable=False, server_default=func.now()),
    Column("last_error", Text),
    moment("settled_at"),
    PrimaryKeyConstraint("workspace_id", "event_id", "name"),
    one_of("state", REACTION_STATES),
)
Index(
    "ix_reactions_due_by_workspace",
    reactions.c.workspace_id,
    reactions.c.next_attempt_at,
    postgresql_where=reactions.c.state == "pending",
)
Index("ix_reactions_settled", reactions.c.settled_at, postgresql_where=reactions.c.settled_at.is_not(None))

worker_heartbeats = Table(
    "worker_heartbeats",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    moment("beat_at", nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("workspace_id", "name"),
)

__all__ = ["events", "reactions", "worker_heartbeats"]
