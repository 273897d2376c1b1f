"""Tables of notifications."""

from sqlalchemy import Column, Index, Text, UniqueConstraint, Uuid

from crm.tables import link, moment, noun

notifications = noun(
    "notifications",
    Column("user_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("customer_id", Uuid),
    # Of a reminder: which one, what is to be minded, and who did not mind it where the manager is told.
    Column("reminder_id", Uuid),
    Column("caution", Text),
    Column("ignored_by_id", Uuid),
    moment("read_at"),
    moment("dispatched_at"),
    Column("dedupe_key", Text, nullable=False),
    UniqueConstraint("workspace_id", "dedupe_key"),
    link("user_id", "users"),
    link("ignored_by_id", "users"),
)
Index(
    None,
    notifications.c.workspace_id,
    notifications.c.user_id,
    notifications.c.created_at.desc(),
    notifications.c.id.desc(),
)
Index(
    "ix_notifications_unread",
    notifications.c.workspace_id,
    notifications.c.user_id,
    postgresql_where=notifications.c.read_at.is_(None),
)
# What channels have not been told of yet (``crm.channels.owing``).
Index(
    "ix_notifications_undispatched",
    notifications.c.workspace_id,
    notifications.c.id,
    postgresql_where=notifications.c.dispatched_at.is_(None),
)
