"""Visits that nobody made: planned or confirmed, and over for longer than the workspace's grace (``domain.md`` C2)."""

from typing import Any

from sqlalchemy import Insert, Integer, Uuid, bindparam, select, update

from crm.database import Transaction, statement
from crm.recording import recorded
from crm.visits import events
from crm.visits.guarding import allowed
from crm.visits.models import visits
from crm.visits.queries import VISIT
from crm.visits.rules import OPEN, after


async def miss(tx: Transaction, *, most: int) -> int:
    """Mark the workspace's missed visits, the oldest first, each with its fact; how many. Nobody is waited for."""
    return len(await tx.rows(_miss(), event_type=events.MISSED, most=most))


@statement
def _miss() -> Insert:
    v = visits.c
    at_home = v.workspace_id == bindparam("workspace_id", type_=Uuid)
    # The list of states is that of the index, so that a quiet round reads nothing else.
    chosen: Any = (
        select(v.id)
        .where(at_home, v.state.in_(OPEN), allowed("miss"))
        .order_by(v.planned_end, v.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    missed = update(visits).where(at_home, v.id.in_(select(chosen.c.id)), allowed("miss")).values(state=after("miss"))
    return recorded(VISIT, missed)
