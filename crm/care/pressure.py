"""Contact pressure (``domain.md`` B1, A021): how often we touched a person of late, and when that is enough.

A touch is whatever we began and what reached them: outbound, by machine too, and not a call that nobody answered. What
the customer began does not count. One that names nobody counts for everybody there, since it may have been any of them.
Days are those of the workspace's calendar, the asked one included.
"""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON

from crm.actor import Sight
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.days import begin_of, today
from crm.errors import NotFound
from crm.interactions.models import interactions
from crm.nouns import this_one

WEEK, MONTH = 7, 30


def is_touch() -> ColumnElement[bool]:
    """The interaction is one that counts."""
    return and_(interactions.c.direction == "outbound", interactions.c.outcome != "no_answer")


def is_capped(last_7: ColumnElement[int], last_30: ColumnElement[int]) -> ColumnElement[bool]:
    """That is enough for now."""
    return or_(
        last_7 >= bindparam("pressure_in_7_days", type_=Integer),
        last_30 >= bindparam("pressure_in_30_days", type_=Integer),
    )


def touches(of: FromClause, day: ColumnElement[Any]) -> CTE:
    """Touches up to that day at the customers ``of`` (``id``), by ``contact_id``, null for those that name nobody."""
    i = interactions.c
    # Lateral, so that each customer's are reached by the index: joined, Postgres reads the workspace's whole month.
    each = (
        select(
            i.contact_id,
            func.count().filter(i.occurred_at >= begin_of(day, WEEK - 1)).label("last_7"),
            func.count().label("last_30"),
        )
        .where(
            i.workspace_id == bindparam("workspace_id", type_=Uuid),
            i.customer_id == of.c.id,
            i.occurred_at >= begin_of(day, MONTH - 1),
            i.occurred_at < begin_of(day, -1),
            is_touch(),
        )
        .group_by(i.contact_id)
        .lateral("touches_there")
    )
    return select(of.c.id.label("customer_id"), *each.c).join_from(of, each, true()).cte("touches")


def people_pressed(customer_id: ColumnElement[Any], touched: CTE) -> Select[Any]:
    """Each person one could call at a customer, with the touches that count for them."""
    c = contacts.c
    own, unnamed = touched.alias(), touched.alias()
    usable = and_(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.customer_id == customer_id,
        c.archived_at.is_(None),
        c.left_on.is_(None),
        ~c.do_not_contact,
    )
    return (
        select(
            c.id,
            c.name,
            _sum(own.c.last_7, unnamed.c.last_7).label("last_7"),
            _sum(own.c.last_30, unnamed.c.last_30).label("last_30"),
        )
        .select_from(
            contacts.outerjoin(own, and_(own.c.customer_id == customer_id, own.c.contact_id == c.id)).outerjoin(
                unnamed, and_(unnamed.c.customer_id == customer_id, unnamed.c.contact_id.is_(None))
            )
        )
        .where(usable)
    )


def capped_customers(touched: CTE) -> CTE:
    """The customers (``id``) at whom there is nobody left to call: everyone there was touched enough.

    Where no person is known, it is the customer who was.
    """
    total = (
        select(
            touched.c.customer_id.label("id"),
            func.sum(touched.c.last_7).label("last_7"),
            func.sum(touched.c.last_30).label("last_30"),
        )
        .group_by(touched.c.customer_id)
        .cte("touched_customers")
    )
    someone = people_pressed(total.c.id, touched).lateral("someone")
    anybody_free = exists(select(1).select_from(someone).where(~is_capped(someone.c.last_7, someone.c.last_30)))
    return select(total.c.id).where(is_capped(total.c.last_7, total.c.last_30), ~anybody_free).cte("capped_customers")


def shown(last_7: ColumnElement[Any], last_30: ColumnElement[Any], capped: ColumnElement[bool]) -> list[Any]:
    """Pressure as it is told, as parts of a JSON object."""
    return ["last_7_days", last_7, "last_30_days", last_30, "capped", capped]


async def of_customer(access: Access, customer_id: UUID) -> bytes:
    """How often a customer and each person there was touched of late. Raises ``NotFound``."""
    found: str | None = await access.value(_of_customer(access.actor.sight), id=customer_id)
    if found is None:
        raise NotFound
    return found.encode()


async def warning(access: Access, customer_id: UUID, contact_id: UUID | None) -> str | None:
    """What to say to whoever has just touched somebody who was touched enough; None where there is nothing to say."""
    found: str | None = await access.value(_of_customer(access.actor.sight), id=customer_id)
    if found is None:
        return None
    told = orjson.loads(found)
    one = next((each for each in told["contacts"] if each["id"] == str(contact_id)), told)
    if not one["capped"]:
        return None
    return f"contact_pressure; last_7_days={one['last_7_days']}; last_30_days={one['last_30_days']}"


@statement
def _of_customer(sight: Sight) -> Select[Any]:
    this = select(customers.c.id).where(this_one(CUSTOMER, sight)).cte("this_customer")
    touched = touches(this, today())
    capped = capped_customers(touched)
    person = people_pressed(this.c.id, touched).lateral("person")
    each = func.json_build_object(
        "id", person.c.id,
        "name", person.c.name,
        *shown(person.c.last_7, person.c.last_30, is_capped(person.c.last_7, person.c.last_30)),
    )  # fmt: skip
    people = (
        select(
            func.coalesce(
                func.json_agg(each).filter(person.c.id.is_not(None)), cast(literal_column("'[]'"), JSON)
            ).label("people")
        )
        .select_from(this.outerjoin(person, true()))
        .subquery("people")
    )
    whole = select(
        func.coalesce(func.sum(touched.c.last_7), 0).label("last_7"),
        func.coalesce(func.sum(touched.c.last_30), 0).label("last_30"),
    ).subquery("whole")
    told = func.json_build_object(
        "customer_id", this.c.id,
        *shown(whole.c.last_7, whole.c.last_30, exists().where(capped.c.id == this.c.id)),
        "contacts", people.c.people,
    )  # fmt: skip
    return select(cast(told, Text)).select_from(this.join(people, true()).join(whole, true()))


def _sum(*counts: ColumnElement[Any]) -> ColumnElement[Any]:
    first, second = (func.coalesce(count, 0) for count in counts)
    return cast(first + second, Integer)
