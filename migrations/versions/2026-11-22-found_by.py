"""What each customer and contact is found by, a row for each field, where an index of all tokens by their thing was.

An aggregate over each table of tokens: some two minutes for a million customers, in which search waits.

Revision: import_speed, after kinds.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import protect

revision = "import_speed"
down_revision = "kinds"
branch_labels = None
depends_on = None

NOUNS = {"customer": "customer_id, field, tokens", "contact": "tokens"}
"""What may be changed of a row: only customers are merged, and lend what they are found by."""

HELD = """
INSERT INTO {noun}_found_by (workspace_id, {noun}_id, field, tokens)
SELECT workspace_id, {noun}_id, field, E'\\n' || string_agg(token, E'\\n') || E'\\n'
FROM {noun}_tokens GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def upgrade() -> None:
    """Gather what the tokens say, field by field, then drop the index."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for noun, may_change in NOUNS.items():
        table = f"{noun}_found_by"
        op.create_table(
            table,
            sa.Column("workspace_id", sa.Uuid(), nullable=False),
            sa.Column(f"{noun}_id", sa.Uuid(), nullable=False),
            sa.Column("field", sa.Text(), nullable=False),
            sa.Column("tokens", sa.Text(collation="C"), nullable=False),
            sa.PrimaryKeyConstraint("workspace_id", f"{noun}_id", "field", name=f"pk_{table}"),
        )
        # The owner sees them all meanwhile, and nobody writes any.
        op.execute(f"ALTER TABLE {noun}_tokens NO FORCE ROW LEVEL SECURITY")
        op.execute(HELD.format(noun=noun))
        op.execute(f"ALTER TABLE {noun}_tokens FORCE ROW LEVEL SECURITY")
        op.drop_index(f"ix_{noun}_tokens_workspace_id_{noun}_id_token", table_name=f"{noun}_tokens")
        may = f"SELECT, INSERT, UPDATE ({may_change}), DELETE"
        protect(table, api=may, worker=may)


def downgrade() -> None:
    """Make the index again; it says the same."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for noun in NOUNS:
        op.create_index(
            f"ix_{noun}_tokens_workspace_id_{noun}_id_token", f"{noun}_tokens", ["workspace_id", f"{noun}_id", "token"]
        )
        op.drop_table(f"{noun}_found_by")
