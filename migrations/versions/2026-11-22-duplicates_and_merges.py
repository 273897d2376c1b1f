"""duplicates and merges.

Revision: duplicates, after relationship.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "duplicates"
down_revision = "relationship"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "customer_merges",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("winner_id", sa.Uuid(), nullable=False),
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("winner_before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("winner_after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "loser_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_merges_workspace_id_loser_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "winner_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_merges_workspace_id_winner_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customer_merges")),
    )
    op.create_index(
        "one_open_merge_per_loser",
        "customer_merges",
        ["workspace_id", "loser_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.add_column("customers", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_customers_merged",
        "customers",
        ["workspace_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_customers_workspace_id_merged_into_id"),
        "customers",
        "customers",
        ["workspace_id", "merged_into_id"],
        ["workspace_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_customers_merged_is_archived"), "customers", "merged_into_id IS NULL OR archived_at IS NOT NULL"
    )
    op.create_check_constraint(op.f("ck_customers_merged_into_another"), "customers", "merged_into_id <> id")
    protect("customer_merges", worker="")
    for noun in ("customer", "contact"):
        table = f"{noun}_tokens"
        op.drop_index(f"ix_{table}_workspace_id_{noun}_id", table_name=table)
        op.create_index(f"ix_{table}_workspace_id_{noun}_id_token", table, ["workspace_id", f"{noun}_id", "token"])


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for noun in ("customer", "contact"):
        table = f"{noun}_tokens"
        op.drop_index(f"ix_{table}_workspace_id_{noun}_id_token", table_name=table)
        op.create_index(f"ix_{table}_workspace_id_{noun}_id", table, ["workspace_id", f"{noun}_id"])
    unprotect("customer_merges")
    op.drop_constraint(op.f("ck_customers_merged_into_another"), "customers", type_="check")
    op.drop_constraint(op.f("ck_customers_merged_is_archived"), "customers", type_="check")
    op.drop_constraint(op.f("fk_customers_workspace_id_merged_into_id"), "customers", type_="foreignkey")
    op.drop_index("ix_customers_merged", table_name="customers", postgresql_where=sa.text("merged_into_id IS NOT NULL"))
    op.drop_column("customers", "merged_into_id")
    op.drop_index(
        "one_open_merge_per_loser", table_name="customer_merges", postgresql_where=sa.text("undone_at IS NULL")
    )
    op.drop_table("customer_merges")
