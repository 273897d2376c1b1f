"""Reminders by the clock on the wall, of one's own, put off, acknowledged, told to the manager.

Revision: reminders2, after visits2.
"""

import sqlalchemy as sa
from alembic import op

revision = "reminders2"
down_revision = "visits2"
branch_labels = None
depends_on = None

WORDS = {
    "state": "'scheduled', 'fired', 'acknowledged', 'cancelled'",
    "cancelled_because": "'task_done', 'task_cancelled', 'rescheduled', 'user_disabled', 'do_not_contact', "
    "'cancelled_by_hand'",
    "kind": "'task', 'personal'",
    "caution": "'do_not_contact'",
    "moved_because": "'snoozed', 'changed', 'timezone_changed'",
}
FORMER_WORDS = {
    "state": "'scheduled', 'fired', 'cancelled'",
    "cancelled_because": "'task_done', 'task_cancelled', 'rescheduled', 'user_disabled'",
}
CHECKS = {
    "local_time": "(local_time IS NULL) = (timezone IS NULL)",
    "cancelled": "(state = 'cancelled') = (cancelled_because IS NOT NULL)",
    "fired": "(state IN ('fired', 'acknowledged')) = (fired_at IS NOT NULL)",
    "acknowledged": "(state = 'acknowledged') = (acknowledged_at IS NOT NULL)",
    "escalated": "(escalated_at IS NULL) = (escalated_to_id IS NULL)",
    "escalate_at": "escalate_at IS NULL OR state = 'fired'",
}

SHUNNED_AMONG = (
    """
CREATE FUNCTION not_to_be_contacted(workspace_ids uuid[], customer_ids uuid[], subject_ids uuid[])
RETURNS TABLE (workspace_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Firing looks over all workspaces and may not see customers or people: of these it learns who wants to be left alone.
    SELECT DISTINCT c.workspace_id, c.id
    FROM unnest(workspace_ids, customer_ids) AS asked (workspace_id, id) JOIN customers AS c USING (workspace_id, id)
    WHERE c.do_not_contact
    UNION ALL
    SELECT DISTINCT c.workspace_id, c.id
    FROM unnest(workspace_ids, subject_ids) AS asked (workspace_id, id) JOIN contacts AS c USING (workspace_id, id)
    WHERE c.do_not_contact
$$
""",
    "REVOKE ALL ON FUNCTION not_to_be_contacted(uuid[], uuid[], uuid[]) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION not_to_be_contacted(uuid[], uuid[], uuid[]) TO rapport_worker",
    "GRANT SELECT (workspace_id, id, do_not_contact) ON customers, contacts TO rapport_gate",
    "CREATE POLICY gate ON customers FOR SELECT TO rapport_gate USING (true)",
    "CREATE POLICY gate ON contacts FOR SELECT TO rapport_gate USING (true)",
    "ALTER FUNCTION not_to_be_contacted(uuid[], uuid[], uuid[]) OWNER TO rapport_gate",
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for column in (
        sa.Column("kind", sa.Text(), server_default="task", nullable=False),
        sa.Column("local_time", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("follows_timezone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("moved_because", sa.Text(), nullable=True),
        sa.Column("asks_for_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("caution", sa.Text(), nullable=True),
        sa.Column("snooze_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalates", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_to_id", sa.Uuid(), nullable=True),
    ):
        op.add_column("reminders", column)
    for name in FORMER_WORDS:
        op.drop_constraint(op.f(f"ck_reminders_{name}"), "reminders")
    for name, words in WORDS.items():
        op.create_check_constraint(op.f(f"ck_reminders_{name}"), "reminders", f"{name} IN ({words})")
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_reminders_{name}"), "reminders", condition)
    op.create_foreign_key(
        op.f("fk_reminders_workspace_id_escalated_to_id"),
        "reminders",
        "users",
        ["workspace_id", "escalated_to_id"],
        ["workspace_id", "id"],
    )
    op.create_index(
        "ix_reminders_escalating",
        "reminders",
        ["escalate_at", "workspace_id"],
        postgresql_where=sa.text("escalate_at IS NOT NULL"),
    )
    op.create_index(
        "ix_reminders_following",
        "reminders",
        ["workspace_id", "user_id"],
        postgresql_where=sa.text("state = 'scheduled' AND follows_timezone"),
    )
    op.add_column("notifications", sa.Column("reminder_id", sa.Uuid(), nullable=True))
    op.add_column("notifications", sa.Column("caution", sa.Text(), nullable=True))
    op.add_column("notifications", sa.Column("ignored_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notifications_workspace_id_ignored_by_id"),
        "notifications",
        "users",
        ["workspace_id", "ignored_by_id"],
        ["workspace_id", "id"],
    )
    for statement in SHUNNED_AMONG:
        op.execute(statement)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP FUNCTION not_to_be_contacted(uuid[], uuid[], uuid[])")
    for table in ("customers", "contacts"):
        op.execute(f"DROP POLICY gate ON {table}")
        op.execute(f"REVOKE SELECT (workspace_id, id, do_not_contact) ON {table} FROM rapport_gate")
    op.drop_constraint(op.f("fk_notifications_workspace_id_ignored_by_id"), "notifications")
    for name in ("ignored_by_id", "caution", "reminder_id"):
        op.drop_column("notifications", name)
    op.drop_index("ix_reminders_following", table_name="reminders")
    op.drop_index("ix_reminders_escalating", table_name="reminders")
    op.drop_constraint(op.f("fk_reminders_workspace_id_escalated_to_id"), "reminders")
    for name in (*CHECKS, *WORDS):
        op.drop_constraint(op.f(f"ck_reminders_{name}"), "reminders")
    op.execute("ALTER TABLE reminders NO FORCE ROW LEVEL SECURITY")
    # What an older release has no word for: what was acknowledged was said, and what is of no task cannot be kept.
    op.execute("DELETE FROM reminders WHERE kind = 'personal'")
    op.execute("UPDATE reminders SET state = 'fired' WHERE state = 'acknowledged'")
    op.execute(
        "UPDATE reminders SET cancelled_because = 'rescheduled' "
        "WHERE cancelled_because IN ('do_not_contact', 'cancelled_by_hand')"
    )
    op.execute("ALTER TABLE reminders FORCE ROW LEVEL SECURITY")
    for name, words in FORMER_WORDS.items():
        op.create_check_constraint(op.f(f"ck_reminders_{name}"), "reminders", f"{name} IN ({words})")
    for name in (
        "escalated_to_id",
        "escalated_at",
        "escalate_at",
        "escalates",
        "acknowledged_at",
        "snooze_count",
        "caution",
        "asks_for_contact",
        "moved_because",
        "follows_timezone",
        "timezone",
        "local_time",
        "kind",
    ):
        op.drop_column("reminders", name)
