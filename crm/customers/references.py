"""What belongs to a customer: found in the tables themselves, so that no new table can be forgotten when two merge.

A column refers to a customer when a foreign key says so, when it is called ``customer_id``, or when it is the
``subject_id`` of a row whose ``subject_type`` is customer. What does not move with a customer stands in ``STAYS``.
"""

from collections.abc import Iterator, Mapping
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
from crm.tables import metadata

STAYS: Mapping[str, str] = {
    "events": "facts are append-only: what happened happened to the customer it happened to",
    "customer_merges": "says who was merged into whom",
    "customer_tokens": "go along under a name of their own (merging)",
    "consents": "an append-only ledger: it says at which customer consent was given",
    "customer_links": "a person is linked to a company once; who merges links them anew where it is still true",
    "import_leftovers": "says what the undoing of an import left as it was",
    "key_proposals": "about the numbers of one customer; the next ranking looks at the winner",
    "trust_ratings": "append-only judgements of the customer they were given for",
}
"""Tables that name customers and keep doing so, and why."""

STAYING_COLUMNS = frozenset({"customers.merged_into_id"})

SUBJECT = "customer"
WINNER, LOSER = bindparam("winner_id", type_=Uuid), bindparam("loser_id", type_=Uuid)


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
        others = [table.c.id != WINNER] if table is customers else []
        changed = (
            update(table)
            .where(_at_home(table), or_(*named), *others)
            .values(new | _touched(table))
            .returning(table.c.id, *hits)
            .cte(f"moved_{table.name}")
        )
        for reference in columns:
            moved += [reference.name, _ids(changed, reference)]
    return select(func.jsonb_build_object(*moved, type_=JSONB))


@statement
def give_back() -> Select[Any]:
    """What was moved becomes the loser's again, except what has gone elsewhere since.

    What was recorded meanwhile stays with the winner, except what names a person of the loser's: it goes with them.
    """
    counted = []
    for table, columns in references().items():
        new, hit = {}, []
        for reference in columns:
            mine = table.c.id == any_(bindparam(reference.parameter, type_=ARRAY(Uuid)))
            for key in _links(table):
                if key.referred_table in references() and len(key.column_keys) == 3:
                    theirs = Reference(key.referred_table, key.referred_table.c.customer_id)
                    with_them = table.c[key.column_keys[-1]] == any_(bindparam(theirs.parameter, type_=ARRAY(Uuid)))
                    mine = or_(mine, with_them)
            mine = and_(mine, reference.names(WINNER))
            new[reference.column.name] = case((mine, LOSER), else_=reference.column)
            hit.append(mine)
        changed = (
            update(table)
            .where(_at_home(table), or_(*hit))
            .values(new | _touched(table))
            .returning(table.c.id)
            .cte(f"back_{table.name}")
        )
        counted.append(select(func.count()).select_from(changed).scalar_subquery())
    return select(*(count.label(f"table_{number}") for number, count in enumerate(counted)))


def moved_ids(moved: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What ``move`` answered, as the parameters of ``give_back``; a table that is new since then has none."""
    return {
        reference.parameter: moved.get(reference.name, []) for columns in references().values() for reference in columns
    }


def _at_home(table: Table) -> ColumnElement[bool]:
    return table.c.workspace_id == bindparam("workspace_id", type_=Uuid)


def _touched(table: Table) -> dict[str, Any]:
    new: dict[str, Any] = {}
    if "version" in table.c:
        new |= {"version": table.c.version + 1, "updated_at": func.now()}
    return new


def _ids(changed: CTE, reference: Reference) -> ColumnElement[Any]:
    found = select(func.jsonb_agg(cast(changed.c.id, Text))).where(changed.c[reference.column.name])
    return func.coalesce(found.scalar_subquery(), literal_column("'[]'::jsonb"))
