"""Rules that make tasks, tasks that repeat, chains of them, and what is overdue; the rules that the product comes with.

Revision: taskrules, after reminders2.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "taskrules"
down_revision = "reminders2"
branch_labels = None
depends_on = None


KINDS = "'follow_up', 'next_step', 'contact_due'"
MORE_KINDS = f"{KINDS}, 'visit', 'birthday', 'callback', 'revisit', 'card_review', 'contract_expiry'"
SUBJECTS = "'customer', 'contact', 'visit', 'privacy_request'"
MORE_SUBJECTS = "'customer', 'contact', 'visit', 'interaction', 'opportunity', 'complaint', 'privacy_request'"

SHIPPED = json.loads("""
[
    {"key": "next_contact_due", "name": {"en": "Next contact due", "zh-CN": "到期联系"}, "enabled": true, "trigger": {"kind": "care"}, "action": {}},
    {"key": "birthday_soon", "name": {"en": "Birthday in three working days", "zh-CN": "生日提前三个工作日提醒"}, "enabled": true, "trigger": {"kind": "nightly", "condition": "birthday", "parameters": {"days_before": 3, "working_days": true}}, "action": {"title": {"en": "The birthday of {name} ({customer}) is on {date}", "zh-CN": "{customer}{name}的生日是{date}"}, "kind": "birthday", "after": {"count": 0, "unit": "days"}, "assignee": "owner", "remind_before": [0], "at": "09:00"}},
    {"key": "birthday_today", "name": {"en": "Birthday today", "zh-CN": "生日当天问候"}, "enabled": true, "trigger": {"kind": "nightly", "condition": "birthday", "parameters": {"days_before": 0, "working_days": false}}, "action": {"title": {"en": "Congratulate {name} ({customer}): today is the birthday", "zh-CN": "今天是{customer}{name}的生日，请送上祝福"}, "kind": "birthday", "after": {"count": 0, "unit": "days"}, "assignee": "owner", "remind_before": [0], "at": "09:00"}},
    {"key": "visit_missed", "name": {"en": "Visit missed", "zh-CN": "错过拜访"}, "enabled": true, "trigger": {"kind": "event", "event": "visit.missed", "where": []}, "action": {"title": {"en": "Agree on another day with {customer}: the visit was missed", "zh-CN": "与{customer}另约时间：原定拜访未完成"}, "kind": "callback", "after": {"count": 1, "unit": "working_days"}, "assignee": "owner", "remind_before": [0]}},
    {"key": "complaint_answered", "name": {"en": "Complaint answered: call back", "zh-CN": "投诉答复后回访"}, "enabled": true, "trigger": {"kind": "event", "event": "complaint.communicated", "where": []}, "action": {"title": {"en": "Call {customer}: is the answer to the complaint what they need?", "zh-CN": "回访{customer}：对投诉答复是否满意"}, "kind": "follow_up", "after": {"count": 3, "unit": "working_days"}, "assignee": "owner", "remind_before": [0]}},
    {"key": "long_absent", "name": {"en": "Customer long absent", "zh-CN": "客户长期未联系"}, "enabled": false, "trigger": {"kind": "nightly", "condition": "long_absent", "parameters": {"days": 120}}, "action": {"title": {"en": "Nobody was in touch with {customer} since long: visit or call", "zh-CN": "{customer}已长期未联系，请回访"}, "kind": "revisit", "after": {"count": 2, "unit": "working_days"}, "assignee": "owner", "remind_before": [0], "again_after_days": 60}},
    {"key": "interrupted", "name": {"en": "Customer interrupted", "zh-CN": "客户联系中断"}, "enabled": false, "trigger": {"kind": "nightly", "condition": "interrupted", "parameters": {"times": 2}}, "action": {"title": {"en": "Contact with {customer} was interrupted: ask why", "zh-CN": "与{customer}的联系已中断，请了解原因"}, "kind": "revisit", "after": {"count": 2, "unit": "working_days"}, "assignee": "owner", "remind_before": [0]}},
    {"key": "stage_unchanged", "name": {"en": "Relationship stage unchanged", "zh-CN": "客户关系停滞"}, "enabled": false, "trigger": {"kind": "nightly", "condition": "stage_unchanged", "parameters": {"days": 180}}, "action": {"title": {"en": "The relationship with {customer} stands still: what is the next step?", "zh-CN": "与{customer}的关系长期未推进，请计划下一步"}, "kind": "follow_up", "after": {"count": 3, "unit": "working_days"}, "assignee": "owner", "remind_before": [0], "again_after_days": 180}},
    {"key": "verification_due", "name": {"en": "File to be verified", "zh-CN": "客户档案待核实"}, "enabled": false, "trigger": {"kind": "nightly", "condition": "date_reached", "parameters": {"field": "verified_on", "days": 365, "when": "after"}}, "action": {"title": {"en": "Verify the file of {customer}", "zh-CN": "核实{customer}的客户档案"}, "kind": "follow_up", "after": {"count": 5, "unit": "working_days"}, "assignee": "owner", "remind_before": [0]}}
]
""")
"""The rules of the product as they were when this was written.

