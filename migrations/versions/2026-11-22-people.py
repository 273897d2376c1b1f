"""People: when birthdays come round, how somebody likes to talk, and what only few may know.

Revision: people, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "people"
down_revision = "0001"
branch_labels = None
depends_on = None

STYLES = "communication_style IN ('controlling', 'expressive', 'amiable', 'analytical')"


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("contacts", sa.Column("next_birthday_on", sa.Date(), nullable=True))
    op.add_column("contacts", sa.Column("communication_style", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_contacts_communication_style"), "contacts", STYLES)
    op.create_index(
        "ix_contacts_next_birthday",
        "contacts",
        ["workspace_id", sa.literal_column("least(next_birthday_on, '9999-12-31'::date)"), "id"],
        unique=False,
    )
    op.add_column(
        "users", sa.Column("may_read_sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "contact_taboos",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_contact_taboos_workspace_id_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_contact_taboos")),
    )
    protect("contact_taboos", worker="")
    op.create_table(
        "birthday_rounds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("done_for", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_birthday_rounds")),
    )
    protect("birthday_rounds", api="", worker="SELECT, INSERT, UPDATE", scanned=True)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    unprotect("birthday_rounds")
    op.drop_table("birthday_rounds")
    unprotect("contact_taboos")
    op.drop_table("contact_taboos")
    op.drop_column("users", "may_read_sensitive")
    op.drop_index("ix_contacts_next_birthday", table_name="contacts")
    op.drop_constraint(op.f("ck_contacts_communication_style"), "contacts", type_="check")
    op.drop_column("contacts", "communication_style")
    op.drop_column("contacts", "next_birthday_on")
