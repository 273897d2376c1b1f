"""Working out open clocks anew, batch by batch: nobody waits for long, and it may end anywhere.

Asked for by ``crm.sla.recounts``. A batch locks some complaints, then their clocks, as the steps do.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Integer, Select, Text, Uuid, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from crm.complaints import events
from crm.complaints.clock_cases import cases, times
from crm.complaints.clock_rows import Row, clocks_of, earliest, keep
from crm.complaints.clocks import judged
from crm.complaints.models import complaints, sla_clocks
from crm.complaints.queries import COMPLAINT
from crm.database import Transaction, statement
from crm.recording import recorded
from crm.sla import recounts
from crm.tables import Moment


async def recount_some(tx: Transaction, *, most: int) -> bool:
    """A batch of what is to be worked out anew in this workspace; whether there may be more."""
    taken = await recounts.take(tx)
    if taken is None:
        return False
    ids = [row[0] for row in await tx.rows(_next(), most=most, **taken._asdict())]
    changed = await _recount(tx, ids) if ids else 0
    last = ids[-1] if len(ids) == most else None
    await recounts.move_on(tx, taken, last=last, looked_at=len(ids), changed=changed)
    return True


async def follow_customer(tx: Transaction, customer_id: UUID) -> None:
    """A customer is of another class, or one with another: what is promised for its open complaints may be, too.

    Where none of them has an open clock there is nothing to ask for.
    """
    await tx.rows(_ask(), customer_id=customer_id)


async def _recount(tx: Transaction, ids: Sequence[UUID]) -> int:
    """Work out the open clocks of these complaints anew; how many have become others."""
    found = {case.id: case for case in await cases(tx, ids)}
    rows = [row for row in await clocks_of(tx, ids) if row.complaint_id in found]
    wanted = {row.goes for row in rows} | {case.goes for case in found.values()}
    time = await times(tx, tx.actor.timezone, wanted)
    after = [judged(found[row.complaint_id], row, time) for row in rows]
    changed = await keep(tx, rows, after, time)
    due = _due(after)
    if changed:
        moments = [due[id_] for id_ in due]
        await tx.rows(_due_anew(), event_type=events.UPDATED, ids=list(due), moments=moments)
    return changed


def _due(rows: Sequence[Row]) -> dict[UUID, datetime | None]:
    by_complaint: dict[UUID, list[Row]] = {}
    for row in rows:
        by_complaint.setdefault(row.complaint_id, []).append(row)
    return {complaint_id: earliest(theirs) for complaint_id, theirs in by_complaint.items()}


@statement
def _ask() -> Insert:
    k, c = sla_clocks.c, complaints.c
    runs = exists().where(k.workspace_id == c.workspace_id, k.complaint_id == c.id, k.stopped_at.is_(None))
    whose = (c.workspace_id == bindparam("workspace_id", type_=Uuid), c.customer_id == bindparam("customer_id"))
    return recounts.asking_for_customers(
        select(c.workspace_id, c.customer_id).where(*whose, runs).limit(1).subquery("whose")
    )


@statement
def _next() -> Select[Any]:
    """The next complaints in order that have open clocks of the kind that is asked for."""
    k, c = sla_clocks.c, complaints.c
    severity, calendar = bindparam("severity", type_=Text), bindparam("calendar_id", type_=Uuid)
    after = bindparam("after_id", type_=Uuid)
    customer = bindparam("customer_id", type_=Uuid)
    its = and_(c.workspace_id == k.workspace_id, c.id == k.complaint_id)
    return (
        select(k.complaint_id)
        .where(
            k.workspace_id == bindparam("workspace_id", type_=Uuid),
            k.stopped_at.is_(None),
            or_(after.is_(None), k.complaint_id > after),
            or_(severity.is_(None), exists().where(its, c.severity == severity)),
            or_(customer.is_(None), exists().where(its, c.customer_id == customer)),
            or_(calendar.is_(None), k.calendar_id == calendar),
        )
        .group_by(k.complaint_id)
        .order_by(k.complaint_id)
        .limit(bindparam("most", type_=Integer))
    )


@statement
def _due_anew() -> Insert:
    """The complaints are due at other moments, which is news to whoever keeps a copy of them."""
    c = complaints.c
    given = (
        func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("moments", type_=ARRAY(Moment)))
        .table_valued("id", "moment", name="given")
        .render_derived()
    )
    these = and_(c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id == given.c.id)
    differs = c.due_at.is_distinct_from(given.c.moment)
    return recorded(COMPLAINT, update(complaints).where(these, differs).values(due_at=given.c.moment))
