"""Tables of channels and of what is on its way over them.

A channel is what the worker schedules by: ``next_at`` is when there is next something to do for it, and whoever has
its lease sends what it is owed, one message at a time.
"""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    Uuid,
    func,
    text,
)

from crm.channels.vocabulary import (
    ChannelKind,
    ChannelState,
    Digest,
    DisabledBecause,
    DroppedBecause,
    MessageState,
    Occasion,
)
from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of, secret
from crm.workspaces.vocabulary import Language

ONE_CHANNEL_PER_TARGET = "one_channel_per_target"

_OURS = {UNRECORDED: True}

notification_channels = noun(
    "notification_channels",
    Column("user_id", Uuid),
    Column("team_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("hint", Text, nullable=False),
    secret("target", LargeBinary, nullable=False),
    secret("sealed", LargeBinary),
    Column("state", Text, nullable=False),
    Column("disabled_because", Text),
    Column("notification_kinds", ARRAY(Text)),
    Column("language", Text),
    Column("timezone", Text, nullable=False),
    Column("digest", Text, nullable=False, server_default="immediately"),
    Column("digest_times", ARRAY(Time), nullable=False, server_default=text("'{}'")),
    Column("quiet_from", Time),
    Column("quiet_until", Time),
    Column("quiet_weekends", Boolean, nullable=False, server_default=text("false")),
    Column("per_minute", Integer, nullable=False),
    moment("code_sent_at", info=_OURS),
    Column("code_failures", Integer, nullable=False, server_default=text("0"), info=_OURS),
    Column("failures", Integer, nullable=False, server_default=text("0"), info=_OURS),
    moment("failing_since", info=_OURS),
    moment("next_at", info=_OURS),
    Column("lease_id", Uuid, info=_OURS),
    moment("leased_until", info=_OURS),
    one_of("kind", ChannelKind),
    one_of("state", ChannelState),
    one_of("disabled_because", DisabledBecause),
    one_of("language", Language),
    one_of("digest", Digest),
    CheckConstraint("user_id IS NULL OR team_id IS NULL", name="whose"),
    CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
    CheckConstraint("per_minute BETWEEN 1 AND 600", name="per_minute"),
    link("user_id", "users"),
    link("team_id", "teams"),
)
newest_first(notification_channels)
Index(
    ONE_CHANNEL_PER_TARGET,
    notification_channels.c.workspace_id,
    notification_channels.c.target,
    unique=True,
    postgresql_where=notification_channels.c.state != "removed",
)
Index(
    "ix_notification_channels_told",
    notification_channels.c.workspace_id,
    notification_channels.c.user_id,
    postgresql_where=notification_channels.c.state == "active",
)
Index(
    "ix_notification_channels_due",
    notification_channels.c.next_at,
    postgresql_where=notification_channels.c.next_at.is_not(None),
)
Index(
    "ix_notification_channels_due_by_workspace",
    notification_channels.c.workspace_id,
    notification_channels.c.next_at,
    postgresql_where=notification_channels.c.next_at.is_not(None),
)

notification_messages = noun(
    "notification_messages",
    Column("channel_id", Uuid, nullable=False),
    Column("user_id", Uuid),
    Column("team_id", Uuid),
    Column("occasion", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("notification_count", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("earlier_attempts", Integer, nullable=False, server_default=text("0")),
    moment("next_attempt_at", nullable=False, server_default=func.now()),
    moment("last_attempt_at"),
    Column("last_status", Integer),
    Column("last_code", Text),
    Column("last_error", Text),
    moment("settled_at"),
    one_of("occasion", Occasion),
    one_of("state", MessageState),
    link("channel_id", "notification_channels"),
)
newest_first(notification_messages)
Index(
    "ix_notification_messages_of_channel",
    notification_messages.c.workspace_id,
    notification_messages.c.channel_id,
    notification_messages.c.last_attempt_at,
)
Index(
    "ix_notification_messages_pending",
    notification_messages.c.workspace_id,
    notification_messages.c.channel_id,
    notification_messages.c.next_attempt_at,
    postgresql_where=notification_messages.c.state == "pending",
)

Index(
    "ix_notification_messages_settled",
    notification_messages.c.settled_at,
    postgresql_where=notification_messages.c.state.in_(("sent", "dropped")),
)

notification_items = Table(
    "notification_items",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("channel_id", Uuid, nullable=False),
    Column("notification_id", Uuid, nullable=False),
    moment("due_at", nullable=False),
    Column("message_id", Uuid),
    Column("dropped_because", Text),
    PrimaryKeyConstraint("workspace_id", "channel_id", "notification_id"),
    one_of("dropped_because", DroppedBecause),
    link("channel_id", "notification_channels"),
    link("notification_id", "notifications"),
    ForeignKeyConstraint(
        ["workspace_id", "message_id"], ["notification_messages.workspace_id", "notification_messages.id"]
    ),
)
Index(
    "ix_notification_items_waiting",
    notification_items.c.workspace_id,
    notification_items.c.channel_id,
    notification_items.c.due_at,
    postgresql_where=notification_items.c.message_id.is_(None),
)
Index(
    "ix_notification_items_of_message",
    notification_items.c.workspace_id,
    notification_items.c.message_id,
)
