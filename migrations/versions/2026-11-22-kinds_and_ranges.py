"""Groups stay of companies, also where a company becomes a person while another is placed below it; numbers among
the values of custom fields stand in an index of their own, for ranges; who wishes no contact is found at once.

Revision: kinds, after hanging.

The statements ask for it before they write, but what another transaction is about to commit they do not see. Whoever
is placed below a company holds it by the foreign key (``FOR KEY SHARE``); whoever becomes a person takes the one lock
that waits for these. So of the two the second sees the first, whichever it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "kinds"
down_revision = "hanging"
branch_labels = None
depends_on = None

REFUSAL = """RAISE EXCEPTION 'groups are of companies'
            USING ERRCODE = 'check_violation', TABLE = 'customers', CONSTRAINT = 'groups_are_of_companies';"""

FUNCTIONS = (
    f"""
CREATE FUNCTION refuse_group_that_is_a_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    -- Where the check was deferred, as a merge defers it, what is asked about is the row as it is by now.
    IF EXISTS (
        SELECT FROM customers AS c JOIN customers AS g ON g.workspace_id = c.workspace_id AND g.id = c.parent_id
        WHERE c.workspace_id = NEW.workspace_id AND c.id = NEW.id AND g.kind <> 'company'
    ) THEN
        {REFUSAL}
    END IF;
    RETURN NULL;
END $$
""",
    f"""
CREATE FUNCTION refuse_person_that_is_a_group() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM customers WHERE workspace_id = NEW.workspace_id AND id = NEW.id FOR UPDATE;
    IF EXISTS (
        SELECT FROM customers AS g JOIN customers AS c ON c.workspace_id = g.workspace_id AND c.parent_id = g.id
        WHERE g.workspace_id = NEW.workspace_id AND g.id = NEW.id AND g.kind <> 'company'
    ) THEN
        {REFUSAL}
    END IF;
    RETURN NULL;
END $$
""",
)

# Triggers of the same moment fire in the order of their names: those of foreign keys (RI_…) have waited by then.
TRIGGERS = (
    """
CREATE CONSTRAINT TRIGGER groups_are_of_companies AFTER INSERT ON customers
DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION refuse_group_that_is_a_person()
""",
    """
CREATE CONSTRAINT TRIGGER groups_stay_of_companies AFTER UPDATE OF parent_id ON customers
DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
WHEN (NEW.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id)
EXECUTE FUNCTION refuse_group_that_is_a_person()
""",
    """
CREATE CONSTRAINT TRIGGER persons_are_no_groups AFTER UPDATE OF kind ON customers
DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
WHEN (NEW.kind <> 'company' AND OLD.kind = 'company') EXECUTE FUNCTION refuse_person_that_is_a_group()
""",
)

KEEP = """
CREATE OR REPLACE FUNCTION keep_custom_values() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM custom_values AS kept USING jsonb_each(OLD.custom) AS had
        WHERE kept.workspace_id = OLD.workspace_id AND kept.noun = TG_ARGV[0] AND kept.key = had.key
        AND kept.value = custom_value(had.value) AND kept.record_id = OLD.id;
    END IF;
    INSERT INTO custom_values ({columns})
    SELECT NEW.workspace_id, TG_ARGV[0], has.key, custom_value(has.value), NEW.id{number}
    FROM jsonb_each(NEW.custom) AS has
    WHERE length(has.key) <= 100 AND jsonb_typeof(has.value) IN ('string', 'number', 'boolean')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
COLUMNS = "workspace_id, noun, key, value, record_id"
NUMBER = "custom_number(has.value)"

# What is too large for the index is no number that a range is asked of.
AS_NUMBER = """
CREATE FUNCTION custom_number(given jsonb) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(given) = 'number' AND abs(given::numeric) < 1e300 THEN given::double precision END
$$
"""

# Within this transaction the owner sees every workspace, to fill the column; nobody else ever does.
FILL = """
UPDATE custom_values AS kept SET number = {number} FROM {table} AS r, jsonb_each(r.custom) AS has
WHERE kept.workspace_id = r.workspace_id AND kept.noun = '{noun}' AND kept.record_id = r.id AND kept.key = has.key
AND kept.value = custom_value(has.value) AND jsonb_typeof(has.value) = 'number'
"""
TABLES = {"customers": "customer", "contacts": "contact"}


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for function in FUNCTIONS:
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.add_column("custom_values", sa.Column("number", sa.Double()))
    op.execute(AS_NUMBER)
    op.execute(KEEP.format(columns=f"{COLUMNS}, number", number=f", {NUMBER}"))
    for table, noun in TABLES.items():
        for name in (table, "custom_values"):
            op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
        op.execute(FILL.format(table=table, noun=noun, number=NUMBER))
        for name in (table, "custom_values"):
            op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.create_index(
        "ix_custom_values_number",
        "custom_values",
        ["workspace_id", "noun", "key", "number"],
        postgresql_include=["record_id"],
        postgresql_where=sa.text("number IS NOT NULL"),
    )
    op.create_index("ix_contacts_objecting", "contacts", ["workspace_id"], postgresql_where=sa.text("do_not_contact"))
    op.create_index(
        "ix_customers_objecting",
        "customers",
        ["workspace_id"],
        postgresql_where=sa.text("do_not_contact AND kind = 'person'"),
    )


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_index("ix_customers_objecting", "customers")
    op.drop_index("ix_contacts_objecting", "contacts")
    op.execute(KEEP.format(columns=COLUMNS, number=""))
    op.execute("DROP FUNCTION custom_number(jsonb)")
    op.drop_index("ix_custom_values_number", "custom_values")
    op.drop_column("custom_values", "number")
    for trigger in ("persons_are_no_groups", "groups_stay_of_companies", "groups_are_of_companies"):
        op.execute(f"DROP TRIGGER {trigger} ON customers")
    op.execute("DROP FUNCTION refuse_person_that_is_a_group()")
    op.execute("DROP FUNCTION refuse_group_that_is_a_person()")
