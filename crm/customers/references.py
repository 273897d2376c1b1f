"""What belongs to a customer: found in the tables themselves, so that no new table can be forgotten when two merge.

A column refers to a customer when a foreign key says so, when it is called ``customer_id``, or when it is the
``subject_id`` of a row whose ``subject_type`` is customer. What does not move with a customer stands in ``STAYS``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.customers.models import customers
from crm.database import statement
from crm.tables import at_home, metadata

STAYS: Mapping[str, str] = {
    "events": "facts are append-only: what happened happened to the customer it happened to",
    "customer_calls": "when to call again, and why, is known of each: the winner goes by its own",
    "customer_merges": "says who was merged into whom",
    "customer_found_by": "goes along under a name of its own (merging)",
    "customer_tokens": "go along under a name of their own (merging)",
    "sla_recounts": "says whose clocks were to be worked out anew; a merge asks for it anew",
    "visit_plan_lines": "what a month planned for each; made anew, the plan looks at the winner",
}
"""Tables that name customers and keep doing so, and why."""

STAYING_COLUMNS = frozenset({"customers.merged_into_id"})

SUBJECT = "customer"
CLOSING = "closing"
"""``Table.info`` key of what becomes of rows of which a customer may have one only (``Closing``)."""

WINNER, LOSER = bindparam("winner_id", type_=Uuid), bindparam("loser_id", type_=Uuid)


@dataclass(frozen=True)
class Closing:
    """A customer may have one open row of a table, alone or together with other columns: when two merge, one closes.

    ``once`` are the columns that say which rows stand in each other's way, the customer's among them, and ``best``
    which of them stays open, before the winner's own; without ``once``, every open row of the loser is closed.
    Undoing opens it again: ``closed`` and ``opened`` are what a row says then.
    """

    open: ColumnElement[bool]
    closed: Mapping[str, Any]
    opened: Mapping[str, Any]
    once: Sequence[str] = ()
    best: Sequence[ColumnElement[Any]] = field(default=())


class Reference(NamedTuple):
    """A column that names a customer."""

    table: Table
    column: Column[Any]

    @property
    def name(self) -> str:
        """How the list of moved ids is called."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def parameter(self) -> str:
        """The same, as a parameter."""
        return f"{self.table.name}__{self.column.name}"

    def names(self, customer: ColumnElement[Any]) -> ColumnElement[bool]:
        """The row names this customer."""
        here = self.column == customer
        return and_(here, self.table.c.subject_type == SUBJECT) if self.column.name == "subject_id" else here


def references() -> dict[Table, list[Reference]]:
    """Every column that moves with a customer, by table."""
    found: dict[Table, list[Reference]] = {}
    for table in metadata.sorted_tables:
        if table.name not in STAYS:
            columns = [
                Reference(table, table.c[name])
                for name in dict.fromkeys(_naming(table))
                if f"{table.name}.{name}" not in STAYING_COLUMNS
            ]
            if columns:
                found[table] = columns
    return found


def _naming(table: Table) -> Iterator[str]:
    for key in _links(table):
        if key.referred_table is customers and not key.use_alter:
            yield key.column_keys[-1]
    if "customer_id" in table.c:
        yield "customer_id"
    if "subject_id" in table.c and "subject_type" in table.c:
        yield "subject_id"


def _links(table: Table) -> list[ForeignKeyConstraint]:
    keys = [key for key in table.constraints if isinstance(key, ForeignKeyConstraint)]
    return sorted(keys, key=lambda key: list(key.column_keys))


