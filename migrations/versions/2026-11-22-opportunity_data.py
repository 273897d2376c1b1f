"""Imports of opportunities; comments on opportunities.

Revision: opportunity_data, after opportunities.
"""

import sqlalchemy as sa
from alembic import op

revision = "opportunity_data"
down_revision = "opportunities"
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
    op.alter_column("import_leftovers", "customer_id", new_column_name="subject_id")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.alter_column("import_leftovers", "subject_id", new_column_name="customer_id")
    for table in ("import_leftovers", "import_batches", "import_problems", "import_files"):
        op.execute(
            f"DELETE FROM {table} WHERE (workspace_id, import_id) IN "
            "(SELECT workspace_id, id FROM imports WHERE kind <> 'customers')"
        )
    op.execute("DELETE FROM imports WHERE kind <> 'customers'")
    op.drop_constraint(op.f("ck_imports_kind"), "imports", type_="check")
    op.create_check_constraint(op.f("ck_imports_kind"), "imports", "kind IN ('customers')")
    op.drop_constraint(op.f("ck_imports_date_order"), "imports", type_="check")
    op.drop_column("imports", "date_order")
