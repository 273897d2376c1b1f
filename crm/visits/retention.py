"""Whereabouts are kept no longer than the workspace says (``domain.md`` B12, PIPL 6, 19, 28)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Integer, Update, Uuid, bindparam, case, func, null, or_, select, update

from crm.database import Transaction, statement
from crm.visits.models import visits

WHEN: Mapping[str, str] = MappingProxyType({"start": "started_at", "completion": "reported_at"})
"""When each of the two positions was taken."""


async def forget_locations(tx: Transaction, *, most: int) -> int:
    """Empty the positions of visits older than ``privacy.location_days``; of how many visits.

    How far from the customer it was stays: that is no place.
    """
    return len(await tx.rows(_forget(), most=most))


def without_positions(which: Mapping[str, ColumnElement[bool]]) -> dict[str, Any]:
    """The values of visits that forget those positions for which the condition holds, and with a new version."""
    values: dict[str, Any] = {"version": visits.c.version + 1, "updated_at": func.now()}
    for at, forgotten in which.items():
        values[f"{at}_position"] = case((forgotten, null()), else_=visits.c[f"{at}_position"])
        state = visits.c[f"{at}_position_state"]
        values[f"{at}_position_state"] = case((forgotten, "forgotten"), else_=state)
    return values


def kept(at: str) -> ColumnElement[bool]:
    """The visit has this position."""
    return visits.c[f"{at}_position"].is_not(None)


@statement
def _forget() -> Update:
    v = visits.c
    old = func.now() - func.make_interval(0, 0, 0, bindparam("privacy_location_days", type_=Integer))
    stale = {at: kept(at) & (func.coalesce(v[when], v.updated_at) < old) for at, when in WHEN.items()}
    chosen = (
        select(v.id)
        .where(v.workspace_id == bindparam("workspace_id", type_=Uuid), or_(*stale.values()))
        .order_by(v.planned_start, v.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    # No fact: there is nothing to tell but what is to be forgotten. A new version, so that no cache shows it.
    return (
        update(visits)
        .where(v.workspace_id == bindparam("workspace_id"), v.id.in_(select(chosen.c.id)))
        .values(**without_positions(stale))
        .returning(v.id)
    )
