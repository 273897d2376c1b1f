"""What a sale is worth, how likely it is, and as what it counts: parts of statements (``domain.md`` B5, D6)."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
)

from crm.days import today
from crm.exchange_rates.queries import rate_on
from crm.workspaces.models import workspaces


def own_currency() -> ColumnElement[Any]:
    """The workspace's own currency, read once per statement."""
    at_home = workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(workspaces.c.currency).where(at_home).scalar_subquery()


def own_amount(opportunity: FromClause) -> ColumnElement[Any]:
    """The amount in the workspace's own currency, by the rate of the day it closed, or of today, to cents.

    Null where no amount, or no rate for that day, is known.
    """
    c = opportunity.c
    rate = rate_on(c.workspace_id, c.currency, func.coalesce(c.closed_on, today()))
    return case((c.currency == own_currency(), c.amount), else_=func.round(c.amount * rate, 2))


def probability(opportunity: FromClause, stage: FromClause) -> ColumnElement[Any]:
    """How likely it is won: 1 once it is, 0 once it is lost, else its own or its stage's."""
    c = opportunity.c
    return case(
        (c.state == "won", literal(1, Numeric)),
        (c.state == "lost", literal(0, Numeric)),
        else_=func.coalesce(c.probability, stage.c.probability),
    )


def weighted(opportunity: FromClause, stage: FromClause) -> ColumnElement[Any]:
    """Amount × probability, rounded half up to cents (``domain.md`` B5, D6); null where no amount is known."""
    return func.round(opportunity.c.amount * probability(opportunity, stage), 2)


def category(opportunity: FromClause, stage: FromClause) -> ColumnElement[Any]:
    """What it counts as in a forecast: ``closed`` once won; nothing once lost, or while it rests."""
    c = opportunity.c
    return case(
        (c.state == "won", "closed"),
        (c.state.in_(("lost", "on_hold")), "omitted"),
        else_=func.coalesce(c.forecast_category, stage.c.forecast_category),
    )


def progress_code(opportunity: FromClause, stage: FromClause) -> ColumnElement[Any]:
    """How far the sale is, 0 to 7 (``domain.md`` A120, C2): 6 in contract, 7 when it has ended."""
    c = opportunity.c
    return case(
        (and_(c.state == "won", c.contract_ends_on < today()), 7), (c.state == "won", 6), else_=stage.c.progress_code
    )
