"""Which reminders are due, and taking them: a bounded share per workspace, in an order that is chance each time.

Far more reminders wait for their moment than are due, so nothing here may read those. What is written as a number
stays a number in the statement: a plan that does not know how few rows it is about would rather read the whole table.
"""

from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, Uuid, and_, bindparam, func, literal, select, true, union

from crm.actor import NOBODY
from crm.reminders.models import reminders
from crm.tables import Moment


def anything_due() -> Select[Any]:
    """Whether anything is due, by one probe of an index.

    It compares the first in order. Asked whether there is any, Postgres may begin to read the table in the belief that
    something will turn up at once.
    """
    first = select(reminders.c.fire_at).where(_scheduled(reminders)).order_by(reminders.c.fire_at).limit(1)
    return select(first.scalar_subquery() <= _now())


def taken(limit: int, share: int) -> CTE:
    """Due reminders, locked: ``share`` of each workspace, ``limit`` in all. What another has locked is left to it."""
    homes = _workspaces_with_due(limit).order_by(func.random()).subquery("homes")
    row = reminders.alias("waiting")
    mine = (
        select(row.c.id, row.c.user_id)
        .where(row.c.workspace_id == homes.c.workspace_id, _is_due(row))
        .order_by(row.c.fire_at)
        .limit(share)
        .with_for_update(skip_locked=True)
        .lateral("mine")
    )
    found = select(homes.c.workspace_id, mine.c.id, mine.c.user_id).select_from(homes.join(mine, true())).limit(limit)
    # Inlined into a join it could run twice, and take more than it should.
    return found.cte("taken").prefix_with("MATERIALIZED")


def _workspaces_with_due(limit: int) -> Select[Any]:
    """Those of the oldest due reminders; all that have reminders at all where that many are due, so that none hides."""
    oldest = select(reminders.c.workspace_id).where(_is_due(reminders)).order_by(reminders.c.fire_at).limit(limit)
    sample = oldest.cte("sample").prefix_with("MATERIALIZED")
    is_backlog = select(func.count()).select_from(sample).scalar_subquery() >= limit
    every = (
        select(_following(literal(NOBODY, Uuid)).label("workspace_id")).where(is_backlog).cte("every", recursive=True)
    )
    every = every.union_all(select(_following(every.c.workspace_id)).where(every.c.workspace_id.is_not(None)))
    either = union(
        select(sample.c.workspace_id), select(every.c.workspace_id).where(every.c.workspace_id.is_not(None))
    ).subquery("either")
    return select(either.c.workspace_id)


def _following(home: ColumnElement[Any]) -> ColumnElement[Any]:
    """The next workspace that has reminders: a jump along the index."""
    row = reminders.alias("next_row")
    found = select(row.c.workspace_id).where(row.c.workspace_id > home, _scheduled(row))
    return found.order_by(row.c.workspace_id).limit(1).scalar_subquery()


def _scheduled(reminder: FromClause) -> ColumnElement[bool]:
    scheduled: ColumnElement[bool] = reminder.c.state == "scheduled"
    return scheduled


def _is_due(reminder: FromClause) -> ColumnElement[bool]:
    return and_(_scheduled(reminder), reminder.c.fire_at <= _now())


def _now() -> ColumnElement[Any]:
    return func.coalesce(bindparam("now", type_=Moment), func.now())
