"""Notes and files may hang on a sale, which may have no customer yet.

Revision: hanging, after ties.
"""

import sqlalchemy as sa
from alembic import op

revision = "hanging"
down_revision = "ties"
branch_labels = None
depends_on = None

TABLES = ("notes", "attachments")


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        op.alter_column(table, "customer_id", existing_type=sa.Uuid(), nullable=True)
        op.drop_constraint(op.f(f"ck_{table}_subject_type"), table, type_="check")
        _allow(table, "'customer', 'contact', 'visit', 'opportunity'")
        op.execute(f"GRANT UPDATE (customer_id) ON {table} TO rapport_worker")


def downgrade() -> None:
    """Back. What hangs on a sale has no place in the schema before."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        op.execute(f"REVOKE UPDATE (customer_id) ON {table} FROM rapport_worker")
        op.execute(f"DELETE FROM {table} WHERE subject_type = 'opportunity'")
        op.drop_constraint(op.f(f"ck_{table}_subject_type"), table, type_="check")
        _allow(table, "'customer', 'contact', 'visit'")
        op.alter_column(table, "customer_id", existing_type=sa.Uuid(), nullable=False)


def _allow(table: str, words: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_subject_type"), table, f"subject_type IN ({words})")
