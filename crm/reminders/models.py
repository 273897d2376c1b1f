"""Tables of reminders."""

from sqlalchemy import Column, Index, Text, UniqueConstraint, Uuid

from crm.reminders.vocabulary import CancelledBecause, State
from crm.tables import link, moment, newest_first, noun, one_of

ONE_REMINDER_PER_DEDUPE_KEY = "uq_reminders_workspace_id_dedupe_key"

reminders = noun(
    "reminders",
    Column("user_id", Uuid, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("customer_id", Uuid),
    Column("title", Text, nullable=False),
    moment("fire_at", nullable=False),
    Column("state", Text, nullable=False, server_default="scheduled"),
    moment("fired_at"),
    Column("cancelled_because", Text),
    Column("dedupe_key", Text, nullable=False),
    UniqueConstraint("workspace_id", "dedupe_key"),
    one_of("state", State),
    one_of("cancelled_because", CancelledBecause),
    link("user_id", "users"),
)
newest_first(reminders)
Index(None, reminders.c.workspace_id, reminders.c.subject_id)
Index("ix_reminders_due", reminders.c.fire_at, postgresql_where=reminders.c.state == "scheduled")
Index(
    "ix_reminders_due_by_workspace",
    reminders.c.workspace_id,
    reminders.c.fire_at,
    postgresql_where=reminders.c.state == "scheduled",
)
