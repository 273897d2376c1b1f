"""What an interaction was about, clocks worked out anew because a customer is another, who really sent a complaint.

Revision: loose, after hanging2.
"""

import sqlalchemy as sa
from alembic import op

revision = "loose"
down_revision = "hanging2"
branch_labels = None
depends_on = None

BEFORE = (
    "receive", "acknowledge", "assess", "assign", "investigate", "wait_customer", "resume", "propose", "approve",
    "send_back", "communicate", "accept", "refuse", "implement", "resolve", "attempt", "close", "reject", "withdraw",
    "reopen", "inform", "reply", "escalate",
)  # fmt: skip


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("interactions", sa.Column("subject_type", sa.Text(), nullable=True))
    op.add_column("interactions", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(op.f("ck_interactions_subject_type"), "interactions", "subject_type IN ('complaint')")
    op.create_check_constraint(
        op.f("ck_interactions_subject"), "interactions", "(subject_type IS NULL) = (subject_id IS NULL)"
    )
    op.create_index(
        op.f("ix_interactions_workspace_id_subject_id"),
        "interactions",
        ["workspace_id", "subject_id"],
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    _recounts("'policy', 'calendar', 'customer'", ["severity", "calendar_id", "customer_id"], customers=True)
    op.add_column("complaints", sa.Column("sender", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_complaints_sender"), "complaints", "sender IN ('claimed', 'verified')")
    op.add_column("complaint_inboxes", sa.Column("authserv_id", sa.Text(), nullable=True))
    _allow_steps((*BEFORE, "identify"))


def _allow_steps(steps: tuple[str, ...]) -> None:
    """Which words a step may have."""
    listed = ", ".join(f"'{step}'" for step in steps)
    for table in ("complaint_steps", "complaint_advice"):
        op.drop_constraint(op.f(f"ck_{table}_step"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_step"), table, f"step IN ({listed})")


def _recounts(causes: str, which: list[str], *, customers: bool) -> None:
    """What may be worked out anew: for these causes, one open row for these columns."""
    op.drop_index("one_open_recount", table_name="sla_recounts")
    op.drop_constraint(op.f("ck_sla_recounts_cause"), "sla_recounts", type_="check")
    if customers:
        op.add_column("sla_recounts", sa.Column("customer_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f("fk_sla_recounts_workspace_id_customer_id"),
            "sla_recounts",
            "customers",
            ["workspace_id", "customer_id"],
            ["workspace_id", "id"],
        )
    else:
        op.execute("DELETE FROM sla_recounts WHERE cause = 'customer'")
        op.drop_column("sla_recounts", "customer_id")
    op.create_check_constraint(op.f("ck_sla_recounts_cause"), "sla_recounts", f"cause IN ({causes})")
    op.create_index(
        "one_open_recount",
        "sla_recounts",
        ["workspace_id", *which],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    """Back. What was found of who sent complaints has no place in the schema before."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("complaint_steps", "complaint_advice"):
        op.execute(f"DELETE FROM {table} WHERE step = 'identify'")
    _allow_steps(BEFORE)
    op.drop_column("complaint_inboxes", "authserv_id")
    op.drop_constraint(op.f("ck_complaints_sender"), "complaints", type_="check")
    op.drop_column("complaints", "sender")
    _recounts("'policy', 'calendar'", ["severity", "calendar_id"], customers=False)
    op.drop_index(op.f("ix_interactions_workspace_id_subject_id"), table_name="interactions")
    op.drop_constraint(op.f("ck_interactions_subject"), "interactions", type_="check")
    op.drop_constraint(op.f("ck_interactions_subject_type"), "interactions", type_="check")
    op.drop_column("interactions", "subject_id")
    op.drop_column("interactions", "subject_type")
