"""The house: every table of the first release, its guards and its roles."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import create_roles, protect, unprotect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CURRENT_WORKSPACE = """
CREATE FUNCTION current_workspace_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('rapport.workspace_id', true), '')::uuid
"""

EVENT_PARTITIONS = (
    """
CREATE FUNCTION ensure_event_partitions(months integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
-- Ids are UUIDv7: the first 48 bits are milliseconds, so a month is a range of ids.
DECLARE
    month timestamptz := date_trunc('month', now(), 'UTC');
    lower_bound text;
    upper_bound text;
    partition text;
BEGIN
    FOR ahead IN 0..months LOOP
        partition := 'events_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
        lower_bound := lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20);
        month := month + interval '1 month';
        upper_bound := lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20);
        IF to_regclass('public.' || partition) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                           partition, lower_bound::uuid, upper_bound::uuid);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
        END IF;
    END LOOP;
END $$
""",
    "REVOKE ALL ON FUNCTION ensure_event_partitions(integer) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ensure_event_partitions(integer) TO rapport_worker",
    "SELECT ensure_event_partitions(24)",
)

SIGN_IN = (
    """
CREATE FUNCTION sign_in_candidates(email_key text)
RETURNS TABLE (workspace_id uuid, user_id uuid, password_hash text, workspace_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Who signs in does not know a workspace yet: the one question that is asked over all of them.
    SELECT u.workspace_id, u.id, u.password_hash, w.name
    FROM users AS u JOIN workspaces AS w USING (workspace_id)
    WHERE u.email_key = sign_in_candidates.email_key AND u.state = 'active' AND u.password_hash IS NOT NULL
    ORDER BY u.created_at LIMIT 5
$$
""",
    "REVOKE ALL ON FUNCTION sign_in_candidates(text) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION sign_in_candidates(text) TO rapport_api",
    "GRANT SELECT ON users, workspaces TO rapport_gate",
    "CREATE POLICY gate ON users FOR SELECT TO rapport_gate USING (true)",
    "CREATE POLICY gate ON workspaces FOR SELECT TO rapport_gate USING (true)",
    "ALTER FUNCTION sign_in_candidates(text) OWNER TO rapport_gate",
)

DISABLED_AMONG = (
    """
CREATE FUNCTION disabled_among(workspace_ids uuid[], user_ids uuid[])
RETURNS TABLE (workspace_id uuid, user_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Firing looks over all workspaces and may not see people: of these users it learns who is gone, and nothing else.
    SELECT DISTINCT u.workspace_id, u.id
    FROM unnest(workspace_ids, user_ids) AS asked (workspace_id, id) JOIN users AS u USING (workspace_id, id)
    WHERE u.state <> 'active'
$$
""",
    "REVOKE ALL ON FUNCTION disabled_among(uuid[], uuid[]) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION disabled_among(uuid[], uuid[]) TO rapport_worker",
    "ALTER FUNCTION disabled_among(uuid[], uuid[]) OWNER TO rapport_gate",
)

ACCESS_CHANGED = (
    """
CREATE FUNCTION announce_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
-- Every API process forgets what it knew of this workspace's actors as soon as the change commits.
BEGIN
    PERFORM pg_notify('access_changed', NEW.workspace_id::text);
    RETURN NULL;
END $$
""",
    "CREATE TRIGGER access_changed AFTER UPDATE ON workspaces FOR EACH ROW EXECUTE FUNCTION announce_access_changed()",
    "CREATE TRIGGER access_changed AFTER INSERT OR UPDATE ON teams FOR EACH ROW EXECUTE FUNCTION announce_access_changed()",
    """
CREATE TRIGGER access_changed AFTER UPDATE ON users FOR EACH ROW
WHEN (ROW(OLD.role, OLD.team_id, OLD.state, OLD.language, OLD.permission_version)
      IS DISTINCT FROM ROW(NEW.role, NEW.team_id, NEW.state, NEW.language, NEW.permission_version))
EXECUTE FUNCTION announce_access_changed()
""",
    """
CREATE TRIGGER access_changed AFTER UPDATE OF revoked_at ON sessions
FOR EACH ROW EXECUTE FUNCTION announce_access_changed()
""",
    """
CREATE TRIGGER access_changed AFTER UPDATE OF revoked_at, expires_at, scopes ON api_keys
FOR EACH ROW EXECUTE FUNCTION announce_access_changed()
""",
)

SCANNED = {"scanned": True}
APPEND_ONLY = {"api": "SELECT, INSERT", "worker": "SELECT, INSERT, UPDATE (published_at)", "scanned": True}
OF_THE_WORKER = {"api": "SELECT", "worker": "SELECT, INSERT, UPDATE, DELETE", "scanned": True}
OF_THE_API = {"api": "SELECT, INSERT, UPDATE, DELETE", "worker": "SELECT, DELETE"}

GUARDED: dict[str, dict[str, Any]] = {
    "workspaces": SCANNED,
    "teams": {},
    "users": {},
    "sessions": {},
    "api_keys": {},
    "sign_in_attempts": OF_THE_API,
    "idempotency_keys": OF_THE_API | SCANNED,
    "customers": {},
    "customer_tokens": {"api": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
    "contacts": {},
    "contact_tokens": {"api": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
    "interactions": {},
    "visits": {},
    "tasks": {},
    "reminders": SCANNED,
    "notifications": SCANNED,
    "webhook_endpoints": SCANNED,
    "webhook_deliveries": SCANNED,
    "webhook_attempts": SCANNED,
    "imports": SCANNED,
    "import_files": {"api": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
    "import_problems": {},
    "events": APPEND_ONLY,
    "reactions": OF_THE_WORKER,
    "worker_heartbeats": OF_THE_WORKER,
    "warmth_rounds": OF_THE_WORKER,
}


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    create_roles()
    op.execute(CURRENT_WORKSPACE)
    op.create_table(
        "api_keys",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_keys")),
    )
    op.create_index(
        op.f("ix_api_keys_workspace_id_created_at_id"),
        "api_keys",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "contact_tokens",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(collation="C"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "token", "contact_id", "field", name=op.f("pk_contact_tokens")),
    )
    op.create_index(
        op.f("ix_contact_tokens_workspace_id_contact_id"),
        "contact_tokens",
        ["workspace_id", "contact_id"],
        unique=False,
    )
    op.create_table(
        "customer_tokens",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(collation="C"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "token", "customer_id", "field", name=op.f("pk_customer_tokens")),
    )
    op.create_index(
        op.f("ix_customer_tokens_workspace_id_customer_id"),
        "customer_tokens",
        ["workspace_id", "customer_id"],
        unique=False,
    )
    op.create_table(
        "events",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column("payload", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_events")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_events_customer",
        "events",
        ["workspace_id", "customer_id", "id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_index("ix_events_journal", "events", ["workspace_id", "transaction_id", "id"], unique=False)
    op.create_index(
        "ix_events_unpublished",
        "events",
        ["workspace_id", "id"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "actor_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "imports",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("defaults", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("lines_done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refused_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_by_kind", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("created_by_kind IN ('user', 'key')", name=op.f("ck_imports_created_by_kind")),
        sa.CheckConstraint("kind IN ('customers')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_imports_state")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_imports")),
    )
    op.create_index(
        "ix_imports_open",
        "imports",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        op.f("ix_imports_workspace_id_created_at_id"),
        "imports",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "reactions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'done', 'dead')", name=op.f("ck_reactions_state")),
        sa.PrimaryKeyConstraint("workspace_id", "event_id", "name", name=op.f("pk_reactions")),
    )
    op.create_index(
        "ix_reactions_due_by_workspace",
        "reactions",
        ["workspace_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_reactions_settled",
        "reactions",
        ["settled_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NOT NULL"),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("allowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subject", name=op.f("pk_sign_in_attempts")),
    )
    op.create_table(
        "teams",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "manager_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_teams_workspace_id_manager_id"),
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_teams_workspace_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_teams")),
    )
    op.create_index(
        op.f("ix_teams_workspace_id_created_at_id"),
        "teams",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "warmth_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("done_for", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_after", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_warmth_rounds")),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("disabled_because", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_webhook_endpoints_state")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(
        op.f("ix_webhook_endpoints_workspace_id_created_at_id"),
        "webhook_endpoints",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "worker_heartbeats",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_worker_heartbeats")),
    )
    op.create_table(
        "workspaces",
        sa.Column("workspace_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("id", sa.Uuid(), sa.Computed("workspace_id", persisted=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("currency", sa.Text(), server_default="CNY", nullable=False),
        sa.Column("language", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("language IN ('en', 'zh-CN')", name=op.f("ck_workspaces_language")),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_workspaces")),
    )
    op.create_table(
        "import_files",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("fk_import_files_workspace_id_import_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", name=op.f("pk_import_files")),
    )
    op.create_table(
        "import_problems",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("fk_import_problems_workspace_id_import_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", "line", name=op.f("pk_import_problems")),
    )
    op.create_table(
        "users",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("permission_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'manager', 'sales', 'service', 'auditor')", name=op.f("ck_users_role")),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_users_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"], name=op.f("fk_users_workspace_id_team_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("workspace_id", "email_key", name="one_user_per_email"),
    )
    op.create_index(op.f("ix_users_email_key"), "users", ["email_key"], unique=False)
    op.create_index(
        op.f("ix_users_workspace_id_created_at_id"),
        "users",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("earlier_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("hinted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'dead')", name=op.f("ck_webhook_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "endpoint_id"],
            ["webhook_endpoints.workspace_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_workspace_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "workspace_id",
            "endpoint_id",
            "event_id",
            name=op.f("uq_webhook_deliveries_workspace_id_endpoint_id_event_id"),
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["workspace_id", "endpoint_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_webhook_deliveries_of_endpoint",
        "webhook_deliveries",
        ["workspace_id", "endpoint_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_webhook_deliveries_under_way",
        "webhook_deliveries",
        ["workspace_id", "endpoint_id", "leased_until"],
        unique=False,
        postgresql_where=sa.text("lease_id IS NOT NULL"),
    )
    op.create_table(
        "customers",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("registration_code", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("intermediate_kind", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("purchasing_power", sa.Text(), nullable=True),
        sa.Column("class", sa.Text(), server_default="ordinary", nullable=False),
        sa.Column("key_kind", sa.Text(), nullable=True),
        sa.Column("lifecycle", sa.Text(), server_default="prospect", nullable=False),
        sa.Column("relationship_stage", sa.Text(), server_default="awareness", nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("custom", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("do_not_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_contact_due_on", sa.Date(), nullable=True),
        sa.Column("warmth_band", sa.Text(), server_default="never", nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("class IN ('key', 'potential', 'ordinary')", name=op.f("ck_customers_class")),
        sa.CheckConstraint(
            "intermediate_kind IN ('dealer', 'agent', 'wholesaler', 'retailer')",
            name=op.f("ck_customers_intermediate_kind"),
        ),
        sa.CheckConstraint("key_kind IN ('high_value', 'influential', 'double')", name=op.f("ck_customers_key_kind")),
        sa.CheckConstraint("kind IN ('company', 'person')", name=op.f("ck_customers_kind")),
        sa.CheckConstraint(
            "lifecycle IN ('prospect', 'interested', 'customer', 'dormant', 'lost')",
            name=op.f("ck_customers_lifecycle"),
        ),
        sa.CheckConstraint("purchasing_power IN ('low', 'middle', 'high')", name=op.f("ck_customers_purchasing_power")),
        sa.CheckConstraint(
            "relationship_stage IN ('awareness', 'exploration', 'expansion', 'commitment', 'dissolution')",
            name=op.f("ck_customers_relationship_stage"),
        ),
        sa.CheckConstraint("size IN ('small', 'medium', 'large')", name=op.f("ck_customers_size")),
        sa.CheckConstraint(
            "type IN ('consumer', 'business_user', 'intermediate', 'public_interest')", name=op.f("ck_customers_type")
        ),
        sa.CheckConstraint(
            "warmth_band IN ('hot', 'warm', 'cooling', 'cold', 'never')", name=op.f("ck_customers_warmth_band")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_customers_workspace_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customers_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_customers_workspace_id_team_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customers")),
    )
    op.create_index(
        "ix_customers_last_contact",
        "customers",
        ["workspace_id", sa.literal_column("greatest(last_contact_at, '0001-01-01 00:00:00+00'::timestamptz)"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_customers_next_contact",
        "customers",
        ["workspace_id", sa.literal_column("least(next_contact_due_on, '9999-12-31'::date)"), "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_customers_workspace_id_created_at_id"),
        "customers",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_customers_workspace_id_name_key_id"), "customers", ["workspace_id", "name_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_customers_workspace_id_owner_id_created_at_id"),
        "customers",
        ["workspace_id", "owner_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_customers_workspace_id_parent_id"), "customers", ["workspace_id", "parent_id"], unique=False
    )
    op.create_index(op.f("ix_customers_workspace_id_team_id"), "customers", ["workspace_id", "team_id"], unique=False)
    op.create_index(
        "one_customer_per_registration_code",
        "customers",
        ["workspace_id", "registration_code"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "notifications",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_notifications_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("workspace_id", "dedupe_key", name=op.f("uq_notifications_workspace_id_dedupe_key")),
    )
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["workspace_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(
        op.f("ix_notifications_workspace_id_user_id_created_at_id"),
        "notifications",
        ["workspace_id", "user_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "reminders",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fire_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_because", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "cancelled_because IN ('task_done', 'task_cancelled', 'rescheduled', 'user_disabled')",
            name=op.f("ck_reminders_cancelled_because"),
        ),
        sa.CheckConstraint("state IN ('scheduled', 'fired', 'cancelled')", name=op.f("ck_reminders_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_reminders_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("workspace_id", "dedupe_key", name=op.f("uq_reminders_workspace_id_dedupe_key")),
    )
    op.create_index(
        "ix_reminders_due", "reminders", ["fire_at"], unique=False, postgresql_where=sa.text("state = 'scheduled'")
    )
    op.create_index(
        "ix_reminders_due_by_workspace",
        "reminders",
        ["workspace_id", "fire_at"],
        unique=False,
        postgresql_where=sa.text("state = 'scheduled'"),
    )
    op.create_index(
        op.f("ix_reminders_workspace_id_created_at_id"),
        "reminders",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_reminders_workspace_id_subject_id"), "reminders", ["workspace_id", "subject_id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("successor", sa.LargeBinary(), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_sessions_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_workspace_id_user_id"), "sessions", ["workspace_id", "user_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), server_default="follow_up", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_before", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{0}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("snooze_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('follow_up', 'next_step', 'contact_due')", name=op.f("ck_tasks_kind")),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f("ck_tasks_state")),
        sa.CheckConstraint("subject_type IN ('customer', 'contact', 'visit')", name=op.f("ck_tasks_subject_type")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "assignee_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_tasks_workspace_id_assignee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"], name=op.f("fk_tasks_workspace_id_team_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_tasks")),
    )
    op.create_index(
        op.f("ix_tasks_workspace_id_assignee_id_due_at_id"),
        "tasks",
        ["workspace_id", "assignee_id", "due_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tasks_workspace_id_created_at_id"),
        "tasks",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_tasks_workspace_id_customer_id_due_at"),
        "tasks",
        ["workspace_id", "customer_id", "due_at"],
        unique=False,
    )
    op.create_index(op.f("ix_tasks_workspace_id_due_at_id"), "tasks", ["workspace_id", "due_at", "id"], unique=False)
    op.create_index(op.f("ix_tasks_workspace_id_subject_id"), "tasks", ["workspace_id", "subject_id"], unique=False)
    op.create_index(
        "one_task_per_dedupe_key",
        "tasks",
        ["workspace_id", "dedupe_key"],
        unique=True,
        postgresql_where=sa.text("dedupe_key IS NOT NULL"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("response_start", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["webhook_deliveries.workspace_id", "webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_workspace_id_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "delivery_id", "attempt", name=op.f("pk_webhook_attempts")),
    )
    op.create_table(
        "contacts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("phones", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("emails", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("wechat", sa.Text(), nullable=True),
        sa.Column("birthday", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("preferences", sa.Text(), nullable=True),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("do_not_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("level IN ('top', 'middle', 'base')", name=op.f("ck_contacts_level")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_contacts_workspace_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("workspace_id", "customer_id", "id", name=op.f("uq_contacts_workspace_id_customer_id_id")),
    )
    op.create_index(
        op.f("ix_contacts_workspace_id_created_at_id"),
        "contacts",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_contacts_workspace_id_name_key_id"), "contacts", ["workspace_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "visits",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("planned_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reschedule_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reschedule_reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("start_device_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("start_location", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("start_distance_m", sa.Integer(), nullable=True),
        sa.Column("start_out_of_range", sa.Boolean(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completion_device_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completion_location", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("completion_distance_m", sa.Integer(), nullable=True),
        sa.Column("completion_out_of_range", sa.Boolean(), nullable=True),
        sa.Column("met_contact_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("customer_feedback", sa.Text(), nullable=True),
        sa.Column("next_step", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("own_needs_shared", sa.Boolean(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL AND started_at IS NOT NULL AND result IS NOT NULL AND cardinality(met_contact_ids) > 0)",
            name=op.f("ck_visits_completed_with_a_report"),
        ),
        sa.CheckConstraint(
            "purpose IN ('care', 'sales', 'service', 'complaint', 'collection')", name=op.f("ck_visits_purpose")
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'in_progress', 'completed', 'cancelled')", name=op.f("ck_visits_state")
        ),
        sa.CheckConstraint("completed_at >= started_at", name=op.f("ck_visits_completed_after_it_started")),
        sa.CheckConstraint("planned_end > planned_start", name=op.f("ck_visits_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_visits_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_visits_workspace_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"], name=op.f("fk_visits_workspace_id_team_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_visits")),
    )
    op.create_index(
        op.f("ix_visits_workspace_id_created_at_id"),
        "visits",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_visits_workspace_id_customer_id_planned_start_id"),
        "visits",
        ["workspace_id", "customer_id", "planned_start", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_visits_workspace_id_owner_id_planned_start_id"),
        "visits",
        ["workspace_id", "owner_id", "planned_start", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_visits_workspace_id_planned_start_id"), "visits", ["workspace_id", "planned_start", "id"], unique=False
    )
    op.create_table(
        "interactions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("counts_as_contact", sa.Boolean(), nullable=False),
        sa.Column("automated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "channel IN ('call', 'message', 'email', 'wechat', 'meeting', 'visit', 'other')",
            name=op.f("ck_interactions_channel"),
        ),
        sa.CheckConstraint("direction IN ('outbound', 'inbound')", name=op.f("ck_interactions_direction")),
        sa.CheckConstraint(
            "outcome IN ('reached', 'no_answer', 'left_message', 'refused')", name=op.f("ck_interactions_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id", "contact_id"],
            ["contacts.workspace_id", "contacts.customer_id", "contacts.id"],
            name=op.f("fk_interactions_workspace_id_customer_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_interactions_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_interactions_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_interactions")),
    )
    op.create_index(
        op.f("ix_interactions_workspace_id_created_at_id"),
        "interactions",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_interactions_workspace_id_customer_id_occurred_at_id"),
        "interactions",
        ["workspace_id", "customer_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_interactions_workspace_id_occurred_at_id"),
        "interactions",
        ["workspace_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_teams_workspace_id_manager_id"),
        "teams",
        "users",
        ["workspace_id", "manager_id"],
        ["workspace_id", "id"],
    )
    for step in (*EVENT_PARTITIONS, *SIGN_IN, *DISABLED_AMONG, *ACCESS_CHANGED):
        op.execute(step)
    op.execute("GRANT SELECT ON alembic_version TO rapport_api, rapport_worker")
    for table, grants in GUARDED.items():
        protect(table, **grants)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint(op.f("fk_teams_workspace_id_manager_id"), "teams", type_="foreignkey")
    op.execute("DROP FUNCTION ensure_event_partitions(integer)")
    op.execute("DROP FUNCTION sign_in_candidates(text)")
    op.execute("DROP FUNCTION disabled_among(uuid[], uuid[])")
    for table in GUARDED:
        unprotect(table)
    op.drop_index(op.f("ix_interactions_workspace_id_occurred_at_id"), table_name="interactions")
    op.drop_index(op.f("ix_interactions_workspace_id_customer_id_occurred_at_id"), table_name="interactions")
    op.drop_index(op.f("ix_interactions_workspace_id_created_at_id"), table_name="interactions")
    op.drop_table("interactions")
    op.drop_index(op.f("ix_visits_workspace_id_planned_start_id"), table_name="visits")
    op.drop_index(op.f("ix_visits_workspace_id_owner_id_planned_start_id"), table_name="visits")
    op.drop_index(op.f("ix_visits_workspace_id_customer_id_planned_start_id"), table_name="visits")
    op.drop_index(op.f("ix_visits_workspace_id_created_at_id"), table_name="visits")
    op.drop_table("visits")
    op.drop_index(op.f("ix_contacts_workspace_id_name_key_id"), table_name="contacts")
    op.drop_index(op.f("ix_contacts_workspace_id_created_at_id"), table_name="contacts")
    op.drop_table("contacts")
    op.drop_table("webhook_attempts")
    op.drop_index("one_task_per_dedupe_key", table_name="tasks", postgresql_where=sa.text("dedupe_key IS NOT NULL"))
    op.drop_index(op.f("ix_tasks_workspace_id_subject_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_workspace_id_due_at_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_workspace_id_customer_id_due_at"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_workspace_id_created_at_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_workspace_id_assignee_id_due_at_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index(op.f("ix_sessions_workspace_id_user_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_reminders_workspace_id_subject_id"), table_name="reminders")
    op.drop_index(op.f("ix_reminders_workspace_id_created_at_id"), table_name="reminders")
    op.drop_index(
        "ix_reminders_due_by_workspace", table_name="reminders", postgresql_where=sa.text("state = 'scheduled'")
    )
    op.drop_index("ix_reminders_due", table_name="reminders", postgresql_where=sa.text("state = 'scheduled'"))
    op.drop_table("reminders")
    op.drop_index(op.f("ix_notifications_workspace_id_user_id_created_at_id"), table_name="notifications")
    op.drop_index("ix_notifications_unread", table_name="notifications", postgresql_where=sa.text("read_at IS NULL"))
    op.drop_table("notifications")
    op.drop_index(
        "one_customer_per_registration_code", table_name="customers", postgresql_where=sa.text("archived_at IS NULL")
    )
    op.drop_index(op.f("ix_customers_workspace_id_team_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_workspace_id_parent_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_workspace_id_owner_id_created_at_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_workspace_id_name_key_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_workspace_id_created_at_id"), table_name="customers")
    op.drop_index("ix_customers_next_contact", table_name="customers")
    op.drop_index("ix_customers_last_contact", table_name="customers")
    op.drop_table("customers")
    op.drop_index(
        "ix_webhook_deliveries_under_way",
        table_name="webhook_deliveries",
        postgresql_where=sa.text("lease_id IS NOT NULL"),
    )
    op.drop_index("ix_webhook_deliveries_of_endpoint", table_name="webhook_deliveries")
    op.drop_index(
        "ix_webhook_deliveries_due", table_name="webhook_deliveries", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_table("webhook_deliveries")
    op.drop_index(op.f("ix_users_workspace_id_created_at_id"), table_name="users")
    op.drop_index(op.f("ix_users_email_key"), table_name="users")
    op.drop_table("users")
    op.drop_table("import_problems")
    op.drop_table("import_files")
    op.drop_table("workspaces")
    op.drop_table("worker_heartbeats")
    op.drop_index(op.f("ix_webhook_endpoints_workspace_id_created_at_id"), table_name="webhook_endpoints")
    op.drop_table("webhook_endpoints")
    op.drop_table("warmth_rounds")
    op.drop_index(op.f("ix_teams_workspace_id_created_at_id"), table_name="teams")
    op.drop_table("teams")
    op.drop_table("sign_in_attempts")
    op.drop_index("ix_reactions_settled", table_name="reactions", postgresql_where=sa.text("settled_at IS NOT NULL"))
    op.drop_index(
        "ix_reactions_due_by_workspace", table_name="reactions", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_table("reactions")
    op.drop_index(op.f("ix_imports_workspace_id_created_at_id"), table_name="imports")
    op.drop_index("ix_imports_open", table_name="imports", postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.drop_table("imports")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_events_unpublished", table_name="events", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_events_journal", table_name="events")
    op.drop_index("ix_events_customer", table_name="events", postgresql_where=sa.text("customer_id IS NOT NULL"))
    op.drop_table("events")
    op.drop_index(op.f("ix_customer_tokens_workspace_id_customer_id"), table_name="customer_tokens")
    op.drop_table("customer_tokens")
    op.drop_index(op.f("ix_contact_tokens_workspace_id_contact_id"), table_name="contact_tokens")
    op.drop_table("contact_tokens")
    op.drop_index(op.f("ix_api_keys_workspace_id_created_at_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.execute("DROP FUNCTION announce_access_changed()")
    op.execute("DROP FUNCTION current_workspace_id()")
    op.execute("REVOKE SELECT ON alembic_version FROM rapport_api, rapport_worker")
