"""Channels: where people want to be told, what is on its way there, and word of a changed inbox.

Revision: channels, after merging2.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import GATE, protect, unprotect

revision = "channels"
down_revision = "merging2"
branch_labels = None
depends_on = None

RECIPIENTS_AMONG = (
    """
CREATE FUNCTION recipients_among(workspace_ids uuid[], user_ids uuid[])
RETURNS TABLE (workspace_id uuid, user_id uuid, team_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Owing looks over all workspaces and may not see people: of these users it learns who is active, and in which team.
    SELECT DISTINCT u.workspace_id, u.id, u.team_id
    FROM unnest(workspace_ids, user_ids) AS asked (workspace_id, id) JOIN users AS u USING (workspace_id, id)
    WHERE u.state = 'active'
$$
""",
    "REVOKE ALL ON FUNCTION recipients_among(uuid[], uuid[]) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION recipients_among(uuid[], uuid[]) TO rapport_worker",
    f"ALTER FUNCTION recipients_among(uuid[], uuid[]) OWNER TO {GATE}",
)

INBOX_CHANGED = (
    """
CREATE FUNCTION announce_inbox_grown() RETURNS trigger LANGUAGE plpgsql AS $$
-- Whoever streams the count of unread notifications hears of new ones when the statement that wrote them commits.
BEGIN
    PERFORM pg_notify('inbox_changed', told.workspace_id || ' ' || told.user_id)
    FROM (SELECT DISTINCT workspace_id, user_id FROM written) AS told;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION announce_inbox_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('inbox_changed', NEW.workspace_id || ' ' || NEW.user_id);
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER announce_inbox_grown AFTER INSERT ON notifications REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION announce_inbox_grown()
""",
    """
CREATE TRIGGER announce_inbox_read AFTER UPDATE OF read_at ON notifications
FOR EACH ROW WHEN (OLD.read_at IS DISTINCT FROM NEW.read_at) EXECUTE FUNCTION announce_inbox_read()
""",
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "notification_channels",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disabled_because", sa.Text(), nullable=True),
        sa.Column("notification_kinds", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="immediately", nullable=False),
        sa.Column("digest_times", sa.ARRAY(sa.Time()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("quiet_weekends", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("code_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "digest IN ('immediately', 'hourly', 'daily')", name=op.f("ck_notification_channels_digest")
        ),
        sa.CheckConstraint(
            "disabled_because IN ('by_hand', 'unsubscribed', 'gone', 'failing')",
            name=op.f("ck_notification_channels_disabled_because"),
        ),
        sa.CheckConstraint(
            "kind IN ('email', 'wecom', 'dingtalk', 'feishu', 'webhook')", name=op.f("ck_notification_channels_kind")
        ),
        sa.CheckConstraint("language IN ('en', 'zh-CN')", name=op.f("ck_notification_channels_language")),
        sa.CheckConstraint(
            "state IN ('unverified', 'active', 'disabled', 'removed')", name=op.f("ck_notification_channels_state")
        ),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_notification_channels_quiet")),
        sa.CheckConstraint("per_minute BETWEEN 1 AND 600", name=op.f("ck_notification_channels_per_minute")),
        sa.CheckConstraint("user_id IS NULL OR team_id IS NULL", name=op.f("ck_notification_channels_whose")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_notification_channels_workspace_id_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_notification_channels_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_notification_channels")),
    )
    op.create_index(
        "ix_notification_channels_due",
        "notification_channels",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notification_channels_due_by_workspace",
        "notification_channels",
        ["workspace_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notification_channels_told",
        "notification_channels",
        ["workspace_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        op.f("ix_notification_channels_workspace_id_created_at_id"),
        "notification_channels",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "one_channel_per_target",
        "notification_channels",
        ["workspace_id", "target"],
        unique=True,
        postgresql_where=sa.text("state != 'removed'"),
    )
    op.create_table(
        "notification_messages",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("notification_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("earlier_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_code", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "occasion IN ('notifications', 'test', 'code')", name=op.f("ck_notification_messages_occasion")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'dead', 'dropped')", name=op.f("ck_notification_messages_state")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "channel_id"],
            ["notification_channels.workspace_id", "notification_channels.id"],
            name=op.f("fk_notification_messages_workspace_id_channel_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_notification_messages")),
    )
    op.create_index(
        "ix_notification_messages_of_channel",
        "notification_messages",
        ["workspace_id", "channel_id", "last_attempt_at"],
        unique=False,
    )
    op.create_index(
        "ix_notification_messages_pending",
        "notification_messages",
        ["workspace_id", "channel_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_notification_messages_settled",
        "notification_messages",
        ["settled_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('sent', 'dropped')"),
    )
    op.create_index(
        op.f("ix_notification_messages_workspace_id_created_at_id"),
        "notification_messages",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "notification_items",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("dropped_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "dropped_because IN ('read', 'user_disabled', 'not_visible')",
            name=op.f("ck_notification_items_dropped_because"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "channel_id"],
            ["notification_channels.workspace_id", "notification_channels.id"],
            name=op.f("fk_notification_items_workspace_id_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "message_id"],
            ["notification_messages.workspace_id", "notification_messages.id"],
            name=op.f("fk_notification_items_workspace_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "notification_id"],
            ["notifications.workspace_id", "notifications.id"],
            name=op.f("fk_notification_items_workspace_id_notification_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "channel_id", "notification_id", name=op.f("pk_notification_items")),
    )
    op.create_index(
        "ix_notification_items_of_message", "notification_items", ["workspace_id", "message_id"], unique=False
    )
    op.create_index(
        "ix_notification_items_waiting",
        "notification_items",
        ["workspace_id", "channel_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("message_id IS NULL"),
    )
    # What was said before there were channels is not said again over them; the default is gone a moment later.
    op.add_column(
        "notifications",
        sa.Column("dispatched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
    )
    op.alter_column("notifications", "dispatched_at", server_default=None)
    op.create_index(
        "ix_notifications_undispatched",
        "notifications",
        ["workspace_id", "id"],
        unique=False,
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )
    protect("notification_channels", scanned=True)
    # What was sent long ago is forgotten. Items are the worker's alone.
    protect("notification_messages", worker="SELECT, INSERT, UPDATE, DELETE", scanned=True)
    protect("notification_items", worker="SELECT, INSERT, UPDATE, DELETE", scanned=True)
    for step in (*RECIPIENTS_AMONG, *INBOX_CHANGED):
        op.execute(step)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for name in ("announce_inbox_grown", "announce_inbox_read"):
        op.execute(f"DROP TRIGGER {name} ON notifications")
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP FUNCTION recipients_among(uuid[], uuid[])")
    for table in ("notification_items", "notification_messages", "notification_channels"):
        unprotect(table)
    op.drop_index(
        "ix_notifications_undispatched", table_name="notifications", postgresql_where=sa.text("dispatched_at IS NULL")
    )
    op.drop_column("notifications", "dispatched_at")
    op.drop_index(
        "ix_notification_items_waiting", table_name="notification_items", postgresql_where=sa.text("message_id IS NULL")
    )
    op.drop_index("ix_notification_items_of_message", table_name="notification_items")
    op.drop_table("notification_items")
    op.drop_index(op.f("ix_notification_messages_workspace_id_created_at_id"), table_name="notification_messages")
    op.drop_index(
        "ix_notification_messages_settled",
        table_name="notification_messages",
        postgresql_where=sa.text("state IN ('sent', 'dropped')"),
    )
    op.drop_index(
        "ix_notification_messages_pending",
        table_name="notification_messages",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_index("ix_notification_messages_of_channel", table_name="notification_messages")
    op.drop_table("notification_messages")
    op.drop_index(
        "one_channel_per_target", table_name="notification_channels", postgresql_where=sa.text("state != 'removed'")
    )
    op.drop_index(op.f("ix_notification_channels_workspace_id_created_at_id"), table_name="notification_channels")
    op.drop_index(
        "ix_notification_channels_told",
        table_name="notification_channels",
        postgresql_where=sa.text("state = 'active'"),
    )
    op.drop_index(
        "ix_notification_channels_due_by_workspace",
        table_name="notification_channels",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_notification_channels_due",
        table_name="notification_channels",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.drop_table("notification_channels")
