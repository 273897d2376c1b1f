"""Notes and attachments, and the index of timelines with the type of each fact.

Revision: timeline, after exchange.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "timeline"
down_revision = "exchange"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "attachments",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "subject_type IN ('customer', 'contact', 'visit')", name=op.f("ck_attachments_subject_type")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachments_size")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_attachments_workspace_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_attachments_workspace_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_attachments")),
    )
    op.create_index(
        op.f("ix_attachments_workspace_id_created_at_id"),
        "attachments",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_attachments_workspace_id_customer_id_created_at_id"),
        "attachments",
        ["workspace_id", "customer_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_attachments_workspace_id_subject_id_created_at_id"),
        "attachments",
        ["workspace_id", "subject_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "notes",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("subject_type IN ('customer', 'contact', 'visit')", name=op.f("ck_notes_subject_type")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_notes_workspace_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_notes_workspace_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_notes")),
    )
    op.create_index(
        op.f("ix_notes_workspace_id_created_at_id"),
        "notes",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_notes_workspace_id_customer_id_created_at_id"),
        "notes",
        ["workspace_id", "customer_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_notes_workspace_id_subject_id_created_at_id"),
        "notes",
        ["workspace_id", "subject_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.drop_index("ix_events_customer", table_name="events")
    op.create_index(
        "ix_events_customer",
        "events",
        ["workspace_id", "customer_id", "id", "type"],
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    for table in ("attachments", "notes"):
        protect(table, worker="")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("attachments", "notes"):
        unprotect(table)
    op.drop_index("ix_events_customer", table_name="events")
    op.create_index(
        "ix_events_customer",
        "events",
        ["workspace_id", "customer_id", "id"],
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_notes_workspace_id_subject_id_created_at_id"), table_name="notes")
    op.drop_index(op.f("ix_notes_workspace_id_customer_id_created_at_id"), table_name="notes")
    op.drop_index(op.f("ix_notes_workspace_id_created_at_id"), table_name="notes")
    op.drop_table("notes")
    op.drop_index(op.f("ix_attachments_workspace_id_subject_id_created_at_id"), table_name="attachments")
    op.drop_index(op.f("ix_attachments_workspace_id_customer_id_created_at_id"), table_name="attachments")
    op.drop_index(op.f("ix_attachments_workspace_id_created_at_id"), table_name="attachments")
    op.drop_table("attachments")
