"""Whose parent is whose: a file may say that two companies own each other, and then the second is not believed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, any_, bindparam, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.models import customers
from crm.database import Transaction, statement

Row = Mapping[str, Any]


async def circular(tx: Transaction, rows: Sequence[Row]) -> set[str]:
    """The ids among these customers, in their order, whom their new parent would place above themselves."""
    wanted = {row["id"]: row["parent_id"] for row in rows if row.get("parent_id")}
    if not wanted:
        return set()
    known = await tx.rows(_above(), ids=list(wanted.values()))
    parent_of: dict[str, str] = {row["id"]: row["parent_id"] for row in known}
    refused = set()
    for child, parent in wanted.items():
        at: str | None = parent
        while at is not None and at != child:
            at = parent_of.get(at)
        if at == child:
            refused.add(child)
        else:
            parent_of[child] = parent
    return refused


@statement
def _above() -> Select[Any]:
    """These customers and all above them who have a parent, as texts."""
    home = bindparam("workspace_id", type_=Uuid)
    one, next_ = customers.alias("one"), customers.alias("next")
    first = select(one.c.id, one.c.parent_id).where(
        one.c.workspace_id == home, one.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    )
    above = first.cte("above", recursive=True)
    above = above.union(
        select(next_.c.id, next_.c.parent_id).where(next_.c.workspace_id == home, next_.c.id == above.c.parent_id)
    )
    texts: list[ColumnElement[Any]] = [cast(above.c[name], Text).label(name) for name in ("id", "parent_id")]
    return select(*texts).where(above.c.parent_id.is_not(None))
