"""Rows of which a customer may have one only, when two merge: all but one are closed, and opened again by undoing.

A table says by ``Closing`` in its ``info`` which rows these are. They are closed before they move, since the one-only
rule is checked row by row.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import cast as cast_
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.references import CLOSING, LOSER, WINNER, Closing, Reference, references, touched
from crm.database import Transaction, statement
from crm.tables import at_home

Closed = dict[str, list[str]]


async def close(tx: Transaction, *, winner_id: UUID, loser_id: UUID) -> Closed:
    """Close what may stand once and would stand twice; which rows of which table, for ``reopen``."""
    closed = {}
    for name in _closing():
        rows = await tx.rows(_close(name), winner_id=winner_id, loser_id=loser_id)
        closed[_called(name)] = [row["id"] for row in rows]
    return closed


async def reopen(tx: Transaction, moved: Mapping[str, list[str]]) -> None:
    """Open again what a merge closed, unless another has taken its place since."""
    for name in _closing():
        if ids := moved.get(_called(name)):
            await tx.rows(_reopen(name), ids=ids)


def _called(name: str) -> str:
    return f"{name} closed"


def _closing() -> dict[str, tuple[Table, list[Reference], Closing]]:
    return {
        table.name: (table, columns, table.info[CLOSING])
        for table, columns in references().items()
        if CLOSING in table.info
    }


@statement
def _close(name: str) -> Update:
    table, columns, closing = _closing()[name]
    of_loser = or_(*(one.names(LOSER) for one in columns))
    if closing.once:
        moved = {one.column.name: case((one.names(LOSER), WINNER), else_=one.column) for one in columns}
        place = func.row_number().over(
            partition_by=[moved.get(column, table.c[column]) for column in closing.once],
            order_by=[*closing.best, of_loser, table.c.created_at, table.c.id],
        )
        either = or_(of_loser, *(one.names(WINNER) for one in columns))
        rows = select(table.c.id, place.label("place")).where(at_home(table), either, closing.open).cte("standing")
        these: ColumnElement[bool] = table.c.id.in_(select(rows.c.id).where(rows.c.place > 1))
    else:
        these = of_loser
    closed = update(table).where(at_home(table), closing.open, these).values({**closing.closed, **touched(table)})
    return closed.returning(cast_(table.c.id, Text).label("id"))


@statement
def _reopen(name: str) -> Update:
    table, _, closing = _closing()[name]
    these = table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    free = [~_taken(table, closing)] if closing.once else []
    return update(table).where(at_home(table), these, ~closing.open, *free).values({**closing.opened, **touched(table)})


def _taken(table: Table, closing: Closing) -> ColumnElement[bool]:
    """Another row stands where this one stood."""
    other = table.alias("other")
    same = [other.c[column] == table.c[column] for column in closing.once]
    is_open = _of(other.c, closing)
    return select(other.c.id).where(other.c.workspace_id == table.c.workspace_id, *same, *is_open).exists()


def _of(columns: Any, closing: Closing) -> Iterator[ColumnElement[bool]]:
    """The row says what an open one says."""
    for name, value in closing.opened.items():
        column: Column[Any] = columns[name]
        yield column.is_not_distinct_from(value)
