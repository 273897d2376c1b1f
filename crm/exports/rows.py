"""The rows of an export, a thousand at a time by keyset, as the asker sees them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, FromClause, Integer, Select, Text, Uuid, and_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from crm.actor import Sight
from crm.complaints import queries as complaint_queries
from crm.contacts import queries as contact_queries
from crm.contacts.models import contacts
from crm.customers import queries as customer_queries
from crm.customers.models import customers
from crm.database import Access, statement
from crm.exports.actions import ONE, values_of
from crm.opportunities import queries as opportunity_queries
from crm.opportunities.models import opportunity_items
from crm.paging import Filter
from crm.pipelines.models import pipeline_stages, pipelines
from crm.products.models import products
from crm.reading import Listing
from crm.tables import utc
from crm.workspaces.models import users

Row = asyncpg.Record
AT_ONCE = 2_000
MOST_CUSTOM = 100

CUSTOMER = (
    "id", "name", "kind", "registration_code", "type", "intermediate_kind", "industry", "region", "size",
    "purchasing_power", "class", "key_kind", "lifecycle", "relationship_stage", "source", "phone", "email", "website",
    "note", "influence", "do_not_contact", "warmth_band", "next_contact_due_on", "tags", "address",
)  # fmt: skip
CONTACT = (
    "id", "name", "title", "department", "level", "phones", "emails", "wechat", "birthday", "roles", "do_not_contact",
    "left_on",
)  # fmt: skip

OPPORTUNITY = (
    "id", "reference", "name", "customer", "owner", "product", "quantity", "items", "pipeline", "stage", "state",
    "amount.amount", "amount.currency", "opened_on", "expected_close_on", "closed_on", "resume_on", "probability",
    "forecast_category", "money", "authority", "need", "intention", "grade", "competitor", "next_step", "next_step_on",
    "source", "note", "tags", "lost_reason", "lost_note", "contract_starts_on", "contract_ends_on",
)  # fmt: skip
"""As an import of sales reads them; what it finds out for itself (the grade, the items in words) it skips."""

COMPLAINT = (
    "id", "number", "received_at", "channel", "customer", "contact", "subject", "description", "category", "severity",
    "remedy_sought", "state", "assignee", "responsible", "validity", "cause_kind", "root_cause", "corrective_action",
    "solution", "cost.amount", "cost.currency", "product", "lot", "acknowledged_at", "communicated_at", "resolved_at",
    "closed_at", "closed_because", "reopened_count", "satisfaction", "due_at", "tags",
)  # fmt: skip

LISTS: Mapping[str, Listing] = {
    "customers": customer_queries.LIST,
    "contacts": contact_queries.LIST,
    "opportunities": opportunity_queries.LIST,
    "complaints": complaint_queries.LIST,
}


async def pages(access: Access, noun: str, wanted: Filter) -> AsyncGenerator[Sequence[Row], None]:
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


async def custom_keys(access: Access, noun: str, wanted: Filter) -> list[str]:
    """The keys of fields of the workspace's own in this list, at most a hundred."""
    if noun not in ONE:
        return []
    given, present = await values_of(access, noun, wanted)
    return [row["key"] for row in await access.rows(_keys(noun, access.actor.sight, present), **given)]


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
    return ROWS[noun](cut).order_by(cut.c.id)


def _customers(cut: FromClause) -> Select[Any]:
    owner, parent, c = users.alias("owner"), customers.alias("parent"), cut.c
    return select(
        *(c[name] for name in CUSTOMER),
        c.custom,
        c.yearly_value.label("yearly_value.amount"),
        c.yearly_value_currency.label("yearly_value.currency"),
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
        c.custom,
        customer.c.name.label("customer"),
        utc(c.created_at).label("created_at"),
        utc(c.updated_at).label("updated_at"),
    ).select_from(cut.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)))


def _opportunities(cut: FromClause) -> Select[Any]:
    customer, owner, c = customers.alias("customer"), users.alias("owner"), cut.c
    pipeline, stage = pipelines.alias("pipeline"), pipeline_stages.alias("stage")
    made: dict[str, ColumnElement[Any]] = {
        "customer": customer.c.name,
        "owner": func.coalesce(owner.c.email, owner.c.name),
        "product": _only_item(cut, "name"),
        "quantity": _only_item(cut, "quantity"),
        "items": _items(cut),
        "pipeline": pipeline.c.name,
        "stage": stage.c.key,
        "amount.amount": c.amount,
        "amount.currency": c.currency,
    }
    return select(
        *((made[name] if name in made else c[name]).label(name) for name in OPPORTUNITY),
        utc(c.created_at).label("created_at"),
        utc(c.updated_at).label("updated_at"),
    ).select_from(
        cut.join(pipeline, and_(pipeline.c.workspace_id == c.workspace_id, pipeline.c.id == c.pipeline_id))
        .join(stage, and_(stage.c.workspace_id == c.workspace_id, stage.c.id == c.stage_id))
        .outerjoin(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
        .outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id))
    )


def _only_item(cut: FromClause, name: str) -> ColumnElement[Any]:
    """What is sold, where it is one thing that is a product."""
    item = opportunity_items.alias("only_item").c
    one = select(func.min(item[name])).where(item.workspace_id == cut.c.workspace_id, item.opportunity_id == cut.c.id)
    return one.having(func.count() == 1, func.count(item.product_id) == 1).scalar_subquery()


def _items(cut: FromClause) -> ColumnElement[Any]:
    item = opportunity_items.alias("item").c
    said = func.concat(func.trim_scale(item.quantity), " × ", item.name, ": ", item.amount)
    return (
        select(func.string_agg(said, aggregate_order_by(literal("; "), item.place)))
        .where(item.workspace_id == cut.c.workspace_id, item.opportunity_id == cut.c.id)
        .scalar_subquery()
    )


def _complaints(cut: FromClause) -> Select[Any]:
    """Not who complained where it is no contact: that is for those who handle the case."""
    c = cut.c
    names = {"customer": customers, "contact": contacts, "assignee": users, "responsible": users, "product": products}
    found: FromClause = cut
    made: dict[str, ColumnElement[Any]] = {}
    for name, table in names.items():
        row = table.alias(name)
        found = found.outerjoin(row, and_(row.c.workspace_id == c.workspace_id, row.c.id == c[f"{name}_id"]))
        made[name] = row.c.name
    made |= {name: utc(c[name]) for name in COMPLAINT if name.endswith("_at")}
    made |= {"cost.amount": c.cost, "cost.currency": c.cost_currency}
    return select(
        *((made[name] if name in made else c[name]).label(name) for name in COMPLAINT),
        utc(c.created_at).label("created_at"),
        utc(c.updated_at).label("updated_at"),
    ).select_from(found)


ROWS = {
    "customers": _customers,
    "contacts": _contacts,
    "opportunities": _opportunities,
    "complaints": _complaints,
}


@statement
def _keys(noun: str, sight: Sight, present: frozenset[str]) -> Select[Any]:
    listing = LISTS[noun]
    table = listing.noun.table
    key = func.jsonb_object_keys(table.c.custom, type_=Text).column_valued("key")
    return (
        select(key.label("key"))
        .distinct()
        .select_from(table)
        .where(
            table.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            listing.noun.visible(sight),
            *(listing.filters[name] for name in sorted(present)),
        )
        .order_by("key")
        .limit(MOST_CUSTOM)
    )
