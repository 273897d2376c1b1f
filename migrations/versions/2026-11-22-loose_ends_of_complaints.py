"""What an interaction was about.

Revision: loose, after hanging2.
"""

import sqlalchemy as sa
from alembic import op

revision = "loose"
down_revision = "hanging2"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_index(op.f("ix_interactions_workspace_id_subject_id"), table_name="interactions")
    op.drop_constraint(op.f("ck_interactions_subject"), "interactions", type_="check")
    op.drop_constraint(op.f("ck_interactions_subject_type"), "interactions", type_="check")
    op.drop_column("interactions", "subject_id")
    op.drop_column("interactions", "subject_type")
