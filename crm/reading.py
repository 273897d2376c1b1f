"""The read door: a statement in, JSON bytes out. Postgres writes the JSON; Python passes it through.

One statement per read, whatever is nested in it. Pages are by keyset: the page is cut first, from the table alone,
and only its rows take their shape.
"""

import base64
import binascii
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Numeric,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import CollectionAggregate, Grouping
from sqlalchemy.sql.visitors import replacement_traverse

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import NotFound, invalid
from crm.nouns import Answer, Noun, Tailored, as_answer, as_json, this_one
from crm.paging import MAX_PAGE, Filter

ALONE = "alone"
"""Of a filter that any of several values passes: there is one. Its rows then lie in order in an index that begins with
its column, where those of several do not: else a page of the few of one owner is sought along all that are newer."""

CUTS = (1, 10, 20, 50, 100, MAX_PAGE)
"""Where pages are cut in SQL. A limit that is a parameter makes Postgres plan each page anew: 0.7 ms of 1.5."""


@dataclass(frozen=True)
class Fork:
    """Two ways to what a filter lets through: ``these`` by an index where there are ``few``, else along the list.

    What a few of half a million have is found at once by an index, and never along the list; what a fifth of them
    have fills a page along the list at once, and by an index they would all be fetched first. Postgres does not know
    which it will be when it makes a plan for any value.
    """

    few: ColumnElement[bool]
    these: ColumnElement[bool]


@dataclass(frozen=True)
class Listing:
    """How a noun may be listed: by which keys it can be sorted, and what each filter means.

    A filter's condition names its value as a ``bindparam`` of the filter's own name. Filters of which nobody can tell
    how many rows they let through have a fork as well.
    """

    noun: Noun
    sorts: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, ColumnElement[bool]]
    forks: Mapping[str, Fork] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Listings are made once, at import; identity is equality."""
        return id(self)


def among(table: Table, names: Iterable[str]) -> dict[str, ColumnElement[bool]]:
    """Filters named after columns; a repeated parameter means any of its values."""
    return {name: table.c[name] == any_(bindparam(name, type_=ARRAY(table.c[name].type))) for name in names}


def between(table: Table, names: Iterable[str]) -> dict[str, ColumnElement[bool]]:
    """Ranges over columns, both ends included: ``created_at_gte``, ``created_at_lte``."""
    return {
        f"{name}_{end}": compare(table.c[name], bindparam(f"{name}_{end}", type_=table.c[name].type))
        for name in names
        for end, compare in (("gte", operator.ge), ("lte", operator.le))
    }


async def one(access: Access, noun: Noun, id: UUID) -> Answer:
    """The item with this id as its JSON. Raises ``NotFound`` where it is not, or not visible.

    Shown with it are the names of others, and for how long something has been so: no version tells of either.
    """
    row = await access.row(_one(noun, access.actor.sight), id=id)
    if row is None:
        raise NotFound
    return Tailored(*row)


async def page(
    access: Access,
    listing: Listing,
    wanted: Filter,
    given: Mapping[str, Any] | None = None,
    present: frozenset[str] | None = None,
) -> bytes:
    """One page as ``{"data": […], "next_cursor": …}``; with ``total`` when it was asked for.

    ``given`` are the filters' values and ``present`` the filters in force, where a feature does not take both as they
    were sent.
    """
    given = dict(wanted.given() if given is None else given)
    present = frozenset(given) if present is None else present
    if wanted.cursor is not None:
        given |= _read_cursor(listing, wanted, present)
    most = next(size for size in CUTS if size >= wanted.limit)
    after = wanted.cursor is not None
    flags = frozenset((name, value) for name in present if isinstance(value := given.get(name), bool))
    alone = {name: value[0] for name in present if isinstance(value := given.get(name), list) and len(value) == 1}
    given |= {_alone(name): value for name, value in alone.items()}
    settled = flags | {(name, ALONE) for name in alone}
    found = _page(listing, access.actor.sight, present, settled, wanted.sort, after, most, wanted.include_total)
    rows = await access.rows(found, **given)
    more = len(rows) > wanted.limit
    shown = rows[: wanted.limit]
    cursor = _write_cursor(wanted.sort, present, shown[-1]) if more else b"null"
    total = b""
    if wanted.include_total:
        total = b',"total":%d' % (rows[0]["total"] if rows else 0)
    data = ",".join([row["body"] for row in shown])
    return b'{"data":[%b],"next_cursor":%b%b}' % (data.encode(), cursor, total)


@statement
def _one(noun: Noun, sight: Sight) -> Select[Any]:
    return as_answer(noun, noun.table.select().where(this_one(noun, sight)).subquery(noun.table.name))


@statement
def _page(
    listing: Listing,
    sight: Sight,
    present: frozenset[str],
    settled: frozenset[tuple[str, bool | str]],
    sort: str,
    after: bool,
    most: int,
    total: bool,
) -> Select[Any]:
    """A yes or no is part of the statement: of a parameter Postgres believes that half the rows have it, takes a plan
    for any value to be dear, and plans each page after the first anew: 1.3 ms of 2.4.
    """
    table = listing.noun.table
    known = dict(settled)
    key = listing.sorts[sort.removeprefix("-")]
    wanted = and_(
        table.c.workspace_id == bindparam("workspace_id"),
        listing.noun.visible(sight),
        *(_settled(listing.filters[name], name, known.get(name)) for name in sorted(present)),
    )
    descending = sort.startswith("-")
    order = [key.desc(), table.c.id.desc()] if descending else [key, table.c.id]
    cut = select(*table.c, key.label("sort_key")).where(wanted).order_by(*order).limit(most + 1)
    if after:
        here, there = (
            tuple_(key, table.c.id),
            tuple_(bindparam("after_key", type_=key.type), bindparam("after_id", type_=Uuid)),
        )
        cut = cut.where(here < there if descending else here > there)
    ways = _ways([listing.forks[name] for name in sorted(present) if name in listing.forks])
    cuts = [cut.where(*way).subquery(f"cut{number}") for number, way in enumerate(ways)]
    rows = cut.subquery(table.name)
    if len(cuts) > 1:
        rows = union_all(*(select(*one.c) for one in cuts)).subquery(table.name)
    found = as_json(listing.noun, rows, sort_key=rows.c.sort_key, row_id=rows.c.id).subquery("found")
    columns: list[ColumnElement[Any]] = [cast(found.c.item, Text).label("body"), found.c.sort_key, found.c.row_id]
    if total:
        counts = [select(func.count()).select_from(table).where(wanted, *way).scalar_subquery() for way in ways]
        columns.append(reduce(operator.add, counts).label("total"))
    outer = [found.c.sort_key.desc(), found.c.row_id.desc()] if descending else [found.c.sort_key, found.c.row_id]
    return select(*columns).order_by(*outer)


def _settled(condition: ColumnElement[bool], name: str, known: bool | str | None) -> ColumnElement[bool]:
    """The condition of a filter, with the value of a yes or no written in, and for one value where one was given."""

    def replaced(element: Any, **_: Any) -> Any:
        if known != ALONE:
            return literal(known, Boolean) if _is_parameter(element, name) else None
        several = _several(element)
        return bindparam(_alone(name), type_=several.type.item_type) if _is_parameter(several, name) else None

    return condition if known is None else replacement_traverse(condition, {}, replaced)


def _is_parameter(element: Any, name: str) -> bool:
    return isinstance(element, BindParameter) and element.key == name


def _several(element: Any) -> Any:
    """What ``any_`` was given; None where it is something else."""
    if not isinstance(element, CollectionAggregate):
        return None
    return element.element.element if isinstance(element.element, Grouping) else element.element


def _alone(name: str) -> str:
    """The parameter of a filter's only value."""
    return f"{name}_alone"


