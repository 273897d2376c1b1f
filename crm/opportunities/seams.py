"""What the sales of a customer mean for the customer: conditions on the table of customers, for those above."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from crm.customers.models import customers
from crm.opportunities.models import opportunities


def _of_customer(*states: str) -> Select[Any]:
    c = opportunities.c
    return select(c.id).where(
        c.workspace_id == customers.c.workspace_id,
        c.customer_id == customers.c.id,
        c.archived_at.is_(None),
        c.state.in_(states),
    )


def _won(many: int) -> ColumnElement[bool]:
    won = _of_customer("won").with_only_columns(func.count()).correlate(customers).scalar_subquery()
    enough: ColumnElement[bool] = won >= many
    return enough


has_open_opportunity = _of_customer("open", "on_hold").correlate(customers).exists()
"""A sale is in the making, or rests: the customer neither sleeps nor is put aside (``domain.md`` C2)."""

won_opportunity = _won(1)
two_won_opportunities = _won(2)
