"""The file of a customer: when it was verified.

Revision: file, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "file"
down_revision = "0001"
branch_labels = None
depends_on = None

VERIFIED_KEY = "GREATEST(verified_on, '0001-01-01'::date)"


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("customers", sa.Column("verified_on", sa.Date()))
    op.create_index("ix_customers_verified", "customers", ["workspace_id", sa.text(VERIFIED_KEY), "id"])


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_index("ix_customers_verified", table_name="customers")
    op.drop_column("customers", "verified_on")
