"""Imports of opportunities; comments on opportunities.

Revision: opportunity_data, after pipeline_numbers.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "opportunity_data"
down_revision = "pipeline_numbers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("imports", sa.Column("date_order", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_imports_date_order"), "imports", "date_order IN ('year_first', 'day_first', 'month_first')"
    )
    op.drop_constraint(op.f("ck_imports_kind"), "imports", type_="check")
    op.create_check_constraint(op.f("ck_imports_kind"), "imports", "kind IN ('customers', 'opportunities')")
    _exported("'customers', 'contacts', 'opportunities'")
    op.alter_column("import_leftovers", "customer_id", new_column_name="subject_id")
    op.create_table(
        "opportunity_collaborators",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("fk_opportunity_collaborators_workspace_id_opportunity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_opportunity_collaborators_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "opportunity_id", "user_id", name=op.f("pk_opportunity_collaborators")),
    )
    op.create_table(
        "opportunity_comments",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mentions", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "opportunity_id"],
            ["opportunities.workspace_id", "opportunities.id"],
            name=op.f("fk_opportunity_comments_workspace_id_opportunity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_opportunity_comments_workspace_id_author_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_opportunity_comments")),
    )
    for name, columns in (
        ("ix_opportunity_comments_workspace_id_created_at_id", "workspace_id, created_at DESC, id DESC"),
        (
            "ix_opportunity_comments_of_a_sale",
            "workspace_id, opportunity_id, created_at DESC, id DESC",
        ),
    ):
        op.execute(f"CREATE INDEX {name} ON opportunity_comments ({columns})")
    protect("opportunity_collaborators", api="SELECT, INSERT, UPDATE, DELETE", worker="")
    protect("opportunity_comments", worker="SELECT, UPDATE")


def _exported(nouns: str) -> None:
    op.drop_constraint(op.f("ck_exports_noun"), "exports", type_="check")
    op.create_check_constraint(op.f("ck_exports_noun"), "exports", f"noun IN ({nouns})")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("opportunity_comments", "opportunity_collaborators"):
        unprotect(table)
        op.drop_table(table)
    op.alter_column("import_leftovers", "subject_id", new_column_name="customer_id")
    for table in ("import_leftovers", "import_batches", "import_problems", "import_files"):
        op.execute(
            f"DELETE FROM {table} WHERE (workspace_id, import_id) IN "
            "(SELECT workspace_id, id FROM imports WHERE kind <> 'customers')"
        )
    op.execute("DELETE FROM exports WHERE noun = 'opportunities'")
    _exported("'customers', 'contacts'")
    op.execute("DELETE FROM imports WHERE kind <> 'customers'")
    op.drop_constraint(op.f("ck_imports_kind"), "imports", type_="check")
    op.create_check_constraint(op.f("ck_imports_kind"), "imports", "kind IN ('customers')")
    op.drop_constraint(op.f("ck_imports_date_order"), "imports", type_="check")
    op.drop_column("imports", "date_order")
