"""What callers keep of customers from call to call, and monthly visit plans.

Revision: care2, after opportunity_data.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "care2"
down_revision = "opportunity_data"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_index(
        "ix_interactions_touches",
        "interactions",
        ["workspace_id", "customer_id", sa.literal_column("occurred_at DESC")],
        postgresql_include=["contact_id"],
        postgresql_where=sa.text("direction = 'outbound' AND outcome <> 'no_answer'"),
    )
    op.add_column("warmth_rounds", sa.Column("digest_for", sa.Date(), nullable=True))
    op.create_table(
        "customer_calls",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("next_call_on", sa.Date(), nullable=True),
        sa.Column("progress_code", sa.Integer(), nullable=True),
        sa.Column("intention", sa.Text(), nullable=True),
        sa.Column("contract_ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("progress_code BETWEEN 0 AND 7", name=op.f("ck_customer_calls_progress_code")),
        sa.CheckConstraint(
            "intention IN ('poor', 'unclear', 'possible', 'good', 'very_likely')",
            name=op.f("ck_customer_calls_intention"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_calls_workspace_id_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customer_calls")),
    )
    protect("customer_calls", worker="")
    op.create_table(
        "visit_plans",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("required", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("planned", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'adjusted', 'approved')", name=op.f("ck_visit_plans_state")),
        sa.CheckConstraint("month = date_trunc('month', month::timestamp)::date", name=op.f("ck_visit_plans_month")),
        sa.CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name=op.f("ck_visit_plans_approved")),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{target}.workspace_id", f"{target}.id"],
                name=op.f(f"fk_visit_plans_workspace_id_{column}"),
            )
            for column, target in (("owner_id", "users"), ("team_id", "teams"), ("approved_by_id", "users"))
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_visit_plans")),
        sa.UniqueConstraint("workspace_id", "owner_id", "month", name="one_visit_plan_per_month"),
    )
    op.create_index(
        op.f("ix_visit_plans_workspace_id_created_at_id"),
        "visit_plans",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(op.f("ix_visit_plans_workspace_id_month"), "visit_plans", ["workspace_id", "month"])
    protect("visit_plans", worker="")
    op.create_table(
        "visit_plan_lines",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("required", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("required >= 0", name=op.f("ck_visit_plan_lines_required")),
        sa.CheckConstraint("planned BETWEEN 0 AND 31", name=op.f("ck_visit_plan_lines_planned")),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{target}.workspace_id", f"{target}.id"],
                name=op.f(f"fk_visit_plan_lines_workspace_id_{column}"),
            )
            for column, target in (("plan_id", "visit_plans"), ("customer_id", "customers"))
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_visit_plan_lines")),
        sa.UniqueConstraint("workspace_id", "plan_id", "customer_id", name="one_line_per_customer"),
    )
    op.create_index(
        op.f("ix_visit_plan_lines_workspace_id_customer_id"), "visit_plan_lines", ["workspace_id", "customer_id"]
    )
    protect("visit_plan_lines", api="SELECT, INSERT, UPDATE, DELETE", worker="")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("visit_plan_lines", "visit_plans", "customer_calls"):
        unprotect(table)
        op.drop_table(table)
    op.drop_column("warmth_rounds", "digest_for")
    op.drop_index("ix_interactions_touches", table_name="interactions")