Off is what may hold of everybody at once in a workspace that has been there for long.
"""

A_RULE_FOR_EACH_WORKSPACE = """
INSERT INTO task_rules (workspace_id, key, name, enabled, trigger, action, event_type)
SELECT w.workspace_id, :key, CASE w.language WHEN 'zh-CN' THEN :zh ELSE :en END, :enabled,
    CAST(:trigger AS jsonb), CAST(:action AS jsonb), CAST(:trigger AS jsonb) ->> 'event'
FROM workspaces AS w
"""

STAGES_ENTERED = """
UPDATE customers AS c SET stage_entered_at = f.at FROM (
    SELECT workspace_id, customer_id, max(occurred_at) AS at FROM events
    WHERE type = 'customer.relationship_stage_changed' GROUP BY 1, 2) AS f
WHERE c.workspace_id = f.workspace_id AND c.id = f.customer_id
"""
"""When each relationship came to its stage, where it has ever moved."""

READ = ("workspaces", "customers", "events")


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "task_chains",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_task_chains")),
    )
    op.create_index(
        op.f("ix_task_chains_workspace_id_created_at_id"),
        "task_chains",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "task_rule_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("done_for", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_task_rule_rounds")),
    )
    op.create_table(
        "task_rules",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("trigger", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("action", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_task_rules")),
        sa.UniqueConstraint("workspace_id", "key", name="one_task_rule_per_key"),
    )
    op.create_index(
        "ix_task_rules_of_event",
        "task_rules",
        ["workspace_id", "event_type"],
        unique=False,
        postgresql_where=sa.text("event_type IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_task_rules_workspace_id_created_at_id"),
        "task_rules",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "task_rule_runs",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("skipped", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_task_rule_runs_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "rule_id"],
            ["task_rules.workspace_id", "task_rules.id"],
            name=op.f("fk_task_rule_runs_workspace_id_rule_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_task_rule_runs")),
        sa.UniqueConstraint("workspace_id", "rule_id", "day", name=op.f("uq_task_rule_runs_workspace_id_rule_id_day")),
    )
    op.create_table(
        "task_series",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rrule", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="follow_up", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("remind_before", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{0}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("last_at", sa.Text(), nullable=True),
        sa.Column("made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('follow_up', 'next_step', 'contact_due', 'visit', 'birthday', 'callback', 'revisit', 'card_review', 'contract_expiry')",
            name=op.f("ck_task_series_kind"),
        ),
        sa.CheckConstraint("state IN ('active', 'ended')", name=op.f("ck_task_series_state")),
        sa.CheckConstraint(
            "subject_type IN ('customer', 'contact', 'visit', 'interaction', 'opportunity', 'complaint', 'privacy_request')",
            name=op.f("ck_task_series_subject_type"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "assignee_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_task_series_workspace_id_assignee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_task_series_workspace_id_team_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_task_series")),
    )
    op.create_index(
        "ix_task_series_due",
        "task_series",
        ["workspace_id", "next_look_at"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        op.f("ix_task_series_workspace_id_assignee_id"), "task_series", ["workspace_id", "assignee_id"], unique=False
    )
    op.create_index(
        op.f("ix_task_series_workspace_id_created_at_id"),
        "task_series",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.add_column("customers", sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("rule_id", sa.Uuid(), nullable=True))
    op.add_column("tasks", sa.Column("series_id", sa.Uuid(), nullable=True))
    op.add_column("tasks", sa.Column("chain_id", sa.Uuid(), nullable=True))
    op.add_column("tasks", sa.Column("chain_run_id", sa.Uuid(), nullable=True))
    op.add_column("tasks", sa.Column("chain_step", sa.Integer(), nullable=True))
    op.add_column("tasks", sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("escalated_to_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_tasks_not_told_overdue",
        "tasks",
        ["workspace_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND overdue_at IS NULL"),
    )
    op.create_index(
        "ix_tasks_of_rule",
        "tasks",
        ["workspace_id", "rule_id"],
        unique=False,
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tasks_of_series",
        "tasks",
        ["workspace_id", "series_id"],
        unique=False,
        postgresql_where=sa.text("series_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_tasks_workspace_id_rule_id"),
        "tasks",
        "task_rules",
        ["workspace_id", "rule_id"],
        ["workspace_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_tasks_workspace_id_series_id"),
        "tasks",
        "task_series",
        ["workspace_id", "series_id"],
        ["workspace_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_tasks_workspace_id_escalated_to_id"),
        "tasks",
        "users",
        ["workspace_id", "escalated_to_id"],
        ["workspace_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_tasks_workspace_id_chain_id"),
        "tasks",
        "task_chains",
        ["workspace_id", "chain_id"],
        ["workspace_id", "id"],
    )
    say_again("tasks", MORE_SUBJECTS, MORE_KINDS)
    op.create_check_constraint("chain_step", "tasks", "(chain_id IS NULL) = (chain_step IS NULL)")
    for table in READ:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for rule in SHIPPED:
        given = {
            "key": rule["key"],
            "en": rule["name"]["en"],
            "zh": rule["name"]["zh-CN"],
            "enabled": rule["enabled"],
            "trigger": json.dumps(rule["trigger"]),
            "action": json.dumps(rule["action"], ensure_ascii=False),
        }
        op.get_bind().execute(sa.text(A_RULE_FOR_EACH_WORKSPACE), given)
    op.execute(STAGES_ENTERED)
    for table in READ:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    protect("task_chains")
    protect("task_rule_rounds", api="", scanned=True)
    protect("task_rules", scanned=True)
    protect("task_rule_runs", api="SELECT")
    protect("task_series", scanned=True)


def say_again(table: str, subjects: str, kinds: str) -> None:
    """What a task may be about, and which kinds there are."""
    for name, words in (("subject_type", subjects), ("kind", kinds)):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.create_check_constraint(name, table, f"{name} IN ({words})")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("task_series", "task_rule_runs", "task_rules", "task_rule_rounds", "task_chains"):
        unprotect(table)
    op.drop_constraint(op.f("ck_tasks_chain_step"), "tasks")
    op.execute("ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY")
    op.execute(f"UPDATE tasks SET kind = 'follow_up' WHERE kind NOT IN ({KINDS})")
    op.execute(
        f"UPDATE tasks SET subject_type = 'customer', subject_id = customer_id WHERE subject_type NOT IN ({SUBJECTS})"
    )
    op.execute("ALTER TABLE tasks FORCE ROW LEVEL SECURITY")
    say_again("tasks", SUBJECTS, KINDS)
    op.drop_constraint(op.f("fk_tasks_workspace_id_chain_id"), "tasks", type_="foreignkey")
    op.drop_constraint(op.f("fk_tasks_workspace_id_escalated_to_id"), "tasks", type_="foreignkey")
    op.drop_constraint(op.f("fk_tasks_workspace_id_series_id"), "tasks", type_="foreignkey")
    op.drop_constraint(op.f("fk_tasks_workspace_id_rule_id"), "tasks", type_="foreignkey")
    op.drop_index("ix_tasks_of_series", table_name="tasks", postgresql_where=sa.text("series_id IS NOT NULL"))
    op.drop_index("ix_tasks_of_rule", table_name="tasks", postgresql_where=sa.text("rule_id IS NOT NULL"))
    op.drop_index(
        "ix_tasks_not_told_overdue",
        table_name="tasks",
        postgresql_where=sa.text("state = 'open' AND overdue_at IS NULL"),
    )
    op.drop_column("tasks", "escalated_to_id")
    op.drop_column("tasks", "overdue_at")
    op.drop_column("tasks", "chain_step")
    op.drop_column("tasks", "chain_run_id")
    op.drop_column("tasks", "chain_id")
    op.drop_column("tasks", "series_id")
    op.drop_column("tasks", "rule_id")
    op.drop_column("customers", "stage_entered_at")
    op.drop_index(op.f("ix_task_series_workspace_id_created_at_id"), table_name="task_series")
    op.drop_index(op.f("ix_task_series_workspace_id_assignee_id"), table_name="task_series")
    op.drop_index("ix_task_series_due", table_name="task_series", postgresql_where=sa.text("state = 'active'"))
    op.drop_table("task_series")
    op.drop_table("task_rule_runs")
    op.drop_index(op.f("ix_task_rules_workspace_id_created_at_id"), table_name="task_rules")
    op.drop_index("ix_task_rules_of_event", table_name="task_rules", postgresql_where=sa.text("event_type IS NOT NULL"))
    op.drop_table("task_rules")
    op.drop_table("task_rule_rounds")
    op.drop_index(op.f("ix_task_chains_workspace_id_created_at_id"), table_name="task_chains")
    op.drop_table("task_chains")
