"""Parts of how a customer looks that are objects of their own; each is null where there is nothing to show."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, case, cast, func

from crm.customers.lifecycle import KIND_OF_LOSS
from crm.tables import utc


def money(amount: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """An amount as the API writes it: text, with its currency; null where there is none."""
    return case((amount.is_not(None), func.json_build_object("amount", cast(amount, Text), "currency", currency)))


def loss(customer: FromClause) -> ColumnElement[Any]:
    """Why the customer was lost, with what follows from the cause; null for one who is not."""
    c = customer.c
    kind = case(dict(KIND_OF_LOSS), value=c.lost_cause)
    why = func.json_build_object(
        "cause", c.lost_cause,
        "kind", kind,
        "is_voluntary", case({"voluntary": True, "involuntary": False}, value=kind),
        "evidence", c.lost_evidence,
        "lost_at", utc(c.lost_at),
    )  # fmt: skip
    return case((c.lost_cause.is_not(None), why))


def trust(customer: FromClause) -> ColumnElement[Any]:
    """The present judgement of trust; null where nobody gave one."""
    c = customer.c
    judged = func.json_build_object(
        "score", c.trust_score, "index", c.trust_index, "rated_at", utc(c.trust_rated_at)
    )  # fmt: skip
    return case((c.trust_rated_at.is_not(None), judged))
