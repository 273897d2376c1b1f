"""What the two doors need to know of a thing: its table, how it looks, and who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

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


class Tailored(Answer):
    """An item with what no version tells of: what hangs on the moment, on other rows, on who asks.

    Its ``ETag`` names what is shown beside the version, so that a kept copy is only taken for the same where it is.
    """

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Noun:
    """A thing of the product. ``customer`` names the column that says which customer it concerns."""

    name: str
    table: Table
    shape: Shape
    visible: Visible
    customer: str | None = "customer_id"


def held_by(table: FromClause, holder: str = "owner_id") -> Visible:
    """The usual rule of sight: what one holds oneself, what one's team and the teams below hold, or everything."""

    @cache
    def visible(sight: Sight) -> ColumnElement[bool]:
        own: ColumnElement[bool] = table.c[holder] == bindparam("actor_id", type_=Uuid)
        if sight is Sight.OWN:
            return own
        if sight is Sight.TEAM:
            return own | (table.c.team_id == any_(bindparam("team_ids", type_=ARRAY(Uuid))))
        return true()

    return visible


def mention(row: FromClause) -> ColumnElement[Any]:
    """A row as others mention it, by id and name; null where an outer join found none."""
    return case((row.c.id.is_not(None), func.json_build_object("id", row.c.id, "name", row.c.name)))


def as_json(noun: Noun, rows: FromClause, **beside: ColumnElement[Any]) -> Select[Any]:
    """These rows, each as ``item``, the JSON of its shape and nothing else, with the columns ``beside`` it."""
    looks = noun.shape(rows)
    names = [str(column.key) for column in looks.selected_columns]
    seen = looks.add_columns(*(column.label(name) for name, column in beside.items())).subquery("seen")
    item = select(*(seen.c[name] for name in names)).correlate(seen).lateral("item")
    json = func.row_to_json(item.table_valued()).label("item")
    return select(*(seen.c[name] for name in beside), json).select_from(seen.join(item, true()))


def as_answer(noun: Noun, rows: FromClause) -> Select[Any]:
    """These rows of the noun's table, each as id, version and JSON text: an ``Answer``."""
    found = as_json(noun, rows, row_id=rows.c.id, row_version=rows.c.version).subquery("found")
    return select(found.c.row_id, found.c.row_version, cast(found.c.item, Text))


def about_this(about: Noun, sight: Sight) -> tuple[dict[str, ColumnElement[Any]], ColumnElement[bool]]:
    """For a new row about the row of this noun whose id is ``new_subject_id``: the columns that say so, the customer it
    belongs to among them, and the condition that the actor sees it.
    """
    table = about.table
    at_home: ColumnElement[bool] = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    seen = and_(at_home, table.c.id == bindparam("new_subject_id", type_=Uuid), about.visible(sight))
    customer_id = select(table.c[about.customer or "id"]).where(seen).scalar_subquery()
    return {"subject_type": literal(about.name, Text), "customer_id": customer_id}, exists().where(seen)


def this_one(noun: Noun, sight: Sight) -> ColumnElement[bool]:
    """The row with the id asked for, where the actor may see it."""
    table = noun.table
    at_home: ColumnElement[bool] = table.c.workspace_id == bindparam("workspace_id")
    return at_home & (table.c.id == bindparam("id")) & noun.visible(sight)
