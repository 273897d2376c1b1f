"""No customer goes cold unnoticed: every night, each customer whose band of warmth has changed by waiting is told of,
and whom nobody was in touch with for too long falls asleep.

Which night was done is remembered with the workspace, and each batch is a transaction of its own, so the work can end
anywhere and go on from there. It also plans all next contacts anew when the workspace's zone or cadence has changed.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Date as Day
from sqlalchemy import Insert, Integer, Select, Update, Uuid, bindparam, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.actor import NOBODY
from crm.care import actions, cadence
from crm.care.models import warmth_rounds
from crm.clock import night
from crm.customers import dormancy, events
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.warmth import band_of
from crm.database import Transaction, statement
from crm.opportunities.seams import has_open_opportunity
from crm.recording import recorded
from crm.tables import at_home
from crm.workspaces.models import workspaces


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces whose night has come and is not done. For a transaction over all workspaces."""
    rows = await tx.rows(_rounds())
    return [
        row["workspace_id"]
        for row in rows
        if row["plan_after"] is not None
        or (clock.is_zone(row["timezone"]) and row["done_for"] != night(row["now"], row["timezone"]))
    ]


async def ask_anew(tx: Transaction) -> None:
    """What decides about warmth or cadence has changed in this workspace: look at all its customers again."""
    await tx.row(_ask_anew())


async def work(tx: Transaction, *, most: int) -> bool:
    """Do a batch of what is waiting in this workspace; whether there is more. A colleague at it is left to it."""
    await tx.row(_begin())
    found = await tx.row(_take())
    if found is None:
        return False
    if found["plan_after"] is not None:
        return await _plan(tx, found["plan_after"], most=most)
    changed = await tx.rows(_warm(), event_type=events.WARMTH_CHANGED, most=most)
    fallen_asleep = await dormancy.fall_asleep(tx, most=most, unless=has_open_opportunity)
    more = most in {len(changed), fallen_asleep}
    if not more:
        await tx.row(_done(), done_for=night(found["now"], tx.actor.timezone))
    return more


async def _plan(tx: Transaction, after: UUID, *, most: int) -> bool:
    rows = await tx.rows(_next_customers(), after=after, most=most, reminder_time=tx.actor.settings["reminder_time"])
    for row in rows:
        await actions.plan(tx, row["id"])
    await tx.row(_planned(), plan_after=rows[-1]["id"] if len(rows) == most else None)
    return True


@statement
def _rounds() -> Select[Any]:
    mine = warmth_rounds.c.workspace_id == workspaces.c.workspace_id
    w, r = workspaces.c, warmth_rounds.c
    return select(w.workspace_id, w.timezone, r.done_for, r.plan_after, func.now().label("now")).select_from(
        workspaces.outerjoin(warmth_rounds, mine)
    )


@statement
def _begin() -> Insert:
    return insert(warmth_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid)).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    wanted = select(warmth_rounds.c.plan_after, func.now().label("now"))
    return wanted.where(at_home(warmth_rounds)).with_for_update(skip_locked=True, of=warmth_rounds)


@statement
def _ask_anew() -> Insert:
    new = insert(warmth_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid), plan_after=NOBODY)
    return new.on_conflict_do_update(
        index_elements=["workspace_id"], set_={"plan_after": new.excluded.plan_after, "done_for": null()}
    )


@statement
def _done() -> Update:
    return (
        update(warmth_rounds)
        .where(at_home(warmth_rounds))
        .values(done_for=bindparam("done_for", type_=Day), done_at=func.now())
    )


@statement
def _planned() -> Update:
    return update(warmth_rounds).where(at_home(warmth_rounds)).values(plan_after=bindparam("plan_after", type_=Uuid))


@statement
def _next_customers() -> Select[Any]:
    """Those of the next whose day, or the moment of whose task, is not what it should be: the others need no look."""
    c = customers.c
    home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    after = c.id > bindparam("after", type_=Uuid)
    of, wanted = cadence.people_and_calendars()
    due_on = cadence.next_contact_due(customers, of.c.calendar_id).label("due_on")
    return (
        select(c.id)
        .select_from(customers.outerjoin(of, wanted))
        .where(home, after, c.archived_at.is_(None))
        .where(
            or_(
                c.next_contact_due_on.is_distinct_from(due_on),
                cadence.told_for_another_moment(),
                cadence.told_or_not(),
                of.c.away,
            )
        )
        .order_by(c.id)
        .limit(bindparam("most", type_=Integer))
    )


@statement
def _warm() -> Insert:
    """The customers of the workspace whose kept band is not today's, a batch of them, each with its fact."""
    c = customers.c
    home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    band = band_of(c.last_contact_at)
    changed = (
        select(c.id)
        .where(home, c.archived_at.is_(None), c.warmth_band != band)
        .order_by(c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(key_share=True)
        .cte("changed_band")
    )
    return recorded(CUSTOMER, update(customers).where(home, c.id.in_(select(changed.c.id))).values(warmth_band=band))
