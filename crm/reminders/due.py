"""Which reminders are due, and taking them: a bounded share per workspace, in an order that is chance each time.

Far more reminders wait for their moment than are due, so nothing here may read those; and of a backlog nothing may
read more than it takes, or clearing it would take its square. What is written as a number stays a number in the
statement: a plan that does not know how few rows it is about would rather read the whole table.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
    union,
)

from crm.actor import NOBODY
from crm.reminders.models import reminders
from crm.tables import Moment

TAKEN = ("id", "user_id", "customer_id", "subject_type", "subject_id", "asks_for_contact")

STANDS_STILL = "5s"
"""A round waits for the database and never the other way round, so nobody needs longer who is still there."""

LEAST_SHARE = 20
"""So many of each workspace at a time, however many workspaces wait."""


def anything_due() -> Select[Any]:
    """Whether anything is due, by one probe of an index.

    It compares the first in order. Asked whether there is any, Postgres may begin to read the table in the belief that
    something will turn up at once.
    """
    first = select(reminders.c.fire_at).where(_scheduled(reminders)).order_by(reminders.c.fire_at).limit(1)
    return select(first.scalar_subquery() <= _now())


def settings_of_a_round() -> Select[Any]:
    """For the rest of the transaction: rows are found by index, in its order, and whoever stands still lets go of them.

    A scan by bitmap reads everything that is due to sort out the first of it, and passes over dead entries again and
    again, which an index scan marks. And a worker that is stopped, or whose machine is gone, holds what it has taken:
    its transaction is ended after ``STANDS_STILL``, which is the lease of firing.
    """
    off = literal("off", Text)
    ways = (
        func.set_config(f"enable_{way}", off, true()) for way in ("bitmapscan", "seqscan", "sort", "incremental_sort")
    )
    lease = func.set_config("idle_in_transaction_session_timeout", literal(STANDS_STILL, Text), true())
    return select(*ways, lease)


def taken(limit: int) -> CTE:
    """Due reminders, locked: ``limit`` in all, shared out among the workspaces. What another has locked is left to it.

    Each workspace gets the same share, so whoever has one waits for nobody who has many.
    """
    homes = _workspaces_with_due(limit).cte("homes").prefix_with("MATERIALIZED")
    in_chance_order = select(homes.c.workspace_id).order_by(func.random()).subquery("in_chance_order")
    share = select(func.greatest(LEAST_SHARE, limit / func.count())).select_from(homes).scalar_subquery()
    row = reminders.alias("waiting")
    mine = (
        select(*(row.c[name] for name in TAKEN))
        .where(_is_due_in(row, in_chance_order.c.workspace_id))
        .order_by(row.c.workspace_id, row.c.fire_at)
        .limit(share)
        .with_for_update(skip_locked=True)
        .lateral("mine")
    )
    found = select(in_chance_order.c.workspace_id, *mine.c).select_from(in_chance_order.join(mine, true()))
    # Inlined into a join it could run twice, and take more than it should.
    return found.limit(limit).cte("taken").prefix_with("MATERIALIZED")


def _workspaces_with_due(limit: int) -> Select[Any]:
    """Those of the oldest due reminders; all that have any due where that many are, so that none hides."""
    oldest = select(reminders.c.workspace_id).where(_is_due(reminders)).order_by(reminders.c.fire_at).limit(limit)
    sample = oldest.cte("sample").prefix_with("MATERIALIZED")
    is_backlog = select(func.count()).select_from(sample).scalar_subquery() >= limit
    every = (
        select(_following(literal(NOBODY, Uuid)).label("workspace_id")).where(is_backlog).cte("every", recursive=True)
    )
    every = every.union_all(select(_following(every.c.workspace_id)).where(every.c.workspace_id.is_not(None)))
    row = reminders.alias("first_row")
    first = select(row.c.fire_at).where(_is_due_in(row, every.c.workspace_id))
    is_due = first.order_by(row.c.workspace_id, row.c.fire_at).limit(1).scalar_subquery().is_not(None)
    either = union(
        select(sample.c.workspace_id),
        select(every.c.workspace_id).where(every.c.workspace_id.is_not(None), is_due),
    ).subquery("either")
    return select(either.c.workspace_id)


def _following(home: ColumnElement[Any]) -> ColumnElement[Any]:
    """The next workspace that has reminders: a jump along the index."""
    row = reminders.alias("next_row")
    found = select(row.c.workspace_id).where(row.c.workspace_id > home, _scheduled(row))
    return found.order_by(row.c.workspace_id, row.c.fire_at).limit(1).scalar_subquery()


def _scheduled(reminder: FromClause) -> ColumnElement[bool]:
    scheduled: ColumnElement[bool] = reminder.c.state == "scheduled"
    return scheduled


def _is_due(reminder: FromClause) -> ColumnElement[bool]:
    return and_(_scheduled(reminder), reminder.c.fire_at <= _now())


def _is_due_in(reminder: FromClause, home: ColumnElement[Any]) -> ColumnElement[bool]:
    """Due, and of this workspace: said as a range of the one index that has the two side by side.

    Said as two conditions, the index on the moment alone would do as well; and in the belief that hardly anything is
    due, which holds until the minute when everything is, Postgres would look through all of it for each workspace.
    """
    here = tuple_(reminder.c.workspace_id, reminder.c.fire_at)
    ever = cast(literal("-infinity", Text), Moment)
    return and_(_scheduled(reminder), here >= tuple_(home, ever), here <= tuple_(home, _now()))


def _now() -> ColumnElement[Any]:
    return func.coalesce(bindparam("now", type_=Moment), func.now())
