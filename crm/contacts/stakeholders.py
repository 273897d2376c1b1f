"""Who decides at a customer: which roles of the buying centre are known, by whom, and whether we talk to them.

Roles: ``domain.md`` A079. Single thread: exactly one person who is hot or warm (``domain.md`` B11, C4).
"""

from typing import Any, get_args
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, aggregate_order_by, array

from crm.actor import Sight
from crm.contacts.models import contacts
from crm.contacts.vocabulary import Role
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.warmth import band_of
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import mention, this_one
from crm.tables import utc

IN_TOUCH = ("hot", "warm")
"""The bands in which a person counts as covered: there was a contact within the workspace's limit for warm."""


async def of_customer(access: Access, customer_id: UUID) -> bytes:
    """The stakeholders of a customer, in one statement. Raises ``NotFound``."""
    body: str | None = await access.value(_stakeholders(access.actor.sight), id=customer_id)
    if body is None:
        raise NotFound
    return body.encode()


@statement
def _stakeholders(sight: Sight) -> Select[Any]:
    people = _people()
    in_touch = people.c.band.in_(IN_TOUCH)
    roles = _roles(people)
    known = func.coalesce(roles.c.holders, _nothing())
    role = func.json_build_object(
        "role", roles.c.role,
        "known", roles.c.holders.is_not(None),
        "covered", roles.c.covered,
        "holders", known,
    )  # fmt: skip
    missing = func.json_agg(aggregate_order_by(roles.c.role, roles.c.place)).filter(roles.c.holders.is_(None))
    uncovered = func.json_agg(aggregate_order_by(roles.c.role, roles.c.place)).filter(
        roles.c.holders.is_not(None), ~roles.c.covered
    )
    buying_centre = select(
        func.json_agg(aggregate_order_by(role, roles.c.place)).label("roles"),
        func.coalesce(missing, _nothing()).label("missing"),
        func.coalesce(uncovered, _nothing()).label("uncovered"),
    ).subquery("buying_centre")
    threads = select(
        func.count().label("contacts"),
        func.count().filter(in_touch).label("many"),
        func.coalesce(
            func.json_agg(aggregate_order_by(mention(people), people.c.last_contact_at.desc(), people.c.id)).filter(
                in_touch
            ),
            _nothing(),
        ).label("in_touch"),
    ).subquery("threads")
    whole = func.json_build_object(
        "customer", mention(customers),
        "roles", buying_centre.c.roles,
        "missing", buying_centre.c.missing,
        "uncovered", buying_centre.c.uncovered,
        "contacts", threads.c.contacts,
        "in_touch", threads.c.in_touch,
        "single_thread_risk", threads.c.many == 1,
    )  # fmt: skip
    return (
        select(cast(whole, Text))
        .select_from(customers.join(buying_centre, true()).join(threads, true()))
        .where(this_one(CUSTOMER, sight))
    )


def _people() -> FromClause:
    """Who is there: neither put aside nor gone."""
    c = contacts.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    there = and_(at_home, c.customer_id == bindparam("id", type_=Uuid), c.archived_at.is_(None), c.left_on.is_(None))
    columns = (c.id, c.name, c.title, c.level, c.roles, c.do_not_contact, c.last_contact_at)
    return select(*columns, band_of(c.last_contact_at).label("band")).where(there).cte("people")


def _roles(people: FromClause) -> FromClause:
    """The six roles in their order, each with its holders, the most influential first; null where nobody is known."""
    every = func.unnest(cast(array([literal(role, Text) for role in get_args(Role)]), ARRAY(Text)))
    role = every.table_valued("role", with_ordinality="place", name="every_role").render_derived()
    held = func.jsonb_array_elements(people.c.roles).table_valued("value").render_derived().lateral("held")
    value: ColumnElement[Any] = cast(held.c.value, JSONB)
    influence = cast(value["influence"].astext, Integer)
    holder = func.json_build_object(
        "id", people.c.id,
        "name", people.c.name,
        "title", people.c.title,
        "level", people.c.level,
        "influence", influence,
        "stance", value["stance"].astext,
        "do_not_contact", people.c.do_not_contact,
        "band", people.c.band,
        "last_contact_at", utc(people.c.last_contact_at),
    )  # fmt: skip
    order = (influence.desc().nulls_last(), people.c.last_contact_at.desc().nulls_last(), people.c.id)
    found = (
        select(
            func.json_agg(aggregate_order_by(holder, *order)).label("holders"),
            func.coalesce(func.bool_or(people.c.band.in_(IN_TOUCH)), literal_column("false"), type_=Boolean).label(
                "covered"
            ),
        )
        .select_from(people.join(held, true()))
        .where(value["role"].astext == role.c.role)
        .lateral("found")
    )
    return (
        select(role.c.role, role.c.place, found.c.holders, found.c.covered)
        .select_from(role.join(found, true()))
        .subquery("roles")
    )


def _nothing() -> ColumnElement[Any]:
    return cast(literal_column("'[]'"), JSON)
