"""The file of a customer: when it was verified, and that groups are trees.

Revision: file, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "file"
down_revision = "0001"
branch_labels = None
depends_on = None

VERIFIED_KEY = "GREATEST(verified_on, '0001-01-01'::date)"

REFUSE_CIRCLES = """
CREATE FUNCTION refuse_customer_circle() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- One at a time in a workspace. The question after it sees what those before have committed, so that of two moves
    -- which close a circle together the second is refused.
    PERFORM pg_advisory_xact_lock(hashtextextended('customer groups ' || NEW.workspace_id, 0));
    IF EXISTS (
        WITH RECURSIVE above AS (
            SELECT NEW.parent_id AS id
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
CREATE TRIGGER no_customer_above_itself AFTER UPDATE OF parent_id ON customers FOR EACH ROW
WHEN (NEW.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id)
EXECUTE FUNCTION refuse_customer_circle()
"""


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("customers", sa.Column("verified_on", sa.Date()))
    op.create_index("ix_customers_verified", "customers", ["workspace_id", sa.text(VERIFIED_KEY), "id"])
    op.execute(REFUSE_CIRCLES)
    op.execute(TRIGGER)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TRIGGER no_customer_above_itself ON customers")
    op.execute("DROP FUNCTION refuse_customer_circle()")
    op.drop_index("ix_customers_verified", table_name="customers")
    op.drop_column("customers", "verified_on")
