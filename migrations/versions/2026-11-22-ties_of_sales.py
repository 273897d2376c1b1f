"""Rules that watch over sales, for workspaces that were there before; the sale that a visit is for;
contracts that expire and their renewals.

Revision: ties, after firing.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "ties"
down_revision = "firing"
branch_labels = None
depends_on = None

RULES = (
    {
        "key": "no_next_step",
        "en": "Sale without a next step",
        "zh": "商机没有下一步",
        "trigger": {"kind": "nightly", "condition": "no_next_step", "parameters": {"working_days": 2}},
        "action": {
            "title": {
                "en": "What comes next with {name} ({customer})?",
                "zh-CN": "{customer}的商机{name}没有下一步计划，请安排",
            },
            "kind": "follow_up",
            "after": {"count": 1, "unit": "working_days"},
            "assignee": "owner",
            "remind_before": [0],
        },
    },
    {
        "key": "card_review_due",
        "en": "Card review due",
        "zh": "商机卡片待复核",
        "trigger": {"kind": "nightly", "condition": "card_review_due", "parameters": {"days": 0}},
        "action": {
            "title": {
                "en": "Review the card of {name} ({customer})",
                "zh-CN": "请复核{customer}的商机{name}的卡片",
            },
            "kind": "card_review",
            "after": {"count": 0, "unit": "days"},
            "assignee": "owner",
            "remind_before": [0],
        },
    },
)
"""Off: what may hold of every sale at once in a workspace that has been there for long is run dry first."""

A_RULE_FOR_EACH_WORKSPACE = """
INSERT INTO task_rules (workspace_id, key, name, enabled, trigger, action)
SELECT w.workspace_id, :key, CASE w.language WHEN 'zh-CN' THEN :zh ELSE :en END, false,
    CAST(:trigger AS jsonb), CAST(:action AS jsonb)
FROM workspaces AS w
WHERE NOT EXISTS (SELECT FROM task_rules AS r WHERE r.workspace_id = w.workspace_id AND r.key = :key)
"""

FORCED = ("workspaces", "task_rules")


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("visits", sa.Column("opportunity_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_visits_workspace_id_customer_id_opportunity_id"),
        "visits",
        "opportunities",
        ["workspace_id", "customer_id", "opportunity_id"],
        ["workspace_id", "customer_id", "id"],
    )
    op.create_index(
        "ix_visits_of_sales",
        "visits",
        ["workspace_id", "opportunity_id", "planned_start"],
        postgresql_where=sa.text("opportunity_id IS NOT NULL"),
    )
    op.add_column("opportunities", sa.Column("renewal_of_id", sa.Uuid(), nullable=True))
    op.add_column("opportunities", sa.Column("contract_expired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_opportunities_workspace_id_renewal_of_id"),
        "opportunities",
        "opportunities",
        ["workspace_id", "renewal_of_id"],
        ["workspace_id", "id"],
    )
    op.create_index(
        "one_renewal_of_each",
        "opportunities",
        ["workspace_id", "renewal_of_id"],
        unique=True,
        postgresql_where=sa.text("renewal_of_id IS NOT NULL"),
    )
    op.create_index(
        "ix_opportunities_in_contract",
        "opportunities",
        ["workspace_id", "contract_ends_on"],
        postgresql_where=sa.text("state = 'won' AND contract_expired_at IS NULL"),
    )
    for table in FORCED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for rule in RULES:
        given = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in rule.items()
        }
        op.get_bind().execute(sa.text(A_RULE_FOR_EACH_WORKSPACE), given)
    for table in FORCED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Back, with the tasks that these rules have made."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    tables = ("reminders", "tasks", "task_rule_runs", "task_rules")
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    rules = "SELECT id FROM task_rules WHERE key IN ('no_next_step', 'card_review_due')"
    op.execute(f"DELETE FROM reminders WHERE subject_id IN (SELECT id FROM tasks WHERE rule_id IN ({rules}))")
    op.execute(f"DELETE FROM tasks WHERE rule_id IN ({rules})")
    op.execute(f"DELETE FROM task_rule_runs WHERE rule_id IN ({rules})")
    op.execute("DELETE FROM task_rules WHERE key IN ('no_next_step', 'card_review_due')")
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.drop_index("ix_visits_of_sales", "visits")
    op.drop_constraint(op.f("fk_visits_workspace_id_customer_id_opportunity_id"), "visits")
    op.drop_column("visits", "opportunity_id")
    op.drop_index("ix_opportunities_in_contract", "opportunities")
    op.drop_index("one_renewal_of_each", "opportunities")
    op.drop_constraint(op.f("fk_opportunities_workspace_id_renewal_of_id"), "opportunities")
    op.drop_column("opportunities", "contract_expired_at")
    op.drop_column("opportunities", "renewal_of_id")
