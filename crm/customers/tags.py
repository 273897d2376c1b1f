"""The tags (标签) that customers carry."""

from typing import Any

from sqlalchemy import Column, Select, Text, Uuid, bindparam, cast, func, select, text

from crm.actor import Sight
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement

MOST = 500


async def in_use(access: Access) -> bytes:
    """The tags of the customers in sight with how many carry each, the most used first, at most ``MOST``."""
    told: str = await access.value(_in_use(access.actor.sight))
    return told.encode()


@statement
def _in_use(sight: Sight) -> Select[Any]:
    here = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    tag = func.unnest(customers.c.tags).table_valued(Column("tag", Text), name="each").render_derived()
    counted = (
        select(tag.c.tag, func.count().label("customers"))
        .select_from(customers)
        .join(tag, text("true"))
        .where(here, customers.c.archived_at.is_(None), CUSTOMER.visible(sight))
        .group_by(tag.c.tag)
        .order_by(func.count().desc(), tag.c.tag)
        .limit(MOST)
        .subquery("counted")
    )
    rows = func.coalesce(func.json_agg(func.row_to_json(counted.table_valued())), text("'[]'::json"))
    return select(cast(func.json_build_object("data", rows), Text)).select_from(counted)
