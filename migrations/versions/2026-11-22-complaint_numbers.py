"""How it went and what to say: surveys of closed complaints, what is still to be mailed, and advice of one's own.

Revision: complaint_numbers, after complaint_doors.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "complaint_numbers"
down_revision = "complaint_doors"
branch_labels = None
depends_on = None

STEPS = (
    "'receive', 'acknowledge', 'assess', 'assign', 'investigate', 'wait_customer', 'resume', 'propose', 'approve', "
    "'send_back', 'communicate', 'accept', 'refuse', 'implement', 'resolve', 'attempt', 'close', 'reject', 'withdraw', "
    "'reopen', 'inform', 'reply', 'escalate'"
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "complaint_advice",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("checklist", postgresql.JSONB(), nullable=False),
        sa.Column("avoid", postgresql.JSONB(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(f"step IN ({STEPS})", name=op.f("ck_complaint_advice_step")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_complaint_advice")),
        sa.UniqueConstraint("workspace_id", "step", name="one_advice_per_step"),
    )
    op.create_table(
        "surveys",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("closing", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("skipped_because", sa.Text()),
        sa.Column("via", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("token_hash", sa.LargeBinary()),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("csat", sa.Integer()),
        sa.Column("nps", sa.Integer()),
        sa.Column("comment", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'to_hand_over', 'sent', 'answered', 'skipped')",
            name=op.f("ck_surveys_state"),
        ),
        sa.CheckConstraint(
            "skipped_because IN ('reopened', 'asked_lately', 'do_not_contact', 'withdrawn', 'no_consent', 'archived', "
            "'erased')",
            name=op.f("ck_surveys_skipped_because"),
        ),
        sa.CheckConstraint("via IN ('email', 'hand')", name=op.f("ck_surveys_via")),
        sa.CheckConstraint("csat BETWEEN 1 AND 5", name=op.f("ck_surveys_csat")),
        sa.CheckConstraint("nps BETWEEN 0 AND 10", name=op.f("ck_surveys_nps")),
        sa.CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_surveys_answered_at")),
        sa.CheckConstraint("(answered_at IS NULL) = (csat IS NULL)", name=op.f("ck_surveys_answered_with_a_mark")),
        sa.CheckConstraint(
            "(state = 'skipped') = (skipped_because IS NOT NULL)", name=op.f("ck_surveys_said_why_skipped")
        ),
        sa.CheckConstraint(
            "state <> 'sent' OR (asked_at IS NOT NULL AND expires_at IS NOT NULL)", name=op.f("ck_surveys_sent_until")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "complaint_id"],
            ["complaints.workspace_id", "complaints.id"],
            name=op.f("fk_surveys_workspace_id_complaint_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id", "contact_id"],
            ["contacts.workspace_id", "contacts.customer_id", "contacts.id"],
            name=op.f("fk_surveys_workspace_id_customer_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_surveys_workspace_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("workspace_id", "complaint_id", "closing", name="one_survey_per_closing"),
        sa.UniqueConstraint("workspace_id", "token_hash", name=op.f("uq_surveys_workspace_id_token_hash")),
    )
    op.create_index(
        op.f("ix_surveys_workspace_id_created_at_id"),
        "surveys",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        op.f("ix_surveys_workspace_id_contact_id_asked_at"), "surveys", ["workspace_id", "contact_id", "asked_at"]
    )
    op.create_index(op.f("ix_surveys_workspace_id_customer_id"), "surveys", ["workspace_id", "customer_id"])
    op.create_table(
        "owed_surveys",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_id", sa.Uuid()),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["workspace_id", "survey_id"],
            ["surveys.workspace_id", "surveys.id"],
            name=op.f("fk_owed_surveys_workspace_id_survey_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "survey_id", name=op.f("pk_owed_surveys")),
    )
    op.create_index(op.f("ix_owed_surveys_workspace_id_next_at"), "owed_surveys", ["workspace_id", "next_at"])
    op.create_index(op.f("ix_owed_surveys_next_at"), "owed_surveys", ["next_at"])
    protect("complaint_advice", worker="")
    protect("surveys")
    protect("owed_surveys", api="SELECT, DELETE", worker="SELECT, INSERT, UPDATE, DELETE", scanned=True)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("owed_surveys", "surveys", "complaint_advice"):
        unprotect(table)
        op.drop_table(table)
