"""Relationship: why customers were lost, and what showed how close they came.

Revision: relationship, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "relationship"
down_revision = "0001"
branch_labels = None
depends_on = None

CAUSES = "lost_cause IN ('competitor', 'need_fulfilled', 'moved', 'pushed_unintended', 'pushed_intended')"


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("customers", sa.Column("lifecycle_reason", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("lost_cause", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("lost_evidence", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customers", sa.Column("stage_reason", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("stage_evidence", sa.Text(), nullable=True))
    op.create_check_constraint("lost_cause", "customers", CAUSES)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint("lost_cause", "customers", type_="check")
    op.drop_column("customers", "stage_evidence")
    op.drop_column("customers", "stage_reason")
    op.drop_column("customers", "lost_at")
    op.drop_column("customers", "lost_evidence")
    op.drop_column("customers", "lost_cause")
    op.drop_column("customers", "lifecycle_reason")
