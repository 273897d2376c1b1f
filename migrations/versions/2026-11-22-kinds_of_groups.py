"""Groups stay of companies, also where a company becomes a person while another is placed below it.

Revision: kinds, after ties.

The statements ask for it before they write, but what another transaction is about to commit they do not see. Whoever
is placed below a company holds it by the foreign key (``FOR KEY SHARE``); whoever becomes a person takes the one lock
that waits for these. So of the two the second sees the first, whichever it is.
"""

from alembic import op

revision = "kinds"
down_revision = "ties"
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


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for function in FUNCTIONS:
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for trigger in ("persons_are_no_groups", "groups_stay_of_companies", "groups_are_of_companies"):
        op.execute(f"DROP TRIGGER {trigger} ON customers")
    op.execute("DROP FUNCTION refuse_person_that_is_a_group()")
    op.execute("DROP FUNCTION refuse_group_that_is_a_person()")
