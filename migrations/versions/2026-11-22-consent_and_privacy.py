"""Consent and privacy: the ledger of consent, and what erasure leaves behind."""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "privacy"
down_revision = "0001"
branch_labels = None
depends_on = None

LEGAL_BASIS = (
    "legal_basis IN ('consent', 'contract', 'legal_duty', 'emergency', 'public_interest', 'disclosed', 'other_law')"
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "consents",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("notice_version", sa.Text(), nullable=True),
        sa.Column("separate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "channel IN ('form', 'paper', 'email', 'message', 'wechat', 'call', 'in_person', 'other')",
            name=op.f("ck_consents_channel"),
        ),
        sa.CheckConstraint(
            "purpose IN ('service', 'care', 'greetings', 'marketing', 'surveys', 'profiling', 'sensitive', 'location', 'sharing', 'abroad')",
            name=op.f("ck_consents_purpose"),
        ),
        sa.CheckConstraint(
            "status = 'withdrawn' OR notice_version IS NOT NULL", name=op.f("ck_consents_given_to_a_notice")
        ),
        sa.CheckConstraint("status IN ('given', 'withdrawn')", name=op.f("ck_consents_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_consents_workspace_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_workspace_id_contact_id_created_at_id"),
        "consents",
        ["workspace_id", "contact_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    protect("consents", api="SELECT, INSERT", worker="SELECT")
    op.create_index(
        "ix_events_of_contact",
        "events",
        ["workspace_id", "subject_id"],
        unique=False,
        postgresql_where=sa.text("subject_type = 'contact'"),
    )
    op.add_column("contacts", sa.Column("legal_basis", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_contacts_legal_basis"), "contacts", LEGAL_BASIS)
    op.add_column("contacts", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customers", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    unprotect("consents")
    op.drop_index("ix_events_of_contact", table_name="events")
    op.drop_column("customers", "erased_at")
    op.drop_column("contacts", "erased_at")
    op.drop_column("contacts", "legal_basis")
    op.drop_index(op.f("ix_consents_workspace_id_contact_id_created_at_id"), table_name="consents")
    op.drop_table("consents")
