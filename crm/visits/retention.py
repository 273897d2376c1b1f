"""Whereabouts are kept no longer than the workspace says (``domain.md`` B12, PIPL 6, 19, 28)."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Update, Uuid, bindparam, case, func, null, or_, select, update

from crm.database import Transaction, statement
from crm.visits.models import visits


async def forget_locations(tx: Transaction, *, most: int) -> int:
    """Empty the positions of visits older than ``privacy.location_days``; of how many visits.

    How far from the customer it was stays: that is no place. What the facts of a visit say stays as well.
    """
    return len(await tx.rows(_forget(), most=most))


@statement
def _forget() -> Update:
    v = visits.c
    old = func.now() - func.make_interval(0, 0, 0, bindparam("privacy_location_days", type_=Integer))

    def stale(at: str) -> ColumnElement[bool]:
        return v[f"{at}_location"].is_not(None) & (func.coalesce(v[f"{_WHEN[at]}_at"], v.updated_at) < old)

    chosen = (
        select(v.id)
        .where(v.workspace_id == bindparam("workspace_id", type_=Uuid), or_(*(stale(at) for at in _WHEN)))
        .order_by(v.planned_start, v.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    emptied: dict[str, Any] = {f"{at}_location": case((stale(at), null()), else_=v[f"{at}_location"]) for at in _WHEN}
    # No fact: it would say again what is to be forgotten. A new version, so that no cache shows it.
    return (
        update(visits)
        .where(v.workspace_id == bindparam("workspace_id"), v.id.in_(select(chosen.c.id)))
        .values(**emptied, version=v.version + 1, updated_at=func.now())
        .returning(v.id)
    )


_WHEN = {"start": "started", "completion": "completed"}
