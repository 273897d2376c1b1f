"""How an exchange rate looks, and which one holds on a day."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Select, Text, Uuid, bindparam, cast, select, true

from crm import reading
from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import NotFound
from crm.exchange_rates.models import exchange_rates
from crm.exchange_rates.schemas import RateFilter
from crm.nouns import Answer, Noun, as_answer
from crm.reading import Listing, among, between
from crm.tables import stamps


def shape(rate: FromClause) -> Select[Any]:
    """A rate, once: the answer and the event."""
    c = rate.c
    return select(c.id, c.currency, c.day, cast(c.rate, Text).label("rate"), *stamps(rate)).select_from(rate)


def visible(_: Sight) -> ColumnElement[bool]:
    """Money is worth the same to everyone of a workspace."""
    return true()


RATE = Noun("exchange_rate", exchange_rates, shape, visible, customer=None)
LIST = Listing(
    RATE,
    sorts={"created_at": exchange_rates.c.created_at, "day": exchange_rates.c.day},
    filters={**among(exchange_rates, ["currency"]), **between(exchange_rates, ["day"])},
)


async def page(access: Access, wanted: RateFilter) -> bytes:
    """A page of rates."""
    return await reading.page(access, LIST, wanted)


async def holding(access: Access, currency: str, day: date) -> Answer:
    """The rate that holds on this day: the last one set for it or a day before. Raises ``NotFound``."""
    row = await access.row(_holding(), currency=currency, day=day)
    if row is None:
        raise NotFound
    return Answer(*row)


def rate_on(workspace_id: ColumnElement[Any], currency: ColumnElement[Any], day: ColumnElement[Any]) -> Any:
    """The rate that holds on a day, in SQL; null where none is known."""
    rate = exchange_rates.alias("rate")
    found = select(rate.c.rate).where(
        rate.c.workspace_id == workspace_id, rate.c.currency == currency, rate.c.day <= day
    )
    return found.order_by(rate.c.day.desc()).limit(1).correlate_except(rate).scalar_subquery()


@statement
def _holding() -> Select[Any]:
    c = exchange_rates.c
    found = (
        exchange_rates.select()
        .where(
            c.workspace_id == bindparam("workspace_id", type_=Uuid),
            c.currency == bindparam("currency", type_=Text),
            c.day <= bindparam("day", type_=Date),
        )
        .order_by(c.day.desc())
        .limit(1)
    )
    return as_answer(RATE, found.subquery("exchange_rates"))
