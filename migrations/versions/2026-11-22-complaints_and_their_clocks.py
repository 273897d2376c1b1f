"""Complaints, the promises made to whoever complains, and the clocks that hold us to them.

Revision: complaints, after care_gaps.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "complaints"
down_revision = "care_gaps"
branch_labels = None
depends_on = None

TABLES = (
    "clock_pauses",
    "sla_clocks",
    "complaint_steps",
    "complaint_numbers",
    "complaints",
    "sla_policies",
)

KINDS = (
    "'follow_up', 'next_step', 'contact_due', 'visit', 'birthday', 'callback', 'revisit', 'card_review', "
    "'contract_expiry'"
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "complaint_numbers",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "year", name=op.f("pk_complaint_numbers")),
    )
    op.create_table(
        "sla_policies",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("customer_class", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("acknowledge_minutes", sa.Integer()),
        sa.Column("response_minutes", sa.Integer()),
        sa.Column("update_minutes", sa.Integer()),
        sa.Column("resolution_minutes", sa.Integer()),
        sa.Column("around_the_clock", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("calendar_id", sa.Uuid()),
        sa.Column("thresholds", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{100}'"), nullable=False),
        sa.Column("escalation", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "customer_class IN ('key', 'potential', 'ordinary')", name=op.f("ck_sla_policies_customer_class")
        ),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name=op.f("ck_sla_policies_severity")),
        sa.CheckConstraint("acknowledge_minutes > 0", name=op.f("ck_sla_policies_acknowledge_minutes")),
        sa.CheckConstraint("resolution_minutes > 0", name=op.f("ck_sla_policies_resolution_minutes")),
        sa.CheckConstraint("response_minutes > 0", name=op.f("ck_sla_policies_response_minutes")),
        sa.CheckConstraint("update_minutes > 0", name=op.f("ck_sla_policies_update_minutes")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sla_policies")),
    )
    op.create_index(
        op.f("ix_sla_policies_workspace_id_created_at_id"),
        "sla_policies",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "one_policy_per_case",
        "sla_policies",
        ["workspace_id", "severity", "customer_class", "category"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "complaints",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("complainer", postgresql.JSONB()),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Uuid()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("category", sa.Text(), server_default="other", nullable=False),
        sa.Column("severity", sa.Text(), server_default="medium", nullable=False),
        sa.Column("remedy_sought", sa.Text()),
        sa.Column("remedy_note", sa.Text()),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("resume_to", sa.Text()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("assignee_id", sa.Uuid()),
        sa.Column("responsible_id", sa.Uuid()),
        sa.Column("validity", sa.Text(), server_default="pending", nullable=False),
        sa.Column("cause_kind", sa.Text()),
        sa.Column("root_cause", sa.Text()),
        sa.Column("corrective_action", sa.Text()),
        sa.Column("eight_d", postgresql.JSONB()),
        sa.Column("solution", sa.Text()),
        sa.Column("solution_answers_remedy", sa.Boolean()),
        sa.Column("remedy_answer", sa.Text()),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("proposed_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("cost", sa.Numeric(precision=18, scale=2)),
        sa.Column("cost_currency", sa.Text()),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.Uuid()),
        sa.Column("assessed_at", sa.DateTime(timezone=True)),
        sa.Column("informed_at", sa.DateTime(timezone=True)),
        sa.Column("communicated_at", sa.DateTime(timezone=True)),
        sa.Column("implemented_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_because", sa.Text()),
        sa.Column("close_attempts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("rejection_reason", sa.Text()),
        sa.Column("alternatives_told", sa.Text()),
        sa.Column("withdrawn_reason", sa.Text()),
        sa.Column("reopened_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cycle", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("satisfaction", sa.Integer()),
        sa.Column("check_effect_on", sa.Date()),
        sa.Column("effective", sa.Boolean()),
        sa.Column("repeat_of_id", sa.Uuid()),
        sa.Column("visit_id", sa.Uuid()),
        sa.Column("opportunity_id", sa.Uuid()),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("lot", sa.Text()),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_complaints_closed_at")),
        sa.CheckConstraint(
            "(state = 'waiting_customer') = (resume_to IS NOT NULL)", name=op.f("ck_complaints_resume_to")
        ),
        sa.CheckConstraint(
            "category IN ('quality', 'service', 'price', 'delivery', 'integrity', 'other')",
            name=op.f("ck_complaints_category"),
        ),
        sa.CheckConstraint(
            "cause_kind IN ('product', 'process', 'person', 'supplier', 'information', 'customer_use', 'other')",
            name=op.f("ck_complaints_cause_kind"),
        ),
        sa.CheckConstraint(
            "channel IN ('phone', 'email', 'visit', 'web_form', 'social', 'chat', 'letter', 'other')",
            name=op.f("ck_complaints_channel"),
        ),
        sa.CheckConstraint(
            "closed_because IN ('confirmed', 'not_reached', 'rejected', 'withdrawn')",
            name=op.f("ck_complaints_closed_because"),
        ),
        sa.CheckConstraint(
            "remedy_sought IN ('repair', 'replace', 'refund', 'discount', 'redo', 'apology', 'explanation', 'other')",
            name=op.f("ck_complaints_remedy_sought"),
        ),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name=op.f("ck_complaints_severity")),
        sa.CheckConstraint(
            "state IN ('received', 'acknowledged', 'assessing', 'investigating', 'waiting_customer', 'solution_proposed', 'approved', 'communicated', 'implementing', 'resolved', 'closed', 'rejected', 'withdrawn')",
            name=op.f("ck_complaints_state"),
        ),
        sa.CheckConstraint(
            "validity IN ('pending', 'upheld', 'partly', 'rejected')", name=op.f("ck_complaints_validity")
        ),
        sa.CheckConstraint("(cost IS NULL) = (cost_currency IS NULL)", name=op.f("ck_complaints_cost")),
        sa.CheckConstraint("assignee_id <> responsible_id", name=op.f("ck_complaints_assignee_is_not_responsible")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_complaints_cost_is_not_negative")),
        sa.CheckConstraint("proposed_by <> approved_by", name=op.f("ck_complaints_proposer_does_not_approve")),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name=op.f("ck_complaints_satisfaction")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "approved_by"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_complaints_workspace_id_approved_by"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "assignee_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_complaints_workspace_id_assignee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id", "contact_id"],
            ["contacts.workspace_id", "contacts.customer_id", "contacts.id"],
            name=op.f("fk_complaints_workspace_id_customer_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_complaints_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("fk_complaints_workspace_id_opportunity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("fk_complaints_workspace_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "proposed_by"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_complaints_workspace_id_proposed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "received_by"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_complaints_workspace_id_received_by"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "repeat_of_id"],
            ["complaints.workspace_id", "complaints.id"],
            name=op.f("fk_complaints_workspace_id_repeat_of_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "responsible_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_complaints_workspace_id_responsible_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_complaints_workspace_id_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "visit_id"],
            ["visits.workspace_id", "visits.id"],
            name=op.f("fk_complaints_workspace_id_visit_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("workspace_id", "number", name="one_complaint_per_number"),
    )
    op.create_index(
        "ix_complaints_due",
        "complaints",
        ["workspace_id", sa.literal_column("least(due_at, '9999-12-31 00:00:00+00'::timestamptz)"), "id"],
    )
    op.create_index(
        op.f("ix_complaints_workspace_id_assignee_id_state"), "complaints", ["workspace_id", "assignee_id", "state"]
    )
    op.create_index(
        op.f("ix_complaints_workspace_id_created_at_id"),
        "complaints",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        op.f("ix_complaints_workspace_id_customer_id_received_at"),
        "complaints",
        ["workspace_id", "customer_id", "received_at"],
    )
    op.create_index(
        op.f("ix_complaints_workspace_id_received_at_id"), "complaints", ["workspace_id", "received_at", "id"]
    )
    op.create_table(
        "complaint_steps",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text()),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("note", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "step IN ('receive', 'acknowledge', 'assess', 'assign', 'investigate', 'wait_customer', 'resume', 'propose', 'approve', 'send_back', 'communicate', 'accept', 'refuse', 'implement', 'resolve', 'attempt', 'close', 'reject', 'withdraw', 'reopen', 'inform', 'escalate')",
            name=op.f("ck_complaint_steps_step"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "complaint_id"],
            ["complaints.workspace_id", "complaints.id"],
            name=op.f("fk_complaint_steps_workspace_id_complaint_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_complaint_steps")),
    )
    op.create_index(
        op.f("ix_complaint_steps_workspace_id_complaint_id_at"),
        "complaint_steps",
        ["workspace_id", "complaint_id", "at"],
    )
    op.create_table(
        "sla_clocks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("policy_id", sa.Uuid()),
        sa.Column("calendar_id", sa.Uuid()),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("paused_minutes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("thresholds", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("next_threshold_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(state = 'paused') = (paused_at IS NOT NULL)", name=op.f("ck_sla_clocks_paused_at")),
        sa.CheckConstraint(
            "(state IN ('met', 'met_late', 'cancelled')) = (stopped_at IS NOT NULL)",
            name=op.f("ck_sla_clocks_stopped_at"),
        ),
        sa.CheckConstraint(
            "kind IN ('acknowledge', 'response', 'update', 'resolution')", name=op.f("ck_sla_clocks_kind")
        ),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'met', 'breached', 'met_late', 'cancelled')",
            name=op.f("ck_sla_clocks_state"),
        ),
        sa.CheckConstraint("due_at >= started_at", name=op.f("ck_sla_clocks_due_after_it_started")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "complaint_id"],
            ["complaints.workspace_id", "complaints.id"],
            name=op.f("fk_sla_clocks_workspace_id_complaint_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "policy_id"],
            ["sla_policies.workspace_id", "sla_policies.id"],
            name=op.f("fk_sla_clocks_workspace_id_policy_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sla_clocks")),
        sa.UniqueConstraint("workspace_id", "complaint_id", "kind", "cycle", name="one_clock_per_kind_and_cycle"),
    )
    op.create_index(
        "ix_sla_clocks_next_threshold",
        "sla_clocks",
        ["next_threshold_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('running', 'breached')"),
    )
    op.create_index(
        "ix_sla_clocks_open_by_policy",
        "sla_clocks",
        ["workspace_id", "policy_id", "id"],
        unique=False,
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
    op.create_table(
        "clock_pauses",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True)),
        sa.Column("minutes", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "clock_id"],
            ["sla_clocks.workspace_id", "sla_clocks.id"],
            name=op.f("fk_clock_pauses_workspace_id_clock_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_clock_pauses")),
    )
    op.create_index(
        op.f("ix_clock_pauses_workspace_id_clock_id_paused_at"),
        "clock_pauses",
        ["workspace_id", "clock_id", "paused_at"],
    )
    exported("'customers', 'contacts', 'opportunities', 'complaints'")
    say_again(f"{KINDS}, 'corrective_action', 'effectiveness_check'")
    protect("sla_policies", worker="SELECT")
    protect("complaints")
    protect("complaint_numbers")
    # A history is only added to; erasing takes people out of its notes.
    protect(
        "complaint_steps",
        api="SELECT, INSERT, UPDATE (note, version, updated_at)",
        worker="SELECT, INSERT, UPDATE (note, version, updated_at)",
    )
    protect("sla_clocks", scanned=True)
    protect("clock_pauses")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("tasks", "task_series"):
        op.execute(f"UPDATE {table} SET kind = 'follow_up' WHERE kind NOT IN ({KINDS})")
    say_again(KINDS)
    op.execute("DELETE FROM exports WHERE noun = 'complaints'")
    exported("'customers', 'contacts', 'opportunities'")
    for table in TABLES:
        unprotect(table)
        op.drop_table(table)


def say_again(kinds: str) -> None:
    """Which kinds of tasks there are."""
    for table in ("tasks", "task_series"):
        op.drop_constraint(op.f(f"ck_{table}_kind"), table)
        op.create_check_constraint(op.f(f"ck_{table}_kind"), table, f"kind IN ({kinds})")


def exported(nouns: str) -> None:
    """Which lists can be taken out."""
    op.drop_constraint(op.f("ck_exports_noun"), "exports")
    op.create_check_constraint(op.f("ck_exports_noun"), "exports", f"noun IN ({nouns})")
