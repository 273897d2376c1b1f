"""Tables of reminders."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, Uuid, and_, text

from crm.reminders.vocabulary import CancelledBecause, Caution, Kind, MovedBecause, State
from crm.tables import UNRECORDED, link, moment, newest_first, noun, one_of

reminders = noun(
    "reminders",
    Column("kind", Text, nullable=False, server_default="task"),
    Column("user_id", Uuid, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("customer_id", Uuid),
    Column("title", Text, nullable=False),
    moment("fire_at", nullable=False),
    # What the clock on the wall shows then, where it was given so: text, for it is a moment only together with a zone.
    Column("local_time", Text),
    Column("timezone", Text),
    Column("follows_timezone", Boolean, nullable=False, server_default=text("false")),
    Column("moved_because", Text),
    Column("asks_for_contact", Boolean, nullable=False, server_default=text("false")),
    Column("caution", Text),
    Column("state", Text, nullable=False, server_default="scheduled"),
    moment("fired_at"),
    Column("snooze_count", Integer, nullable=False, server_default=text("0")),
    moment("acknowledged_at"),
    Column("escalates", Boolean, nullable=False, server_default=text("false")),
    moment("escalate_at", info={UNRECORDED: True}),
    moment("escalated_at"),
    Column("escalated_to_id", Uuid),
    Column("cancelled_because", Text),
    Column("dedupe_key", Text, nullable=False),
    UniqueConstraint("workspace_id", "dedupe_key"),
    one_of("kind", Kind),
    one_of("state", State),
    one_of("caution", Caution),
    one_of("moved_because", MovedBecause),
    one_of("cancelled_because", CancelledBecause),
    CheckConstraint("(local_time IS NULL) = (timezone IS NULL)", name="local_time"),
    CheckConstraint("(state = 'cancelled') = (cancelled_because IS NOT NULL)", name="cancelled"),
    CheckConstraint("(state IN ('fired', 'acknowledged')) = (fired_at IS NOT NULL)", name="fired"),
    CheckConstraint("(state = 'acknowledged') = (acknowledged_at IS NOT NULL)", name="acknowledged"),
    CheckConstraint("(escalated_at IS NULL) = (escalated_to_id IS NULL)", name="escalated"),
    CheckConstraint("escalate_at IS NULL OR state = 'fired'", name="escalate_at"),
    link("user_id", "users"),
    link("escalated_to_id", "users"),
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
Index(
    "ix_reminders_escalating",
    reminders.c.escalate_at,
    reminders.c.workspace_id,
    postgresql_where=reminders.c.escalate_at.is_not(None),
)
Index(
    "ix_reminders_on_the_wall",
    reminders.c.workspace_id,
    reminders.c.timezone,
    reminders.c.local_time,
    postgresql_where=and_(reminders.c.state == "scheduled", reminders.c.local_time.is_not(None)),
)
Index(
    "ix_reminders_following",
    reminders.c.workspace_id,
    reminders.c.user_id,
    postgresql_where=and_(reminders.c.state == "scheduled", reminders.c.follows_timezone),
)
