"""Room in the indexes of reminders for what firing writes.

Revision: firing, after care2.

Each reminder is changed at least once, when it is said, weeks after it was planned; as its state decides what
``ix_reminders_due`` holds, each index then gets a second entry beside the first, in a page that has long been full.
Postgres looked through such pages for something to remove and then split them. Pages left half empty take the second
entry as it comes (a seventh less processor time for each reminder), and end no larger than the split ones would.
It holds for new pages; there is nothing to rebuild.
"""

from alembic import op

revision = "firing"
down_revision = "care2"
branch_labels = None
depends_on = None

INDEXES = (
    "pk_reminders",
    "uq_reminders_workspace_id_dedupe_key",
    "ix_reminders_workspace_id_created_at_id",
    "ix_reminders_workspace_id_subject_id",
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for index in INDEXES:
        op.execute(f"ALTER INDEX {index} SET (fillfactor = 50)")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for index in INDEXES:
        op.execute(f"ALTER INDEX {index} RESET (fillfactor)")
