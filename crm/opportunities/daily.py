"""Every day, sales that rested until today go on, contracts that are over are told and renewed, and each sale is graded
by how near its expected close is by now.

Which day was done is remembered with the workspace, and each batch is a transaction of its own: the work can end
anywhere and go on from there.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Insert, Integer, Select, Update, Uuid, bindparam, func, null, select, update
from sqlalchemy import Date as Day
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.database import Transaction, statement
from crm.days import today
from crm.events.reacting import Fact
from crm.opportunities import events, history, renewing
from crm.opportunities.grades import grade_of, review_days_of
from crm.opportunities.models import opportunities, opportunity_rounds
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.opportunities.rules import after, before
from crm.recording import recorded
from crm.tables import at_home
from crm.workspaces.models import workspaces


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces where a new day has begun that is not done. For a transaction over all workspaces."""
    return [
        row["workspace_id"]
        for row in await tx.rows(_rounds())
        if clock.is_zone(row["timezone"]) and row["done_for"] != clock.local_date(row["now"], row["timezone"])
    ]


async def work(tx: Transaction, *, most: int) -> bool | None:
    """Do a batch of what is waiting in this workspace: whether there is more; None where a colleague is at it."""
    await tx.row(_begin())
    taken = await tx.row(_take())
    if taken is None:
        return None
    resumed = await tx.rows(_resume(), event_type=events.RESUMED, most=most, reason=None)
    graded = await tx.rows(_grade(), event_type=events.GRADE_CHANGED, most=most)
    expired = await renewing.expire(tx, most=most)
    more = most in {len(resumed), len(graded), expired}
    if not more:
        await tx.row(_done(), done_for=clock.local_date(taken["now"], tx.actor.timezone))
    return more


async def grade_all_anew(tx: Transaction, _: Fact) -> None:
    """The workspace's grades or its zone may have changed: look at all its sales again."""
    await tx.row(_ask_anew())


@statement
def _rounds() -> Select[Any]:
    w, r = workspaces.c, opportunity_rounds.c
    mine = r.workspace_id == w.workspace_id
    return select(w.workspace_id, w.timezone, r.done_for, func.now().label("now")).select_from(
        workspaces.outerjoin(opportunity_rounds, mine)
    )


@statement
def _begin() -> Insert:
    home = bindparam("workspace_id", type_=Uuid)
    return insert(opportunity_rounds).values(workspace_id=home).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    mine = select(opportunity_rounds.c.workspace_id, func.now().label("now")).where(at_home(opportunity_rounds))
    return mine.with_for_update(skip_locked=True, of=opportunity_rounds)


@statement
def _done() -> Update:
    return (
        update(opportunity_rounds)
        .where(at_home(opportunity_rounds))
        .values(done_for=bindparam("done_for", type_=Day), done_at=func.now())
    )


@statement
def _ask_anew() -> Update:
    return update(opportunity_rounds).where(at_home(opportunity_rounds)).values(done_for=null())


def _due(*which: ColumnElement[bool]) -> CTE:
    """A batch of the sales in use of which this holds; what somebody is changing just now has its turn later."""
    c = opportunities.c
    home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    found = select(c.id).where(home, c.archived_at.is_(None), *which).order_by(c.id)
    return found.limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True).cte("due")


def _these(due: CTE) -> Update:
    c = opportunities.c
    return update(opportunities).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id.in_(select(due.c.id))
    )


@statement
def _resume() -> Insert:
    due = _due(opportunities.c.state.in_(before("resume")), opportunities.c.resume_on <= today())
    resumed = _these(due).values(state=after("resume"), resume_on=null(), last_activity_at=func.now())
    return recorded(OPPORTUNITY, resumed, also=partial(history.moved, "resume"))


@statement
def _grade() -> Insert:
    c = opportunities.c
    grade = grade_of(c.expected_close_on, today())
    due = _due(c.state.in_(before("update")), c.grade != grade)
    sooner = func.least(c.review_due_on, on_a_working_day(today() + review_days_of(grade)))
    return recorded(OPPORTUNITY, _these(due).values(grade=grade, review_due_on=sooner))