def _ways(forks: list[Fork]) -> list[list[ColumnElement[bool]]]:
    """The conditions of each way to the rows, of which one holds: by the first fork with few, else along the list."""
    ways: list[list[ColumnElement[bool]]] = []
    before: list[ColumnElement[bool]] = []
    for fork in forks:
        ways.append([*before, fork.few, fork.these])
        before.append(~fork.few)
    return [*ways, before]


def _write_cursor(sort: str, present: frozenset[str], last: Any) -> bytes:
    mark = [sort, sorted(present), last["sort_key"], last["row_id"]]
    return b'"%b"' % base64.urlsafe_b64encode(orjson.dumps(mark, default=str)).rstrip(b"=")


def _read_cursor(listing: Listing, wanted: Filter, present: frozenset[str]) -> dict[str, Any]:
    try:
        text = wanted.cursor or ""
        sort, filters, key, last_id = orjson.loads(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
        if sort != wanted.sort or filters != sorted(present):
            raise invalid(
                "query:cursor", "This cursor belongs to a list with another sort or other filters.", "cursor_mismatch"
            )
        return {"after_key": _key(listing.sorts[sort.removeprefix("-")], key), "after_id": UUID(last_id)}
    except (ValueError, TypeError, AttributeError, InvalidOperation, binascii.Error) as error:
        raise invalid("query:cursor", "This is not a cursor we gave out.", "cursor_invalid") from error


def _key(column: ColumnElement[Any], value: Any) -> Any:
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, Uuid):
        return UUID(value)
    if type(column.type) is Numeric:
        return Decimal(value)
    if isinstance(column.type, Text) and not isinstance(value, str):
        raise TypeError(value)
    return value
