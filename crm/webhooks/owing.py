"""Who is owed which event: by the worker when it publishes facts, by people when they recover what was missed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.database import Transaction, statement
from crm.facts import events, published_here
from crm.webhooks.models import webhook_deliveries, webhook_endpoints
from crm.webhooks.rules import OWN_AFFAIRS

_NEW = ["workspace_id", "endpoint_id", "event_id", "event_type"]


async def owe_deliveries(
    tx: Transaction, workspace_ids: Sequence[UUID], event_ids: Sequence[UUID], types: Sequence[str]
) -> int:
    """Write down a delivery for each active endpoint that wants one of these events; gives how many are new.

    The three are columns side by side. Owing one twice is owing it once.
    """
    found: int = await tx.value(_owe(), workspace_ids=workspace_ids, event_ids=event_ids, types=types)
    return found


async def owe_deliveries_here(tx: Transaction, event_type: str) -> int:
    """The same for all facts of a type that this very transaction has written as published."""
    found: int = await tx.value(_owe_here(), of_type=event_type)
    return found


async def owe_missed(tx: Transaction, endpoint_id: UUID, first_id: UUID, most: int) -> int:
    """Owe one endpoint what it wants of the events from this id on, the oldest first; gives how many are new."""
    found: int = await tx.value(_owe_missed(most), endpoint_id=endpoint_id, first_id=first_id)
    return found


def is_listened_to(workspace_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether anybody is told of this workspace's facts at all."""
    e = webhook_endpoints.c
    return exists().where(e.workspace_id == workspace_id, e.state == "active")


def wants(patterns: ColumnElement[Any], event_type: ColumnElement[str]) -> ColumnElement[bool]:
    """``rules.matches`` and ``rules.is_deliverable`` in SQL."""
    pattern = func.unnest(patterns).table_valued("pattern", name="wanted").render_derived().c.pattern
    family = and_(func.right(pattern, 2) == ".*", func.starts_with(event_type, func.left(pattern, -1)))
    named = exists().where(or_(pattern == "*", pattern == event_type, family))
    return and_(named, func.split_part(event_type, ".", 1).not_in(OWN_AFFAIRS))


@statement
def _owe() -> Select[Any]:
    columns = {"workspace_ids": ARRAY(Uuid), "event_ids": ARRAY(Uuid), "types": ARRAY(Text)}
    arrays = [bindparam(name, type_=type_) for name, type_ in columns.items()]
    fact = func.unnest(*arrays).table_valued("workspace_id", "event_id", "type", name="fact").render_derived().c
    e = webhook_endpoints.c
    owed = select(fact.workspace_id, e.id, fact.event_id, fact.type).where(
        e.workspace_id == fact.workspace_id, e.state == "active", wants(e.types, fact.type)
    )
    return _written(owed)


@statement
def _owe_here() -> Select[Any]:
    e = webhook_endpoints.c
    # Asked once, before any fact is looked at: most workspaces tell nobody.
    owed = select(events.c.workspace_id, e.id, events.c.id, events.c.type).where(
        is_listened_to(bindparam("workspace_id", type_=Uuid)),
        *published_here(),
        e.workspace_id == events.c.workspace_id,
        e.state == "active",
        wants(e.types, events.c.type),
    )
    return _written(owed)


@statement
def _owe_missed(most: int) -> Select[Any]:
    """Events since then that the endpoint wants and that are published: the others will come by themselves."""
    e, d, home = webhook_endpoints.c, webhook_deliveries.c, bindparam("workspace_id", type_=Uuid)
    owed_already = exists().where(d.workspace_id == home, d.endpoint_id == e.id, d.event_id == events.c.id)
    owed = (
        select(events.c.workspace_id, e.id, events.c.id, events.c.type)
        .where(
            events.c.workspace_id == home,
            events.c.id >= bindparam("first_id", type_=Uuid),
            events.c.published_at.is_not(None),
            e.workspace_id == home,
            e.id == bindparam("endpoint_id", type_=Uuid),
            wants(e.types, events.c.type),
            ~owed_already,
        )
        .order_by(events.c.id)
        .limit(most)
    )
    return _written(owed)


def _written(owed: Select[Any]) -> Select[Any]:
    new = insert(webhook_deliveries).from_select(_NEW, owed).on_conflict_do_nothing()
    return select(func.count()).select_from(new.returning(webhook_deliveries.c.id).cte("owed"))
