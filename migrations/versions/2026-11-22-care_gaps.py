"""Reminders by the clock on the wall are found by their zone.

Revision: care_gaps, after ties.
"""

from alembic import op
from sqlalchemy import text

revision = "care_gaps"
down_revision = "ties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_index(
        "ix_reminders_on_the_wall",
        "reminders",
        ["workspace_id", "timezone", "local_time"],
        postgresql_where=text("state = 'scheduled' AND local_time IS NOT NULL"),
    )


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_index("ix_reminders_on_the_wall", "reminders")
