"""Exchange: drafts, value mappings and undoing of imports; exports.

Revision: exchange, after duplicates.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "exchange"
down_revision = "duplicates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "exports",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("bom", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("rows_done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_by_kind", sa.Text(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("created_by_kind IN ('user', 'key')", name=op.f("ck_exports_created_by_kind")),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'vcard')", name=op.f("ck_exports_format")),
        sa.CheckConstraint("noun IN ('customers', 'contacts')", name=op.f("ck_exports_noun")),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_exports_state")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_open",
        "exports",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        op.f("ix_exports_workspace_id_created_at_id"),
        "exports",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "import_batches",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("fk_import_batches_workspace_id_import_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", "transaction_id", name=op.f("pk_import_batches")),
    )
    op.create_table(
        "import_leftovers",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "reason IN ('changed_since', 'used_since', 'not_visible', 'code_taken')",
            name=op.f("ck_import_leftovers_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("fk_import_leftovers_workspace_id_import_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", "customer_id", name=op.f("pk_import_leftovers")),
    )
    op.add_column(
        "imports",
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("imports", sa.Column("match_by", sa.Text(), nullable=True))
    op.add_column(
        "imports",
        sa.Column("headings", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("imports", sa.Column("undone_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("imports", sa.Column("left_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("imports", sa.Column("undo_by", sa.Uuid(), nullable=True))
    op.add_column("imports", sa.Column("undo_by_kind", sa.Text(), nullable=True))
    op.add_column("imports", sa.Column("undo_upto", sa.Uuid(), nullable=True))
    _states(
        "('draft', 'waiting', 'running', 'done', 'failed', 'undoing', 'undone')", "('waiting', 'running', 'undoing')"
    )
    protect("exports", scanned=True)
    protect("import_batches", api="SELECT, INSERT", worker="SELECT, INSERT")
    protect("import_leftovers", api="SELECT", worker="SELECT, INSERT")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("import_leftovers", "import_batches", "exports"):
        unprotect(table)
    op.execute("UPDATE imports SET state = 'failed' WHERE state NOT IN ('waiting', 'running', 'done', 'failed')")
    _states("('waiting', 'running', 'done', 'failed')", "('waiting', 'running')")
    op.drop_column("imports", "undo_upto")
    op.drop_column("imports", "undo_by_kind")
    op.drop_column("imports", "undo_by")
    op.drop_column("imports", "left_count")
    op.drop_column("imports", "undone_count")
    op.drop_column("imports", "headings")
    op.drop_column("imports", "match_by")
    op.drop_column("imports", "values")
    op.drop_table("import_leftovers")
    op.drop_table("import_batches")
    op.drop_index(op.f("ix_exports_workspace_id_created_at_id"), table_name="exports")
    op.drop_index("ix_exports_open", table_name="exports", postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.drop_table("exports")


def _states(every: str, open_: str) -> None:
    op.drop_constraint(op.f("ck_imports_state"), "imports")
    op.create_check_constraint(op.f("ck_imports_state"), "imports", f"state IN {every}")
    op.drop_index("ix_imports_open", table_name="imports")
    op.create_index("ix_imports_open", "imports", ["created_at"], postgresql_where=sa.text(f"state IN {open_}"))
