"""what stayed behind when customers merged goes with them.

Revision: merging2, after erasing.
"""

from alembic import op

revision = "merging2"
down_revision = "erasing"
branch_labels = None
depends_on = None

LEDGERS = ("consents", "trust_ratings")
"""Append-only otherwise: a merge may say whose customer a line belongs to, and nothing else."""

MOVED = "customer_id, updated_at, version"


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_index("ix_consents_workspace_id_customer_id", "consents", ["workspace_id", "customer_id"])
    for table in LEDGERS:
        op.execute(f"GRANT UPDATE ({MOVED}) ON {table} TO rapport_api")
    op.execute(
        "CREATE TRIGGER moved_links_keep_their_kinds AFTER UPDATE OF organization_id, person_id ON customer_links "
        "FOR EACH ROW WHEN (NEW.ended_at IS NULL) EXECUTE FUNCTION refuse_link_of_other_kinds()"
    )


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TRIGGER moved_links_keep_their_kinds ON customer_links")
    for table in LEDGERS:
        op.execute(f"REVOKE UPDATE ({MOVED}) ON {table} FROM rapport_api")
    op.drop_index("ix_consents_workspace_id_customer_id", "consents")
