"""Doors for complaints that need no sign-in: public forms, mailboxes, what arrived, and how often strangers come.

Revision: complaint_doors, after complaints.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "complaint_doors"
down_revision = "complaints"
branch_labels = None
depends_on = None

TABLES = ("complaint_arrivals", "complaint_inboxes", "complaint_forms", "stranger_counters")

STEPS = (
    "receive", "acknowledge", "assess", "assign", "investigate", "wait_customer", "resume", "propose", "approve",
    "send_back", "communicate", "accept", "refuse", "implement", "resolve", "attempt", "close", "reject", "withdraw",
    "reopen", "inform",
)  # fmt: skip


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "stranger_counters",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "subject", name=op.f("pk_stranger_counters")),
    )
    op.create_index("ix_stranger_counters_forgotten_at", "stranger_counters", ["forgotten_at"])
    protect("stranger_counters", worker="SELECT, DELETE")
    _create_doors()
    _create_arrivals()
    op.add_column("complaints", sa.Column("replied_at", sa.DateTime(timezone=True)))
    _allow_steps((*STEPS, "reply", "escalate"))


def downgrade() -> None:
    """Back. What was written by whoever complained goes with the step that it was."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DELETE FROM complaint_steps WHERE step = 'reply'")
    _allow_steps((*STEPS, "escalate"))
    op.drop_column("complaints", "replied_at")
    for table in TABLES:
        unprotect(table)
        op.drop_table(table)


def _allow_steps(steps: tuple[str, ...]) -> None:
    """Which words a step may have."""
    listed = ", ".join(f"'{step}'" for step in steps)
    op.drop_constraint(op.f("ck_complaint_steps_step"), "complaint_steps", type_="check")
    op.execute(f"ALTER TABLE complaint_steps ADD CONSTRAINT ck_complaint_steps_step CHECK (step IN ({listed}))")


def _create_doors() -> None:
    for name, columns in {
        "complaint_forms": (
            sa.Column("greeting", sa.Text()),
            sa.Column("greeting_zh", sa.Text()),
            sa.Column("link_made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        ),
        "complaint_inboxes": (
            sa.Column("address", sa.Text()),
            sa.Column("match_senders", sa.Boolean(), server_default=sa.text("true"), nullable=False),
            sa.Column("secret", sa.LargeBinary(), nullable=False),
            sa.Column("previous_secret", sa.LargeBinary()),
            sa.Column("previous_secret_until", sa.DateTime(timezone=True)),
        ),
    }.items():
        op.create_table(
            name,
            sa.Column("workspace_id", sa.Uuid(), nullable=False),
            sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            *columns,
            sa.Column("team_id", sa.Uuid()),
            sa.Column("state", sa.Text(), server_default="active", nullable=False),
            sa.Column("token_hash", sa.LargeBinary(), nullable=False),
            *_stamps(),
            sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f(f"ck_{name}_state")),
            sa.ForeignKeyConstraint(
                ["workspace_id", "team_id"],
                ["teams.workspace_id", "teams.id"],
                name=op.f(f"fk_{name}_workspace_id_team_id"),
            ),
            sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{name}")),
            sa.UniqueConstraint("workspace_id", "token_hash", name=op.f(f"uq_{name}_workspace_id_token_hash")),
        )
        op.create_index(
            op.f(f"ix_{name}_workspace_id_created_at_id"),
            name,
            ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        )
        protect(name, worker="")


def _create_arrivals() -> None:
    name = "complaint_arrivals"
    op.create_table(
        name,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("form_id", sa.Uuid()),
        sa.Column("inbox_id", sa.Uuid()),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("message_hash", sa.LargeBinary()),
        sa.Column("status_hash", sa.LargeBinary()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid()),
        *_stamps(),
        sa.CheckConstraint(
            "(complaint_id IS NULL) = (outcome = 'ignored')", name=op.f("ck_complaint_arrivals_complaint_id")
        ),
        sa.CheckConstraint("outcome IN ('received', 'added', 'ignored')", name=op.f("ck_complaint_arrivals_outcome")),
        sa.CheckConstraint("(form_id IS NULL) <> (inbox_id IS NULL)", name=op.f("ck_complaint_arrivals_door")),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{target}.workspace_id", f"{target}.id"],
                name=op.f(f"fk_complaint_arrivals_workspace_id_{column}"),
                deferrable=later,
                initially="DEFERRED" if later else None,
            )
            for column, target, later in (
                ("form_id", "complaint_forms", None),
                ("inbox_id", "complaint_inboxes", None),
                ("complaint_id", "complaints", True),
            )
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_complaint_arrivals")),
    )
    for index, columns in {
        "one_submission_per_key": ["form_id", "key"],
        "one_mail_per_key": ["inbox_id", "key"],
        "one_mail_per_content": ["inbox_id", "fingerprint"],
        "one_arrival_per_link": ["status_hash"],
    }.items():
        op.create_index(index, name, ["workspace_id", *columns], unique=True)
    for column in ("message_hash", "complaint_id"):
        op.create_index(op.f(f"ix_{name}_workspace_id_{column}"), name, ["workspace_id", column])
    protect(name, api="SELECT, INSERT", worker="")


def _stamps() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
