"""When a complaint repeats an earlier one: the same customer, about the same product or cause, within so many days."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Integer, Select, Text, Uuid, and_, bindparam, func, or_, select

from crm.complaints.models import complaints
from crm.database import Access, statement
from crm.tables import Moment


def repeated_by(earlier: FromClause, now: Any) -> ColumnElement[bool]:
    """``earlier`` is repeated by the complaint with the columns ``now``; the days are a setting of the workspace.

    The same product, or the same kind of cause; as long as a cause is not known, the same category where the two do
    not name different products.
    """
    e = earlier.c
    days = func.make_interval(0, 0, 0, bindparam("complaints_repeat_days", type_=Integer))
    other_product = func.coalesce(e.product_id != now.product_id, False)
    both_causes = and_(e.cause_kind.is_not(None), now.cause_kind.is_not(None))
    same = or_(
        func.coalesce(e.product_id == now.product_id, False),
        and_(both_causes, e.cause_kind == now.cause_kind),
        and_(~both_causes, ~other_product, e.category == now.category),
    )
    return and_(
        e.customer_id == now.customer_id,
        e.id != now.id,
        e.received_at <= now.received_at,
        e.received_at >= now.received_at - days,
        e.state != "withdrawn",
        same,
    )


async def repeat_of(access: Access, complaint_id: UUID, **what: Any) -> UUID | None:
    """The latest complaint that one with these values repeats, whoever sees it; ``what`` as ``_Given`` has it."""
    if what["customer_id"] is None:
        return None
    found: UUID | None = await access.value(_repeat_of(), of_id=complaint_id, **{f"of_{k}": v for k, v in what.items()})
    return found


class _Given:
    """The columns of a complaint that is not written yet."""

    id = bindparam("of_id", type_=Uuid)
    customer_id = bindparam("of_customer_id", type_=Uuid)
    product_id = bindparam("of_product_id", type_=Uuid)
    category = bindparam("of_category", type_=Text)
    cause_kind = bindparam("of_cause_kind", type_=Text)
    received_at = bindparam("of_received_at", type_=Moment)


@statement
def _repeat_of() -> Select[Any]:
    earlier = complaints.alias("earlier")
    at_home = earlier.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    found = select(earlier.c.id).where(at_home, repeated_by(earlier, _Given))
    return found.order_by(earlier.c.received_at.desc(), earlier.c.id.desc()).limit(1)
