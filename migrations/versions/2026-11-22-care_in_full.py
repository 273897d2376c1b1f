"""What callers keep of customers from call to call.

Revision: care2, after erasing.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "care2"
down_revision = "erasing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "customer_calls",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("next_call_on", sa.Date(), nullable=True),
        sa.Column("progress_code", sa.Integer(), nullable=True),
        sa.Column("intention", sa.Text(), nullable=True),
        sa.Column("contract_ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("progress_code BETWEEN 0 AND 7", name=op.f("ck_customer_calls_progress_code")),
        sa.CheckConstraint(
            "intention IN ('poor', 'unclear', 'possible', 'good', 'very_likely')",
            name=op.f("ck_customer_calls_intention"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_calls_workspace_id_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customer_calls")),
    )
    protect("customer_calls", worker="")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    unprotect("customer_calls")
    op.drop_table("customer_calls")
