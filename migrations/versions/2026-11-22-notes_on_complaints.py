"""Notes and files may hang on a complaint.

Revision: hanging2, after complaint_clocks.
"""

from alembic import op

revision = "hanging2"
down_revision = "complaint_clocks"
branch_labels = None
depends_on = None

TABLES = ("notes", "attachments")


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_subject_type"), table, type_="check")
        _allow(table, "'customer', 'contact', 'visit', 'opportunity', 'complaint'")


def downgrade() -> None:
    """Back. What hangs on a complaint has no place in the schema before."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        op.execute(f"DELETE FROM {table} WHERE subject_type = 'complaint'")
        op.drop_constraint(op.f(f"ck_{table}_subject_type"), table, type_="check")
        _allow(table, "'customer', 'contact', 'visit', 'opportunity'")


def _allow(table: str, words: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_subject_type"), table, f"subject_type IN ({words})")
