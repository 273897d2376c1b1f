"""The file of a customer: when it was verified, groups as trees, who leads which company, fields of one's own.

Revision: file, after timeline.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "file"
down_revision = "timeline"
branch_labels = None
depends_on = None

VERIFIED_KEY = "GREATEST(verified_on, '0001-01-01'::date)"

REFUSE_CIRCLES = """
CREATE FUNCTION refuse_customer_circle() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- One at a time in a workspace. The question after it sees what those before have committed, so that of two moves
    -- which close a circle together the second is refused.
    PERFORM pg_advisory_xact_lock(hashtextextended('customer groups ' || NEW.workspace_id, 0));
    -- Where the check was deferred, as a merge defers it, what is asked about is the row as it is by now.
    IF EXISTS (
        WITH RECURSIVE above AS (
            SELECT c.parent_id AS id FROM customers AS c
            WHERE c.workspace_id = NEW.workspace_id AND c.id = NEW.id AND c.parent_id IS NOT NULL
            UNION
            SELECT c.parent_id FROM above JOIN customers AS c ON c.workspace_id = NEW.workspace_id AND c.id = above.id
            WHERE c.parent_id IS NOT NULL
        )
        SELECT FROM above WHERE id = NEW.id
    ) THEN
        RAISE EXCEPTION 'customer % would be above itself', NEW.id
            USING ERRCODE = 'check_violation', TABLE = 'customers', CONSTRAINT = 'no_customer_above_itself';
    END IF;
    RETURN NULL;
END $$
"""

# After the row and for each: what a statement changes in many rows at once is seen whole.
TRIGGER = """
CREATE CONSTRAINT TRIGGER no_customer_above_itself AFTER UPDATE OF parent_id ON customers
DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
WHEN (NEW.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id)
EXECUTE FUNCTION refuse_customer_circle()
"""

KINDS_OF_LINKS = (
    """
CREATE FUNCTION refuse_link_of_other_kinds() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- The lock keeps both what they are until the link is there for everyone to see.
    IF 2 <> (
        SELECT count(*) FROM (
            SELECT FROM customers WHERE workspace_id = NEW.workspace_id
            AND (id, kind) IN ((NEW.organization_id, 'company'), (NEW.person_id, 'person')) FOR SHARE
        ) AS ends
    ) THEN
        RAISE EXCEPTION 'a link goes from a company to a person'
            USING ERRCODE = 'check_violation', TABLE = 'customer_links', CONSTRAINT = 'links_keep_their_kinds';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION refuse_kind_of_linked_customer() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM customer_links WHERE workspace_id = NEW.workspace_id AND ended_at IS NULL
        AND NEW.id IN (organization_id, person_id)
    ) THEN
        RAISE EXCEPTION 'customer % is linked', NEW.id
            USING ERRCODE = 'check_violation', TABLE = 'customers', CONSTRAINT = 'links_keep_their_kinds';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER links_keep_their_kinds AFTER INSERT ON customer_links FOR EACH ROW
EXECUTE FUNCTION refuse_link_of_other_kinds()
""",
    """
CREATE TRIGGER links_keep_their_kinds AFTER UPDATE OF kind ON customers FOR EACH ROW
WHEN (NEW.kind <> OLD.kind) EXECUTE FUNCTION refuse_kind_of_linked_customer()
""",
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("customers", sa.Column("verified_on", sa.Date()))
    op.create_index("ix_customers_verified", "customers", ["workspace_id", sa.text(VERIFIED_KEY), "id"])
    op.execute(REFUSE_CIRCLES)
    op.execute(TRIGGER)
    op.create_table(
        "customer_links",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Text()),
        sa.Column("is_top_leader", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customer_links")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "organization_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_links_workspace_id_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_links_workspace_id_person_id"),
        ),
    )
    op.create_index(
        "one_link_per_person",
        "customer_links",
        ["workspace_id", "organization_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        op.f("ix_customer_links_workspace_id_organization_id_created_at_id"),
        "customer_links",
        ["workspace_id", "organization_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(op.f("ix_customer_links_workspace_id_person_id"), "customer_links", ["workspace_id", "person_id"])
    protect("customer_links", worker="SELECT")
    for part in KINDS_OF_LINKS:
        op.execute(part)
    op.add_column("contacts", sa.Column("custom", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.create_table(
        "custom_fields",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("label_zh", sa.Text()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("options", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("noun IN ('customer', 'contact')", name=op.f("ck_custom_fields_noun")),
        sa.CheckConstraint(
            "type IN ('text', 'number', 'date', 'boolean', 'choice')", name=op.f("ck_custom_fields_type")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_custom_fields")),
        sa.UniqueConstraint("workspace_id", "noun", "key", name="one_field_per_key"),
    )
    op.create_index(
        op.f("ix_custom_fields_workspace_id_created_at_id"),
        "custom_fields",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    protect("custom_fields", worker="SELECT")
    op.execute(
        "CREATE TRIGGER access_changed AFTER INSERT OR UPDATE ON custom_fields "
        "FOR EACH ROW EXECUTE FUNCTION announce_access_changed()"
    )


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    unprotect("custom_fields")
    op.drop_table("custom_fields")
    op.drop_column("contacts", "custom")
    op.execute("DROP TRIGGER links_keep_their_kinds ON customers")
    unprotect("customer_links")
    op.drop_table("customer_links")
    for function in ("refuse_link_of_other_kinds", "refuse_kind_of_linked_customer"):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP TRIGGER no_customer_above_itself ON customers")
    op.execute("DROP FUNCTION refuse_customer_circle()")
    op.drop_index("ix_customers_verified", table_name="customers")
    op.drop_column("customers", "verified_on")