@statement
def move() -> Select[Any]:
    """Everything of the loser becomes the winner's, in one statement: ``{"contacts.customer_id": [ids], …}``.

    One statement, because a link names customer and person together and is checked at the end of each statement.
    """
    moved: list[Any] = []
    for table, columns in references().items():
        named = [reference.names(LOSER) for reference in columns]
        new = {
            reference.column.name: case((where, WINNER), else_=reference.column)
            for reference, where in zip(columns, named, strict=True)
        }
        was = [literal_column(f"old.{reference.column.name}", Uuid) == LOSER for reference in columns]
        hits = [hit.label(reference.column.name) for hit, reference in zip(was, columns, strict=True)]
        # The winner as a child of the loser is no matter of moving: it would become its own parent.
        others = [table.c.id != WINNER] if table is customers else _unless_both(table, columns)
        changed = (
            update(table)
            .where(at_home(table), or_(*named), *others)
            .values(new | touched(table))
            .returning(table.c.id, *hits)
            .cte(f"moved_{table.name}")
        )
        for reference in columns:
            moved += [reference.name, _ids(changed, reference)]
    return select(func.jsonb_build_object(*moved, type_=JSONB))


@statement
def give_back() -> Select[Any]:
    """What was moved becomes the loser's again, except what has gone elsewhere since.

    What was recorded meanwhile stays with the winner, except what names something of the loser's, a person or a visit:
    it goes with that.
    """
    counted = []
    for table, columns in references().items():
        new, hit = {}, []
        for reference in columns:
            mine = table.c.id == any_(bindparam(reference.parameter, type_=ARRAY(Uuid)))
            with_them = _with_what_goes_back(table) if reference.column.name == "customer_id" else []
            mine = and_(or_(mine, *with_them), reference.names(WINNER))
            new[reference.column.name] = case((mine, LOSER), else_=reference.column)
            hit.append(mine)
        changed = (
            update(table)
            .where(at_home(table), or_(*hit))
            .values(new | touched(table))
            .returning(table.c.id)
            .cte(f"back_{table.name}")
        )
        counted.append(select(func.count()).select_from(changed).scalar_subquery())
    return select(*(count.label(f"table_{number}") for number, count in enumerate(counted)))


def moved_ids(moved: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What ``move`` answered, as the parameters of ``give_back``; a table that is new since then has none."""
    every = [reference for columns in references().values() for reference in columns]
    theirs = [one for reference in every for one in moved.get(reference.name, []) if _is_what_goes(reference)]
    return {reference.parameter: moved.get(reference.name, []) for reference in every} | {"theirs": theirs}


def _unless_both(table: Table, columns: Sequence[Reference]) -> list[ColumnElement[bool]]:
    """What names winner and loser both, and is over, stays as it is: nobody is linked to themselves."""
    closing: Closing | None = table.info.get(CLOSING)
    if closing is None or len(columns) == 1:
        return []
    return [or_(closing.open, *(~or_(*(one.names(end) for one in columns)) for end in (WINNER, LOSER)))]


def _with_what_goes_back(table: Table) -> Iterator[ColumnElement[bool]]:
    """The row names something that goes back to the loser."""
    for key in _links(table):
        if any(_is_what_goes(reference) for reference in references().get(key.referred_table, [])):
            theirs = Reference(key.referred_table, key.referred_table.c.customer_id)
            yield table.c[key.column_keys[-1]] == any_(bindparam(theirs.parameter, type_=ARRAY(Uuid)))
    if "subject_id" in table.c:
        yield table.c.subject_id == any_(bindparam("theirs", type_=ARRAY(Uuid)))


def _is_what_goes(reference: Reference) -> bool:
    """The rows of this column are things of the customer's that others name: not customers themselves."""
    return reference.column.name == "customer_id"


def touched(table: Table) -> dict[str, Any]:
    """What says that a row was changed, where its table keeps that."""
    new: dict[str, Any] = {}
    if "version" in table.c:
        new |= {"version": table.c.version + 1, "updated_at": func.now()}
    return new


def _ids(changed: CTE, reference: Reference) -> ColumnElement[Any]:
    found = select(func.jsonb_agg(cast(changed.c.id, Text))).where(changed.c[reference.column.name])
    return func.coalesce(found.scalar_subquery(), literal_column("'[]'::jsonb"))
