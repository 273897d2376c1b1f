"""What the two doors need to know of a thing: its table, how it looks, and who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Table, Text, bindparam, cast, func, select

from crm.actor import Sight

Shape = Callable[[FromClause], Select[Any]]
"""How a thing looks: labelled columns over any source of its rows, the table, a page of it, what just changed."""

Visible = Callable[[Sight], ColumnElement[bool]]
"""Which rows an actor of this sight may see, as a condition on the table."""


class Answer(NamedTuple):
    """An item as it now is: its JSON as Postgres wrote it, and its version (the ``ETag``)."""

    id: UUID
    version: int
    body: str


@dataclass(frozen=True, eq=False)
class Noun:
    """A thing of the product. ``customer`` names the column that says which customer it concerns."""

    name: str
    table: Table
    shape: Shape
    visible: Visible
    customer: str | None = "customer_id"


def as_answer(noun: Noun, rows: FromClause) -> Select[Any]:
    """These rows of the noun's table, each as id, version and JSON."""
    seen = noun.shape(rows).subquery("seen")
    return select(seen.c.id, seen.c.version, cast(func.row_to_json(seen.table_valued()), Text))


def this_one(noun: Noun, sight: Sight) -> ColumnElement[bool]:
    """The row with the id asked for, where the actor may see it."""
    table = noun.table
    at_home: ColumnElement[bool] = table.c.workspace_id == bindparam("workspace_id")
    return at_home & (table.c.id == bindparam("id")) & noun.visible(sight)
