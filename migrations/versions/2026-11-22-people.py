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


ROLES_ARE_KNOWN = """jsonb_typeof(roles) = 'array' AND NOT jsonb_path_exists(roles, '$[*] ? (!(@.role == "user" || \
@.role == "influencer" || @.role == "decider" || @.role == "approver" || @.role == "buyer" || \
@.role == "gatekeeper"))')"""

# Changing a type asks no policy for rows, as an UPDATE would, so that every workspace's are converted.
ROLES_WITH_INFLUENCE = (
    """
CREATE FUNCTION pg_temp.with_influence(roles text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('role', role, 'influence', NULL, 'stance', NULL)), '[]')
    FROM unnest(roles) AS role
$$
""",
    "ALTER TABLE contacts ALTER COLUMN roles DROP DEFAULT",
    "ALTER TABLE contacts ALTER COLUMN roles TYPE jsonb USING pg_temp.with_influence(roles)",
    "ALTER TABLE contacts ALTER COLUMN roles SET DEFAULT '[]'",
)
ROLES_ALONE = (
    """
CREATE FUNCTION pg_temp.without_influence(roles jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(held ->> 'role'), '{}') FROM jsonb_array_elements(roles) AS held
$$
""",
    "ALTER TABLE contacts ALTER COLUMN roles DROP DEFAULT",
    "ALTER TABLE contacts ALTER COLUMN roles TYPE text[] USING pg_temp.without_influence(roles)",
    "ALTER TABLE contacts ALTER COLUMN roles SET DEFAULT '{}'",
)

# Within this transaction the owner sees every workspace, to fill the column in; nobody else ever does.
LAST_CONTACTS = (
    "ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE interactions NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE visits NO FORCE ROW LEVEL SECURITY",
    """
UPDATE contacts AS c SET last_contact_at = met.at
FROM (
    SELECT workspace_id, contact_id, max(at) AS at
    FROM (
        SELECT workspace_id, contact_id, occurred_at AS at FROM interactions
        WHERE contact_id IS NOT NULL AND counts_as_contact AND NOT automated
        UNION ALL
        SELECT workspace_id, unnest(met_contact_ids), completed_at FROM visits WHERE completed_at IS NOT NULL
    ) AS every_contact
    GROUP BY workspace_id, contact_id
) AS met
WHERE c.workspace_id = met.workspace_id AND c.id = met.contact_id
""",
    "ALTER TABLE visits FORCE ROW LEVEL SECURITY",
    "ALTER TABLE interactions FORCE ROW LEVEL SECURITY",
    "ALTER TABLE contacts FORCE ROW LEVEL SECURITY",
)


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
    op.create_index(
        "ix_contacts_undated_birthdays",
        "contacts",
        ["workspace_id", "id"],
        unique=False,
        postgresql_where=sa.text("birthday IS NOT NULL AND next_birthday_on IS NULL"),
    )
    op.add_column("contacts", sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contacts", sa.Column("left_on", sa.Date(), nullable=True))
    op.add_column("contacts", sa.Column("left_note", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_contacts_left_with_a_note"), "contacts", "left_note IS NULL OR left_on IS NOT NULL"
    )
    for step in ROLES_WITH_INFLUENCE:
        op.execute(step)
    op.create_check_constraint(op.f("ck_contacts_roles_are_known"), "contacts", ROLES_ARE_KNOWN)
    for step in LAST_CONTACTS:
        op.execute(step)
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
    op.drop_constraint(op.f("ck_contacts_roles_are_known"), "contacts", type_="check")
    for step in ROLES_ALONE:
        op.execute(step)
    op.drop_constraint(op.f("ck_contacts_left_with_a_note"), "contacts", type_="check")
    for column in ("left_note", "left_on", "last_contact_at"):
        op.drop_column("contacts", column)
    op.drop_index("ix_contacts_undated_birthdays", table_name="contacts")
    op.drop_index("ix_contacts_next_birthday", table_name="contacts")
    op.drop_constraint(op.f("ck_contacts_communication_style"), "contacts", type_="check")
    op.drop_column("contacts", "communication_style")
    op.drop_column("contacts", "next_birthday_on")
