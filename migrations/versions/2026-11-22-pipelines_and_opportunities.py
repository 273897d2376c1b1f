"""Pipelines, products, exchange rates and opportunities.

Revision: opportunities, after taskrules.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "opportunities"
down_revision = "taskrules"
branch_labels = None
depends_on = None

TABLES = (
    "opportunity_rounds",
    "opportunity_moves",
    "opportunity_items",
    "opportunity_contacts",
    "opportunities",
    "pipeline_stages",
    "products",
    "pipelines",
    "exchange_rates",
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "exchange_rates",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint("workspace_id", "currency", "day", name="one_rate_per_day"),
    )
    op.create_index(
        op.f("ix_exchange_rates_workspace_id_created_at_id"),
        "exchange_rates",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_table(
        "pipelines",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text()),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("checklists", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("stages_changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_pipelines")),
    )
    op.create_index(
        op.f("ix_pipelines_workspace_id_created_at_id"),
        "pipelines",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "one_default_pipeline",
        "pipelines",
        ["workspace_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND archived_at IS NULL"),
    )
    op.create_index(
        "one_pipeline_per_name",
        "pipelines",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "products",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(collation="C")),
        sa.Column("family", sa.Text()),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=2)),
        sa.Column("currency", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(price IS NULL) = (currency IS NULL)", name=op.f("ck_products_price")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_products_price_is_not_negative")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_products")),
    )
    op.create_index(
        op.f("ix_products_workspace_id_created_at_id"),
        "products",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "one_product_per_code",
        "products",
        ["workspace_id", "code"],
        unique=True,
        postgresql_where=sa.text("code IS NOT NULL AND archived_at IS NULL"),
    )
    op.create_table(
        "pipeline_stages",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text()),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("forecast_category", sa.Text(), server_default="pipeline", nullable=False),
        sa.Column("progress_code", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("expected_days", sa.Integer()),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("requires", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "forecast_category IN ('omitted', 'pipeline', 'best_case', 'commit')",
            name=op.f("ck_pipeline_stages_forecast_category"),
        ),
        sa.CheckConstraint("expected_days > 0", name=op.f("ck_pipeline_stages_expected_days")),
        sa.CheckConstraint("probability > 0 AND probability < 1", name=op.f("ck_pipeline_stages_probability")),
        sa.CheckConstraint("progress_code BETWEEN 0 AND 5", name=op.f("ck_pipeline_stages_progress_code")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "pipeline_id"],
            ["pipelines.workspace_id", "pipelines.id"],
            name=op.f("fk_pipeline_stages_workspace_id_pipeline_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_pipeline_stages")),
        sa.UniqueConstraint(
            "workspace_id", "pipeline_id", "id", name=op.f("uq_pipeline_stages_workspace_id_pipeline_id_id")
        ),
        sa.UniqueConstraint("workspace_id", "pipeline_id", "key", deferrable=True, name="one_stage_per_key"),
        sa.UniqueConstraint(
            "workspace_id",
            "pipeline_id",
            "place",
            deferrable=True,
            name=op.f("uq_pipeline_stages_workspace_id_pipeline_id_place"),
        ),
    )
    op.create_table(
        "opportunities",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(collation="C")),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("stage_entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2)),
        sa.Column("currency", sa.Text()),
        sa.Column("probability", sa.Numeric(precision=5, scale=4)),
        sa.Column("forecast_category", sa.Text()),
        sa.Column("expected_close_on", sa.Date()),
        sa.Column("close_date_moves", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("money", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("authority", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("need", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("intention", sa.Text()),
        sa.Column("checks", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("grade", sa.Text(), server_default="C", nullable=False),
        sa.Column("reviewed_on", sa.Date()),
        sa.Column("review_due_on", sa.Date()),
        sa.Column("competitor", sa.Text()),
        sa.Column("next_step", sa.Text()),
        sa.Column("next_step_on", sa.Date()),
        sa.Column("source", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("collaborator_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("resume_on", sa.Date()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_on", sa.Date()),
        sa.Column("lost_reason", sa.Text()),
        sa.Column("lost_note", sa.Text()),
        sa.Column("contract_starts_on", sa.Date()),
        sa.Column("contract_ends_on", sa.Date()),
        sa.Column("last_activity_at", sa.DateTime(timezone=True)),
        sa.Column("stalled_at", sa.DateTime(timezone=True)),
        sa.Column("board_place", sa.Text(collation="C")),
        sa.Column("items_changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stakeholders_changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(state = 'on_hold') = (resume_on IS NOT NULL)", name=op.f("ck_opportunities_held_until")),
        sa.CheckConstraint(
            "(state IN ('won', 'lost')) = (closed_at IS NOT NULL)", name=op.f("ck_opportunities_closed_at")
        ),
        sa.CheckConstraint("authority IN ('yes', 'no', 'unknown')", name=op.f("ck_opportunities_authority")),
        sa.CheckConstraint(
            "forecast_category IN ('omitted', 'pipeline', 'best_case', 'commit')",
            name=op.f("ck_opportunities_forecast_category"),
        ),
        sa.CheckConstraint("grade IN ('H', 'A', 'B', 'C', 'overdue')", name=op.f("ck_opportunities_grade")),
        sa.CheckConstraint(
            "intention IN ('poor', 'unclear', 'possible', 'good', 'very_likely')",
            name=op.f("ck_opportunities_intention"),
        ),
        sa.CheckConstraint(
            "lost_reason IN ('competitor', 'price', 'no_budget', 'no_decision', 'no_need', 'timing', 'product_gap', 'service', 'relationship', 'duplicate', 'other')",
            name=op.f("ck_opportunities_lost_reason"),
        ),
        sa.CheckConstraint("money IN ('yes', 'no', 'unknown')", name=op.f("ck_opportunities_money")),
        sa.CheckConstraint("need IN ('yes', 'no', 'unknown')", name=op.f("ck_opportunities_need")),
        sa.CheckConstraint(
            "state <> 'lost' OR lost_reason IS NOT NULL", name=op.f("ck_opportunities_lost_for_a_reason")
        ),
        sa.CheckConstraint("state <> 'won' OR amount IS NOT NULL", name=op.f("ck_opportunities_won_with_an_amount")),
        sa.CheckConstraint("state IN ('open', 'on_hold', 'won', 'lost')", name=op.f("ck_opportunities_state")),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name=op.f("ck_opportunities_amount")),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_on IS NULL)", name=op.f("ck_opportunities_closed_on")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_opportunities_amount_is_not_negative")),
        sa.CheckConstraint(
            "contract_ends_on >= contract_starts_on", name=op.f("ck_opportunities_contract_ends_after_it_starts")
        ),
        sa.CheckConstraint("probability > 0 AND probability < 1", name=op.f("ck_opportunities_probability")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_opportunities_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_opportunities_workspace_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "pipeline_id", "stage_id"],
            ["pipeline_stages.workspace_id", "pipeline_stages.pipeline_id", "pipeline_stages.id"],
            name=op.f("fk_opportunities_workspace_id_pipeline_id_stage_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "pipeline_id"],
            ["pipelines.workspace_id", "pipelines.id"],
            name=op.f("fk_opportunities_workspace_id_pipeline_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "team_id"],
            ["teams.workspace_id", "teams.id"],
            name=op.f("fk_opportunities_workspace_id_team_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint(
            "workspace_id", "customer_id", "id", name=op.f("uq_opportunities_workspace_id_customer_id_id")
        ),
    )
    op.create_index(
        "ix_opportunities_amount",
        "opportunities",
        ["workspace_id", sa.literal_column("greatest(amount, -1::numeric)"), "id"],
    )
    op.create_index(
        "ix_opportunities_expected_close",
        "opportunities",
        ["workspace_id", sa.literal_column("least(expected_close_on, '9999-12-31'::date)"), "id"],
    )
    op.create_index(
        "ix_opportunities_to_resume",
        "opportunities",
        ["workspace_id", "resume_on"],
        unique=False,
        postgresql_where=sa.text("state = 'on_hold'"),
    )
    op.create_index(
        op.f("ix_opportunities_workspace_id_created_at_id"),
        "opportunities",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        op.f("ix_opportunities_workspace_id_customer_id_state"),
        "opportunities",
        ["workspace_id", "customer_id", "state"],
    )
    op.create_index(
        op.f("ix_opportunities_workspace_id_owner_id_expected_close_on_id"),
        "opportunities",
        ["workspace_id", "owner_id", sa.literal_column("least(expected_close_on, '9999-12-31'::date)"), "id"],
    )
    op.create_index(
        op.f("ix_opportunities_workspace_id_stage_id_board_place_id"),
        "opportunities",
        ["workspace_id", "stage_id", "board_place", "id"],
    )
    op.create_index(
        "one_opportunity_per_reference",
        "opportunities",
        ["workspace_id", "reference"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "opportunity_contacts",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("influence", sa.Integer()),
        sa.Column("stance", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "role IN ('user', 'influencer', 'decider', 'approver', 'buyer', 'gatekeeper', 'champion')",
            name=op.f("ck_opportunity_contacts_role"),
        ),
        sa.CheckConstraint("stance IN ('for', 'neutral', 'against')", name=op.f("ck_opportunity_contacts_stance")),
        sa.CheckConstraint("influence BETWEEN 1 AND 5", name=op.f("ck_opportunity_contacts_influence")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id", "contact_id"],
            ["contacts.workspace_id", "contacts.customer_id", "contacts.id"],
            name=op.f("fk_opportunity_contacts_workspace_id_customer_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.customer_id", "opportunities.id"],
            name=op.f("fk_opportunity_contacts_workspace_id_customer_id_opportunity_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_opportunity_contacts")),
    )
    op.create_index(
        op.f("ix_opportunity_contacts_workspace_id_contact_id"), "opportunity_contacts", ["workspace_id", "contact_id"]
    )
    op.create_index(
        "one_stake_per_contact",
        "opportunity_contacts",
        ["workspace_id", "opportunity_id", "contact_id", "role"],
        unique=True,
    )
    op.create_table(
        "opportunity_items",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), server_default=sa.text("1"), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("discount", sa.Numeric(precision=5, scale=4), server_default=sa.text("0"), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("discount BETWEEN 0 AND 1", name=op.f("ck_opportunity_items_discount")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_opportunity_items_price")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_opportunity_items_quantity")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("fk_opportunity_items_workspace_id_opportunity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["products.workspace_id", "products.id"],
            name=op.f("fk_opportunity_items_workspace_id_product_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_opportunity_items")),
    )
    op.create_index(
        op.f("ix_opportunity_items_workspace_id_opportunity_id_place"),
        "opportunity_items",
        ["workspace_id", "opportunity_id", "place"],
    )
    op.create_index(
        op.f("ix_opportunity_items_workspace_id_product_id"), "opportunity_items", ["workspace_id", "product_id"]
    )
    op.create_table(
        "opportunity_moves",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text()),
        sa.Column("from_stage_id", sa.Uuid()),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("to_stage_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seconds_in_stage", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("fk_opportunity_moves_workspace_id_opportunity_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_opportunity_moves")),
    )
    op.create_index(
        op.f("ix_opportunity_moves_workspace_id_opportunity_id_moved_at"),
        "opportunity_moves",
        ["workspace_id", "opportunity_id", "moved_at"],
    )
    op.create_table(
        "opportunity_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("done_for", sa.Date()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_opportunity_rounds")),
    )
    protect("opportunity_rounds", api="", worker="SELECT, INSERT, UPDATE", scanned=True)
    for table in ("pipelines", "products", "exchange_rates"):
        protect(table, worker="SELECT")
    protect("pipeline_stages", api="SELECT, INSERT, UPDATE, DELETE", worker="SELECT")
    protect("opportunities")
    protect("opportunity_moves", api="SELECT, INSERT", worker="SELECT, INSERT")
    for table in ("opportunity_items", "opportunity_contacts"):
        protect(table, api="SELECT, INSERT, UPDATE, DELETE")
    # What a person wrote is erased where it stands; how each sale moved stays.
    op.execute("GRANT UPDATE (reason, version, updated_at) ON opportunity_moves TO rapport_api, rapport_worker")
    _open_first_pipelines()


def _open_first_pipelines() -> None:
    """Give every workspace that is there the pipeline that a new one begins with (``crm.pipelines.defaults``)."""
    op.execute(
        "INSERT INTO pipelines (workspace_id, name, name_zh, is_default) "
        "SELECT workspace_id, 'Sales', '销售流程', true FROM workspaces"
    )
    op.execute(
        "INSERT INTO pipeline_stages (workspace_id, pipeline_id, key, name, name_zh, place, probability, "
        "forecast_category, progress_code, expected_days, late, requires) "
        "SELECT p.workspace_id, p.id, s.key, s.name, s.name_zh, s.place, s.probability, s.category, s.code, s.days, "
        "s.late, s.requires::text[] FROM pipelines AS p CROSS JOIN (VALUES "
        "('new', 'New', '新增', 1, 0.05, 'pipeline', 1, 7, false, '{}'), "
        "('contacted', 'Contacted', '已联系', 2, 0.10, 'pipeline', 2, 14, false, '{contact_reached}'), "
        "('qualified', 'Qualified', '已确认', 3, 0.30, 'pipeline', 3, 30, false, "
        "'{man_known,man_promising,authority_found}'), "
        "('proposal', 'Proposal', '方案报价', 4, 0.60, 'best_case', 4, 30, true, '{amount,expected_close_on,next_step}'), "
        "('contract_sent', 'Contract sent', '合同已发', 5, 0.90, 'commit', 5, 14, true, '{contact:decider/approver}')"
        ") AS s (key, name, name_zh, place, probability, category, code, days, late, requires)"
    )


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        unprotect(table)
        op.drop_table(table)
