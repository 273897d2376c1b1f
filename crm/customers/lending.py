"""The search tokens of a customer who was merged away: lent to the winner, marked with whose they are."""

from typing import Any

from sqlalchemy import Insert, Text, Uuid, bindparam, cast, delete, func, insert, select

from crm.customers.models import customer_tokens
from crm.customers.references import LOSER, WINNER
from crm.database import statement


@statement
def lend_tokens() -> Insert:
    """Whoever looks for the loser finds the winner: its tokens, marked with whose they are."""
    field = cast(LOSER, Text) + "/" + customer_tokens.c.field
    return _tokens(LOSER, WINNER, field, ())


@statement
def return_tokens() -> Insert:
    """The loser's tokens are its own again."""
    mark = cast(LOSER, Text) + "/"
    mine = func.starts_with(customer_tokens.c.field, mark)
    return _tokens(WINNER, LOSER, func.substr(customer_tokens.c.field, func.length(mark) + 1), (mine,))


def _tokens(of: Any, to: Any, field: Any, which: tuple[Any, ...]) -> Insert:
    c = customer_tokens.c
    here = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    gone = (
        delete(customer_tokens)
        .where(here, c.customer_id == of, *which)
        .returning(c.workspace_id, c.token, field.label("field"))
        .cte("gone")
    )
    rows = select(gone.c.workspace_id, gone.c.token, to, gone.c.field)
    return insert(customer_tokens).from_select(["workspace_id", "token", "customer_id", "field"], rows)
