"""Reminders by the clock on the wall are found by their zone; a rule for contracts that end; absences.

Revision: care_gaps, after import_speed.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

from migrations.guard import protect, unprotect

revision = "care_gaps"
down_revision = "import_speed"
branch_labels = None
depends_on = None

RULE = {
    "key": "contract_ending",
    "en": "Contract ending",
    "zh": "合同即将到期",
    "trigger": {"kind": "nightly", "condition": "contract_ending", "parameters": {"days": 30}},
    "action": {
        "title": {
            "en": "The contract of {customer} ({name}) ends on {date}",
            "zh-CN": "{customer}的合同（{name}）将于{date}到期",
        },
        "kind": "follow_up",
        "after": {"count": 1, "unit": "working_days"},
        "assignee": "owner",
        "remind_before": [0],
    },
}
"""Off: what may hold of many sales at once in a workspace that has been there for long is run dry first."""

A_RULE_FOR_EACH_WORKSPACE = """
INSERT INTO task_rules (workspace_id, key, name, enabled, trigger, action)
SELECT w.workspace_id, :key, CASE w.language WHEN 'zh-CN' THEN :zh ELSE :en END, false,
    CAST(:trigger AS jsonb), CAST(:action AS jsonb)
FROM workspaces AS w
WHERE NOT EXISTS (SELECT FROM task_rules AS r WHERE r.workspace_id = w.workspace_id AND r.key = :key)
"""

NO_OVERLAP = """
ALTER TABLE absences ADD CONSTRAINT no_overlapping_absences EXCLUDE USING gist (
    uuidrange(workspace_id, workspace_id, '[]') WITH &&,
    uuidrange(user_id, user_id, '[]') WITH &&,
    daterange(first_day, last_day, '[]') WITH &&
) WHERE (cancelled_at IS NULL)
"""

MADE_BY_IT = "SELECT id FROM task_rules WHERE key = 'contract_ending'"
FORCED = ("workspaces", "task_rules")
TAKEN_BACK = ("reminders", "tasks", "task_rule_runs", "task_rules")


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_index(
        "ix_reminders_on_the_wall",
        "reminders",
        ["workspace_id", "timezone", "local_time"],
        postgresql_where=text("state = 'scheduled' AND local_time IS NOT NULL"),
    )
    _create_absences()
    for table in FORCED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    given = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for name, value in RULE.items()
    }
    op.get_bind().execute(text(A_RULE_FOR_EACH_WORKSPACE), given)
    for table in FORCED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _create_absences() -> None:
    op.create_table(
        "absences",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("last_day BETWEEN first_day AND first_day + 366", name=op.f("ck_absences_last_day")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_absences_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_absences")),
    )
    op.execute(NO_OVERLAP)
    op.create_index(
        op.f("ix_absences_workspace_id_created_at_id"),
        "absences",
        ["workspace_id", text("created_at DESC"), text("id DESC")],
    )
    op.create_index(
        "ix_absences_of_user",
        "absences",
        ["workspace_id", "user_id", "last_day"],
        postgresql_where=text("cancelled_at IS NULL"),
    )
    protect("absences", worker="SELECT")


def downgrade() -> None:
    """Back, with the tasks that the rule has made."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TAKEN_BACK:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"DELETE FROM reminders WHERE subject_id IN (SELECT id FROM tasks WHERE rule_id IN ({MADE_BY_IT}))")
    op.execute(f"DELETE FROM tasks WHERE rule_id IN ({MADE_BY_IT})")
    op.execute(f"DELETE FROM task_rule_runs WHERE rule_id IN ({MADE_BY_IT})")
    op.execute("DELETE FROM task_rules WHERE key = 'contract_ending'")
    for table in TAKEN_BACK:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.drop_index("ix_reminders_on_the_wall", "reminders")
    unprotect("absences")
    op.drop_table("absences")
