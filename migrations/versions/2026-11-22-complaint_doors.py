"""Doors for complaints that need no sign-in: how often strangers may come.

Revision: complaint_doors, after complaints.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "complaint_doors"
down_revision = "complaints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "stranger_counters",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subject", name=op.f("pk_stranger_counters")),
    )
    op.create_index("ix_stranger_counters_forgotten_at", "stranger_counters", ["forgotten_at"])
    protect("stranger_counters", worker="SELECT, DELETE")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    unprotect("stranger_counters")
    op.drop_table("stranger_counters")
