"""The search tokens of a customer who was merged away: lent to the winner, marked with whose they are."""

from typing import Any

from sqlalchemy import Insert, Text, Uuid, bindparam, cast, delete, func, insert, literal_column, select, true, update

from crm.customers.models import customer_found_by, customer_tokens
from crm.customers.references import LOSER, WINNER
from crm.database import statement
from crm.finding import parted


@statement
def lend_tokens() -> Insert:
    """Whoever looks for the loser finds the winner: its tokens, marked with whose they are."""
    return _tokens(LOSER, WINNER, cast(LOSER, Text) + "/" + customer_found_by.c.field, ())


@statement
def return_tokens() -> Insert:
    """The loser's tokens are its own again."""
    mark, field = cast(LOSER, Text) + "/", customer_found_by.c.field
    return _tokens(WINNER, LOSER, func.substr(field, func.length(mark) + 1), (func.starts_with(field, mark),))


def _tokens(of: Any, to: Any, field: Any, which: tuple[Any, ...]) -> Insert:
    held, t = customer_found_by.c, customer_tokens.c
    home = bindparam("workspace_id", type_=Uuid)
    moved = (
        update(customer_found_by)
        .where(held.workspace_id == home, held.customer_id == of, *which)
        .values(customer_id=to, field=field)
        .returning(literal_column("old.field", Text).label("was"), held.field.label("field"), held.tokens)
        .cte("moved")
    )
    token = func.unnest(parted(moved.c.tokens)).table_valued("token", name="line").render_derived().lateral()
    line = select(moved.c.was, moved.c.field, token.c.token).select_from(moved.join(token, true())).cte("each_token")
    gone = delete(customer_tokens).where(
        t.workspace_id == home, t.token == line.c.token, t.customer_id == of, t.field == line.c.was
    )
    rows = select(home, line.c.token, to, line.c.field)
    come = insert(customer_tokens).from_select(["workspace_id", "token", "customer_id", "field"], rows)
    return come.add_cte(gone.cte("gone"))
