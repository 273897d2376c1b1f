"""The clocks of complaints: by the sundown rule and around the clock, one update after the other; what is to be worked
out anew; and, for workspaces that were there before, the policies that a new one begins with.

Revision: complaint_clocks, after complaint_numbers.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "complaint_clocks"
down_revision = "complaint_numbers"
branch_labels = None
depends_on = None

ASSIGNEE, MANAGER, ADMINS = {"to": "assignee"}, {"to": "manager"}, {"to": "role", "role": "admin"}

POLICIES: tuple[dict[str, Any], ...] = (
    {
        "severity": "critical", "en": "Critical", "zh": "危急", "acknowledge": 15, "same_day": False, "response": 60,
        "update": 120, "resolution": 480, "all_day": True,
        "told": {50: [ASSIGNEE], 80: [ASSIGNEE, MANAGER], 100: [ASSIGNEE, MANAGER, ADMINS]},
    },
    {
        "severity": "high", "en": "High", "zh": "高", "acknowledge": 30, "same_day": False, "response": 120,
        "update": 450, "resolution": 960, "all_day": False, "told": {75: [ASSIGNEE], 100: [ASSIGNEE, MANAGER]},
    },
    {
        "severity": "medium", "en": "Medium", "zh": "中", "acknowledge": 120, "same_day": False, "response": 480,
        "update": 900, "resolution": 1440, "all_day": False, "told": {80: [ASSIGNEE], 100: [ASSIGNEE, MANAGER]},
    },
    {
        "severity": "low", "en": "Low", "zh": "低", "acknowledge": None, "same_day": True, "response": 960,
        "update": None, "resolution": 2400, "all_day": False, "told": {100: [ASSIGNEE, MANAGER]},
    },
)  # fmt: skip

A_POLICY_FOR_EACH_WORKSPACE = """
INSERT INTO sla_policies (workspace_id, name, severity, acknowledge_minutes, acknowledge_same_day, response_minutes,
    update_minutes, resolution_minutes, around_the_clock, thresholds, escalation)
SELECT w.workspace_id, CASE w.language WHEN 'en' THEN :en ELSE :zh END, :severity,
    CAST(:acknowledge AS integer), :same_day, :response, CAST(:update AS integer), :resolution, :all_day,
    CAST(:thresholds AS integer[]), CAST(:escalation AS jsonb)
