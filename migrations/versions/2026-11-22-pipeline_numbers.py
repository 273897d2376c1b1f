"""Targets, snapshots of sales day by day, how long stages take, and the board's order.

Revision: pipeline_numbers, after opportunities.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "pipeline_numbers"
down_revision = "opportunities"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "sales_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("done_for", sa.Date()),
        sa.Column("first_day", sa.Date()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_sales_rounds")),
    )
    op.create_table(
        "stage_paces",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("median_days", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("won", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "stage_id", name=op.f("pk_stage_paces")),
    )
    op.create_table(
        "targets",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('month', 'quarter', 'year')", name=op.f("ck_targets_kind")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_targets_amount")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_targets_ends_after_it_starts")),
        sa.CheckConstraint("owner_id IS NULL OR team_id IS NULL", name=op.f("ck_targets_one_holder")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_targets_workspace_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_targets_workspace_id_team_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_targets")),
    )
    op.create_index(
        op.f("ix_targets_workspace_id_created_at_id"),
        "targets",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "one_target_per_period",
        "targets",
        ["workspace_id", "kind", "starts_on", "owner_id", "team_id"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "opportunity_days",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), server_default=sa.text("'9999-12-31'"), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("amount", sa.Numeric(precision=18, scale=2)),
        sa.Column("currency", sa.Text()),
        sa.Column("probability", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("expected_close_on", sa.Date()),
        sa.Column("closed_on", sa.Date()),
        sa.CheckConstraint(
            "category IN ('omitted', 'pipeline', 'best_case', 'commit', 'closed')",
            name=op.f("ck_opportunity_days_category"),
        ),
        sa.CheckConstraint(
            "standing IN ('open', 'on_hold', 'won', 'lost', 'archived')", name=op.f("ck_opportunity_days_standing")
        ),
        sa.CheckConstraint("until_day > from_day", name=op.f("ck_opportunity_days_until_day")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("fk_opportunity_days_workspace_id_opportunity_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "opportunity_id", "from_day", name=op.f("pk_opportunity_days")),
    )
    op.create_index(op.f("ix_opportunity_days_workspace_id_from_day"), "opportunity_days", ["workspace_id", "from_day"])
    op.create_index(
        op.f("ix_opportunity_days_workspace_id_until_day_from_day"),
        "opportunity_days",
        ["workspace_id", "until_day", "from_day"],
    )
    op.execute("UPDATE opportunities SET board_place = replace(id::text, '-', '') WHERE board_place IS NULL")
    op.alter_column(
        "opportunities",
        "board_place",
        existing_type=sa.TEXT(collation="C"),
        server_default=sa.text("replace((uuidv7())::text, '-'::text, ''::text)"),
        nullable=False,
    )
    op.drop_index(op.f("ix_opportunities_workspace_id_stage_id_board_place_id"), table_name="opportunities")
    op.create_index(
        "ix_opportunities_closed",
        "opportunities",
        ["workspace_id", "closed_on"],
        postgresql_where=sa.text("closed_on IS NOT NULL"),
    )
    op.create_index(
        "ix_opportunities_open",
        "opportunities",
        ["workspace_id", "stage_id", "board_place", "id"],
        postgresql_where=sa.text("state = 'open' AND archived_at IS NULL"),
        postgresql_include=[
            "pipeline_id",
            "owner_id",
            "team_id",
            "amount",
            "currency",
            "probability",
            "forecast_category",
            "expected_close_on",
        ],
    )
    protect("targets", worker="SELECT")
    protect("opportunity_days", api="SELECT")
    # What is no longer known after years of keeping goes; and a pace of a stage that nobody wins from.
    op.execute("GRANT DELETE ON opportunity_days TO rapport_worker")
    protect("stage_paces", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
    protect("sales_rounds", api="SELECT", scanned=True)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("sales_rounds", "stage_paces", "opportunity_days", "targets"):
        unprotect(table)
    op.drop_index("ix_opportunities_open", table_name="opportunities")
    op.drop_index("ix_opportunities_closed", table_name="opportunities")
    op.create_index(
        op.f("ix_opportunities_workspace_id_stage_id_board_place_id"),
        "opportunities",
        ["workspace_id", "stage_id", "board_place", "id"],
    )
    op.alter_column(
        "opportunities", "board_place", existing_type=sa.TEXT(collation="C"), server_default=None, nullable=True
    )
    op.drop_index(op.f("ix_opportunity_days_workspace_id_until_day_from_day"), table_name="opportunity_days")
    op.drop_index(op.f("ix_opportunity_days_workspace_id_from_day"), table_name="opportunity_days")
    op.drop_table("opportunity_days")
    op.drop_index("one_target_per_period", table_name="targets")
    op.drop_index(op.f("ix_targets_workspace_id_created_at_id"), table_name="targets")
    op.drop_table("targets")
    op.drop_table("stage_paces")
    op.drop_table("sales_rounds")
