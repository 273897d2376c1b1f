"""Taking turns: what is due is taken a bounded share per workspace, so that one workspace cannot starve the others."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Integer, Select, Table, Uuid, bindparam, select, true

Waiting = Callable[[FromClause], ColumnElement[bool]]
"""Which rows wait to be taken, as a condition on a source of them. An index on the workspace must serve it."""


def taken_in_turns(table: Table, waiting: Waiting, key: Iterable[str], order: Iterable[str]) -> CTE:
    """Locked rows, by their workspace and ``key``: ``share`` of each workspace, ``most`` in all; locked ones are left.

    Begins with the workspace after ``after``. Finds the workspaces by jumping along the index from one to the next,
    so an idle look costs one probe however much is done already.
    """
    homes = _workspaces_that_wait(table, waiting)
    row = table.alias("waiting")
    mine = (
        select(*(row.c[name] for name in key))
        .where(row.c.workspace_id == homes.c.workspace_id, waiting(row))
        .order_by(*(row.c[name] for name in order))
        .limit(bindparam("share", type_=Integer))
        .with_for_update(skip_locked=True)
        .lateral("mine")
    )
    taken = (
        select(homes.c.workspace_id, *mine.c)
        .select_from(homes.join(mine, true()))
        .where(homes.c.workspace_id.is_not(None))
        .limit(bindparam("most", type_=Integer))
        .cte("taken")
    )
    # Inlined into a join it could run twice, and take more than it should.
    return taken.prefix_with("MATERIALIZED")


def anything_waits(table: Table, waiting: Waiting) -> Select[Any]:
    """Whether there is anything to take, in any workspace: one probe of the same index."""
    row = table.alias("first_row")
    first = select(row.c.workspace_id).where(waiting(row)).order_by(row.c.workspace_id).limit(1)
    return select(first.scalar_subquery().is_not(None))


def _workspaces_that_wait(table: Table, waiting: Waiting) -> CTE:
    def following(home: ColumnElement[Any]) -> ColumnElement[Any]:
        row = table.alias("next_row")
        found = select(row.c.workspace_id).where(row.c.workspace_id > home, waiting(row))
        return found.order_by(row.c.workspace_id).limit(1).scalar_subquery()

    homes = select(following(bindparam("after", type_=Uuid)).label("workspace_id")).cte("homes", recursive=True)
    further = select(following(homes.c.workspace_id)).where(homes.c.workspace_id.is_not(None))
    return homes.union_all(further)