FROM workspaces AS w
WHERE NOT EXISTS (SELECT FROM sla_policies AS p WHERE p.workspace_id = w.workspace_id AND p.severity = :severity)
"""

FORCED = ("workspaces", "sla_policies")


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "sla_recounts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text()),
        sa.Column("calendar_id", sa.Uuid()),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_id", sa.Uuid()),
        sa.Column("looked_at", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("cause IN ('policy', 'calendar')", name=op.f("ck_sla_recounts_cause")),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name=op.f("ck_sla_recounts_severity")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "calendar_id"],
            ["calendars.workspace_id", "calendars.id"],
            name=op.f("fk_sla_recounts_workspace_id_calendar_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sla_recounts")),
    )
    op.create_index(
        op.f("ix_sla_recounts_workspace_id_created_at_id"),
        "sla_recounts",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "one_open_recount",
        "sla_recounts",
        ["workspace_id", "severity", "calendar_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    protect("sla_recounts", scanned=True)
    _clocks()
    _policies()


def _clocks() -> None:
    for name, type_, default in (
        ("turn", sa.Integer(), "1"),
        ("around_the_clock", sa.Boolean(), "false"),
        ("same_day", sa.Boolean(), "false"),
    ):
        op.add_column("sla_clocks", sa.Column(name, type_, server_default=sa.text(default), nullable=False))
    op.drop_constraint("one_clock_per_kind_and_cycle", "sla_clocks", type_="unique")
    op.create_unique_constraint(
        "one_clock_per_kind_and_cycle", "sla_clocks", ["workspace_id", "complaint_id", "kind", "cycle", "turn"]
    )
    op.create_foreign_key(
        op.f("fk_sla_clocks_workspace_id_calendar_id"),
        "sla_clocks",
        "calendars",
        ["workspace_id", "calendar_id"],
        ["workspace_id", "id"],
    )
    op.drop_index("ix_sla_clocks_open_by_policy", "sla_clocks")
    op.drop_index("ix_sla_clocks_next_threshold", "sla_clocks")
    to_come = sa.text("next_threshold_at IS NOT NULL")
    op.create_index("ix_sla_clocks_next_threshold", "sla_clocks", ["next_threshold_at"], postgresql_where=to_come)
    op.create_index(
        "ix_sla_clocks_next_threshold_at_home",
        "sla_clocks",
        ["workspace_id", "next_threshold_at"],
        postgresql_where=to_come,
    )
    op.create_index(
        "ix_sla_clocks_open",
        "sla_clocks",
        ["workspace_id", "complaint_id"],
        postgresql_where=sa.text("stopped_at IS NULL"),
    )


def _policies() -> None:
    same_day: sa.Column[bool] = sa.Column(
        "acknowledge_same_day", sa.Boolean(), server_default=sa.text("false"), nullable=False
    )
    op.add_column("sla_policies", same_day)
    op.create_check_constraint(
        op.f("ck_sla_policies_acknowledge_same_day"),
        "sla_policies",
        "acknowledge_minutes IS NULL OR NOT acknowledge_same_day",
    )
    op.create_check_constraint(
        op.f("ck_sla_policies_category"),
        "sla_policies",
        "category IN ('quality', 'service', 'price', 'delivery', 'integrity', 'other')",
    )
    op.create_foreign_key(
        op.f("fk_sla_policies_workspace_id_calendar_id"),
        "sla_policies",
        "calendars",
        ["workspace_id", "calendar_id"],
        ["workspace_id", "id"],
    )
    for table in FORCED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for policy in POLICIES:
        told = [{"percent": percent, **whom} for percent, people in policy["told"].items() for whom in people]
        given = {name: value for name, value in policy.items() if name != "told"}
        given |= {"thresholds": sorted(policy["told"]), "escalation": json.dumps(told)}
        op.get_bind().execute(sa.text(A_POLICY_FOR_EACH_WORKSPACE), given)
    for table in FORCED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Back. The policies stay, and so does what was promised by them."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint(op.f("fk_sla_policies_workspace_id_calendar_id"), "sla_policies")
    op.drop_constraint(op.f("ck_sla_policies_category"), "sla_policies")
    op.drop_constraint(op.f("ck_sla_policies_acknowledge_same_day"), "sla_policies")
    op.drop_column("sla_policies", "acknowledge_same_day")
    op.drop_index("ix_sla_clocks_open", "sla_clocks")
    op.drop_index("ix_sla_clocks_next_threshold_at_home", "sla_clocks")
    op.drop_index("ix_sla_clocks_next_threshold", "sla_clocks")
    op.create_index(
        "ix_sla_clocks_next_threshold",
        "sla_clocks",
        ["next_threshold_at"],
        postgresql_where=sa.text("state IN ('running', 'breached')"),
    )
    op.create_index(
        "ix_sla_clocks_open_by_policy",
        "sla_clocks",
        ["workspace_id", "policy_id", "id"],
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
    op.drop_constraint(op.f("fk_sla_clocks_workspace_id_calendar_id"), "sla_clocks")
    op.drop_constraint("one_clock_per_kind_and_cycle", "sla_clocks", type_="unique")
    for table in ("sla_clocks", "clock_pauses"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "DELETE FROM clock_pauses AS p USING sla_clocks AS c "
        "WHERE c.workspace_id = p.workspace_id AND c.id = p.clock_id AND c.turn > 1"
    )
    op.execute("DELETE FROM sla_clocks WHERE turn > 1")
    for table in ("sla_clocks", "clock_pauses"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.create_unique_constraint(
        "one_clock_per_kind_and_cycle", "sla_clocks", ["workspace_id", "complaint_id", "kind", "cycle"]
    )
    for name in ("same_day", "around_the_clock", "turn"):
        op.drop_column("sla_clocks", name)
    unprotect("sla_recounts")
    op.drop_table("sla_recounts")
