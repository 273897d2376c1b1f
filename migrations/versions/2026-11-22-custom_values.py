"""Values of custom fields stand in a table of their own, which row-level security lets an index serve.

Revision: million, after channels.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect, unprotect

revision = "million"
down_revision = "channels"
branch_labels = None
depends_on = None

# Numbers that are equal are written alike; what is long is cut, since an entry of an index has its limits.
VALUE = """
CREATE FUNCTION custom_value(given jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(
        CASE jsonb_typeof(given) WHEN 'number' THEN trim_scale((given #>> '{}')::numeric)::text ELSE given #>> '{}' END,
        200
    )
$$
"""

# Of lists and objects, which only undefined fields hold, nothing asks. The lists of a record are short: a look at each
# is less than finding out what changed.
KEEP = """
CREATE FUNCTION keep_custom_values() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM custom_values AS kept USING jsonb_each(OLD.custom) AS had
        WHERE kept.workspace_id = OLD.workspace_id AND kept.noun = TG_ARGV[0] AND kept.key = had.key
        AND kept.value = custom_value(had.value) AND kept.record_id = OLD.id;
    END IF;
    INSERT INTO custom_values (workspace_id, noun, key, value, record_id)
    SELECT NEW.workspace_id, TG_ARGV[0], has.key, custom_value(has.value), NEW.id FROM jsonb_each(NEW.custom) AS has
    WHERE length(has.key) <= 100 AND jsonb_typeof(has.value) IN ('string', 'number', 'boolean')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""

TABLES = {"customers": "customer", "contacts": "contact"}

# Within this transaction the owner sees every workspace, to fill the table; nobody else ever does.
FILL = """
INSERT INTO custom_values (workspace_id, noun, key, value, record_id)
SELECT r.workspace_id, '{noun}', has.key, custom_value(has.value), r.id
FROM {table} AS r, jsonb_each(r.custom) AS has
WHERE length(has.key) <= 100 AND jsonb_typeof(has.value) IN ('string', 'number', 'boolean')
ORDER BY 1, 2, 3, 4, 5
"""


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "custom_values",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "noun", "key", "value", "record_id", name=op.f("pk_custom_values")),
    )
    op.execute(VALUE)
    op.execute(KEEP)
    for table, noun in TABLES.items():
        op.execute(
            f"CREATE TRIGGER custom_values_added AFTER INSERT ON {table} FOR EACH ROW "
            f"WHEN (NEW.custom <> '{{}}') EXECUTE FUNCTION keep_custom_values('{noun}')"
        )
        op.execute(
            f"CREATE TRIGGER custom_values_changed AFTER UPDATE OF custom ON {table} FOR EACH ROW "
            f"WHEN (NEW.custom IS DISTINCT FROM OLD.custom) EXECUTE FUNCTION keep_custom_values('{noun}')"
        )
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(FILL.format(table=table, noun=noun))
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    protect("custom_values", api="SELECT, INSERT, DELETE", worker="SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        op.execute(f"DROP TRIGGER custom_values_changed ON {table}")
        op.execute(f"DROP TRIGGER custom_values_added ON {table}")
    op.execute("DROP FUNCTION keep_custom_values()")
    unprotect("custom_values")
    op.drop_table("custom_values")
    op.execute("DROP FUNCTION custom_value(jsonb)")
