"""Relationship: why customers were lost, what showed how close they came, how much they trust us, and who is key.

Revision: relationship, after privacy.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "relationship"
down_revision = "privacy"
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
    "yearly_value": sa.Numeric(precision=18, scale=2),
    "yearly_value_currency": sa.Text(),
    "influence": sa.Integer(),
}

CHECKS = {
    "lost_cause": "lost_cause IN ('competitor', 'need_fulfilled', 'moved', 'pushed_unintended', 'pushed_intended')",
    "yearly_value": "(yearly_value IS NULL) = (yearly_value_currency IS NULL)",
    "influence": "influence BETWEEN 1 AND 5",
}

KEY_KINDS = "IN ('high_value', 'influential', 'double')"
OF_PROPOSALS = {
    "former_class": "former_class IN ('key', 'potential', 'ordinary')",
    "former_key_kind": f"former_key_kind {KEY_KINDS}",
    "key_kind": f"key_kind {KEY_KINDS}",
    "kind": "kind IN ('promote', 'change', 'demote')",
    "state": "state IN ('open', 'confirmed', 'rejected', 'withdrawn')",
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
    op.create_table(
        "key_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("done_for", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_key_rounds")),
    )
    op.create_table(
        "key_proposals",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key_kind", sa.Text(), nullable=True),
        sa.Column("former_class", sa.Text(), nullable=False),
        sa.Column("former_key_kind", sa.Text(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("influence", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_key_proposals_{name}"))
            for name, condition in OF_PROPOSALS.items()
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_key_proposals_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "decided_by_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_key_proposals_workspace_id_decided_by_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_key_proposals")),
    )
    op.create_index(
        op.f("ix_key_proposals_workspace_id_created_at_id"),
        "key_proposals",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_key_proposals_workspace_id_customer_id"),
        "key_proposals",
        ["workspace_id", "customer_id"],
        unique=False,
    )
    op.create_index(
        "one_open_proposal_per_customer",
        "key_proposals",
        ["workspace_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    protect("key_proposals")
    protect("key_rounds", api="", worker="SELECT, INSERT, UPDATE", scanned=True)
    protect("trust_ratings", api="SELECT, INSERT", worker="SELECT")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("key_proposals", "key_rounds", "trust_ratings"):
        unprotect(table)
    op.drop_table("key_proposals")
    op.drop_table("key_rounds")
    op.drop_index(op.f("ix_trust_ratings_workspace_id_customer_id_created_at_id"), table_name="trust_ratings")
    op.drop_table("trust_ratings")
    for name in CHECKS:
        op.drop_constraint(name, "customers", type_="check")
    for name in reversed(OF_CUSTOMERS):
        op.drop_column("customers", name)
