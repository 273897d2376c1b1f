"""Relationship: why customers were lost, what showed how close they came, how much they trust us.

Revision: relationship, after 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "relationship"
down_revision = "0001"
branch_labels = None
depends_on = None

OF_CUSTOMERS: dict[str, Any] = {
    "lifecycle_reason": sa.Text(),
    "lost_cause": sa.Text(),
    "lost_evidence": sa.Text(),
    "lost_at": sa.DateTime(timezone=True),
    "stage_reason": sa.Text(),
    "stage_evidence": sa.Text(),
    "trust_score": sa.Numeric(precision=5, scale=2),
    "trust_index": sa.Numeric(precision=4, scale=1),
    "trust_rated_at": sa.DateTime(timezone=True),
}

CHECKS = {
    "lost_cause": "lost_cause IN ('competitor', 'need_fulfilled', 'moved', 'pushed_unintended', 'pushed_intended')",
}


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for name, type_ in OF_CUSTOMERS.items():
        op.add_column("customers", sa.Column(name, type_, nullable=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "customers", condition)
    op.create_table(
        "trust_ratings",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("credibility", sa.Integer(), nullable=False),
        sa.Column("reliability", sa.Integer(), nullable=False),
        sa.Column("intimacy", sa.Integer(), nullable=False),
        sa.Column("self_orientation", sa.Integer(), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("index", sa.Numeric(precision=4, scale=1), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("credibility BETWEEN 1 AND 10", name=op.f("ck_trust_ratings_credibility")),
        sa.CheckConstraint("intimacy BETWEEN 1 AND 10", name=op.f("ck_trust_ratings_intimacy")),
        sa.CheckConstraint("reliability BETWEEN 1 AND 10", name=op.f("ck_trust_ratings_reliability")),
        sa.CheckConstraint("self_orientation BETWEEN 1 AND 10", name=op.f("ck_trust_ratings_self_orientation")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_trust_ratings_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_trust_ratings_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_trust_ratings")),
    )
    op.create_index(
        op.f("ix_trust_ratings_workspace_id_customer_id_created_at_id"),
        "trust_ratings",
        ["workspace_id", "customer_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    protect("trust_ratings", api="SELECT, INSERT", worker="SELECT")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    unprotect("trust_ratings")
    op.drop_index(op.f("ix_trust_ratings_workspace_id_customer_id_created_at_id"), table_name="trust_ratings")
    op.drop_table("trust_ratings")
    for name in CHECKS:
        op.drop_constraint(name, "customers", type_="check")
    for name in reversed(OF_CUSTOMERS):
        op.drop_column("customers", name)
