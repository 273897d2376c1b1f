"""The rows of an export, a thousand at a time by keyset, as the asker sees them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import FromClause, Integer, Select, Text, Uuid, and_, bindparam, func, select

from crm.actor import Sight
from crm.contacts import queries as contact_queries
from crm.customers import queries as customer_queries
from crm.customers.models import customers
from crm.database import Access, statement
from crm.exports.actions import values_of
from crm.paging import CustomFilter
from crm.reading import Listing
from crm.tables import utc
from crm.workspaces.models import users

Row = asyncpg.Record
AT_ONCE = 2_000
MOST_CUSTOM = 100

CUSTOMER = (
    "id", "name", "kind", "registration_code", "type", "intermediate_kind", "industry", "region", "size",
    "purchasing_power", "class", "key_kind", "lifecycle", "relationship_stage", "source", "phone", "email", "website",
    "note", "do_not_contact", "warmth_band", "next_contact_due_on", "tags", "address",
)  # fmt: skip
CONTACT = (
    "id", "name", "title", "department", "level", "phones", "emails", "wechat", "birthday", "roles", "do_not_contact",
)  # fmt: skip

LISTS: Mapping[str, Listing] = {"customers": customer_queries.LIST, "contacts": contact_queries.LIST}


async def pages(access: Access, noun: str, wanted: CustomFilter) -> AsyncGenerator[Sequence[Row], None]:
    """Every row of the list, page by page, in the order of their ids; the next one comes while one is written."""
    given, present = await values_of(access, noun, wanted)

    def page(after: UUID) -> asyncio.Task[list[Row]]:
        wanted_rows = _page(noun, access.actor.sight, present)
        return asyncio.create_task(access.rows(wanted_rows, **given, after_id=after, limit=AT_ONCE))

    coming = page(UUID(int=0))
    try:
        while rows := await coming:
            coming = page(rows[-1]["id"])
            yield rows
    finally:
        coming.cancel()


async def custom_keys(access: Access, noun: str, wanted: CustomFilter) -> list[str]:
    """The keys of customers' own fields in this list, at most a hundred."""
    if noun != "customers":
        return []
    given, present = await values_of(access, noun, wanted)
    return [row["key"] for row in await access.rows(_keys(access.actor.sight, present), **given)]


@statement
def _page(noun: str, sight: Sight, present: frozenset[str]) -> Select[Any]:
    listing = LISTS[noun]
    table = listing.noun.table
    cut = (
        select(*table.c)
        .where(
            table.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            listing.noun.visible(sight),
            *(listing.filters[name] for name in sorted(present)),
            table.c.id > bindparam("after_id", type_=Uuid),
        )
        .order_by(table.c.id)
        .limit(bindparam("limit", type_=Integer))
        .subquery(table.name)
    )
    return (_customers(cut) if noun == "customers" else _contacts(cut)).order_by(cut.c.id)


def _customers(cut: FromClause) -> Select[Any]:
    owner, parent, c = users.alias("owner"), customers.alias("parent"), cut.c
    return select(
        *(c[name] for name in CUSTOMER),
        c.custom,
        owner.c.name.label("owner"),
        parent.c.name.label("parent"),
        utc(c.last_contact_at).label("last_contact_at"),
        utc(c.created_at).label("created_at"),
        utc(c.updated_at).label("updated_at"),
    ).select_from(
        cut.outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id)).outerjoin(
            parent, and_(parent.c.workspace_id == c.workspace_id, parent.c.id == c.parent_id)
        )
    )


def _contacts(cut: FromClause) -> Select[Any]:
    customer, c = customers.alias("customer"), cut.c
    return select(
        *(c[name] for name in CONTACT),
        customer.c.name.label("customer"),
        utc(c.created_at).label("created_at"),
        utc(c.updated_at).label("updated_at"),
    ).select_from(cut.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)))


@statement
def _keys(sight: Sight, present: frozenset[str]) -> Select[Any]:
    listing = LISTS["customers"]
    key = func.jsonb_object_keys(customers.c.custom, type_=Text).column_valued("key")
    return (
        select(key.label("key"))
        .distinct()
        .select_from(customers)
        .where(
            customers.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            listing.noun.visible(sight),
            *(listing.filters[name] for name in sorted(present)),
        )
        .order_by("key")
        .limit(MOST_CUSTOM)
    )
