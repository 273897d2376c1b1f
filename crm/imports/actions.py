"""Asking for an import, and looking beforehand at what it would do. The work itself is ``carrying``."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Insert,
    LargeBinary,
    Table,
    Text,
    Uuid,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.sql.selectable import CTE

from crm.database import Access, statement
from crm.errors import invalid
from crm.imports import books, events
from crm.imports.files import Line, Sheet, counted, opened
from crm.imports.kinds import COLUMNS, AnyReading, settled_reader
from crm.imports.lines import Reading
from crm.imports.models import import_files
from crm.imports.queries import IMPORT
from crm.imports.vocabulary import DateOrder, Kind
from crm.nouns import Answer
from crm.recording import creating, record, renamed
from crm.workspaces import custom_fields
from crm.workspaces.acting import currency_of
from crm.workspaces.custom_rules import Definitions
from crm.workspaces.models import teams, users

SHOWN = 10
LOOKED_AT = 1_000
MOST_PROBLEMS = 100
MOST_DIFFERENT = 50

LEASE = text("interval '60 seconds'")
"""How long nobody else may take an import that somebody carries out; each batch renews it."""


@dataclass(frozen=True)
class Wanted:
    """How a file is to be read, as whoever sends it says."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    match_by: str | None = None
    kind: Kind = "customers"
    date_order: DateOrder | None = None


AS_IT_IS = Wanted()


async def start(
    access: Access,
    *,
    file_name: str,
    content: bytes,
    wanted: Wanted = AS_IT_IS,
    draft: bool = False,
    lease_id: UUID | None = None,
) -> Answer:
    """Take in a file, for the worker to carry out; with ``lease_id`` whoever holds that does it.

    A ``draft`` waits until it is committed. Raises 422 for a file that cannot be read as a whole, a mapping that does
    not fit it, and defaults that may not be.
    """
    taken = await asyncio.to_thread(_looked_through, content)
    reader = settled_reader(wanted, taken.sheet, await custom_fields.current(access, "customer"))
    values = {
        "kind": wanted.kind,
        "file_name": file_name,
        "mapping": reader.mapping,
        "defaults": reader.defaults,
        "values": reader.values,
        "match_by": reader.match_by,
        "date_order": wanted.date_order,
        "headings": list(taken.sheet.headings),
        "lines": taken.lines,
        "created_by": access.actor.id,
        "created_by_kind": access.actor.kind,
        "lease_id": lease_id,
    }
    started = await record(
        access,
        events.DRAFTED if draft else events.STARTED,
        _start(draft=draft),
        content=taken.content,
        owner_id=_id(reader.defaults.get("owner_id")),
        team_id=_id(reader.defaults.get("team_id")),
        **renamed(values),
    )
    if started is None:
        raise invalid("defaults", "There is no such owner or team.", "not_found")
    return started


async def preview(access: Access, content: bytes, wanted: Wanted = AS_IT_IS) -> bytes:
    """How a file would be read: the mapping and the first lines. Stores nothing; raises as ``start`` does."""
    fields = await custom_fields.current(access, "customer")
    return await asyncio.to_thread(_previewed, fields, await currency_of(access), content, wanted)


def _previewed(fields: Definitions, currency: str, content: bytes, wanted: Wanted) -> bytes:
    taken = _looked_through(content)
    sheet = taken.sheet
    reader = settled_reader(wanted, sheet, fields, currency)
    lines = list(islice(sheet.lines(), LOOKED_AT))
    readings = [reader.read(line) for line in lines]
    refused = [one for one in readings if one.errors]
    return orjson.dumps(
        {
            "encoding": None if taken.is_book else sheet.encoding,
            "delimiter": None if taken.is_book else sheet.delimiter,
            "lines": taken.lines,
            "mapping": reader.mapping,
            "fields": list(COLUMNS[wanted.kind].headings),
            "rows": [_shown(one) for one in readings[:SHOWN]],
            "problems": [problem_of(one) for one in refused[:MOST_PROBLEMS]],
            "looked_at": len(readings),
            "refused": len(refused),
            "found": dict(_found(sheet, lines)),
        }
    )


def _found(sheet: Sheet, lines: Sequence[Line]) -> Iterator[tuple[str, dict[str, int]]]:
    """Columns that say few different things, and what they say how often."""
    whole = [line.cells for line in lines if line.wrong is None]
    for place, heading in enumerate(sheet.headings):
        counts = Counter(text for cells in whole if (text := cells[place].strip()))
        if 0 < len(counts) <= MOST_DIFFERENT and len(counts) < counts.total():
            yield heading, dict(counts.most_common())


def problem_of(reading: AnyReading) -> dict[str, Any]:
    """A refused line as it is told."""
    return {"line": reading.number, "refused": True, "errors": list(reading.errors), "content": dict(reading.content)}


def _shown(reading: AnyReading) -> dict[str, Any]:
    """A line as it would be read."""
    if isinstance(reading, Reading):
        customer = {"customer": _as_sent(reading), "parent": reading.parent, "owner": reading.owner}
        return {"line": reading.number, **customer, "opportunity": None}
    return {"line": reading.number, "customer": None, "parent": None, "owner": None, "opportunity": reading.said}


def _as_sent(reading: Reading) -> dict[str, Any] | None:
    """The customer that a line makes, as one would send it."""
    if reading.customer is None:
        return None
    sent = {name: value for name, value in reading.customer.items() if name != "name_key"}
    if "yearly_value_currency" in sent:
        sent["yearly_value"] = {"amount": sent["yearly_value"], "currency": sent.pop("yearly_value_currency")}
    return sent


class Taken(NamedTuple):
    """A file that can be read, as it is kept: a workbook as comma-separated values."""

    sheet: Sheet
    lines: int
    content: bytes
    is_book: bool


def _looked_through(content: bytes) -> Taken:
    is_book = content.startswith(books.ZIP)
    if is_book:
        content = books.as_csv(content)
    sheet = opened(content)
    return Taken(sheet, counted(sheet), content, is_book)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


@statement
def _start(*, draft: bool) -> Insert:
    """A new import with its file; nothing where a default names somebody who is not there."""

    def with_file(changed: CTE) -> list[Insert]:
        names = ["workspace_id", "import_id", "content"]
        content = bindparam("content", type_=LargeBinary)
        return [insert(import_files).from_select(names, select(changed.c.workspace_id, changed.c.id, content))]

    leased = bindparam("new_lease_id", type_=Uuid).is_not(None)
    return creating(
        IMPORT,
        [
            "kind",
            "file_name",
            "mapping",
            "defaults",
            "values",
            "match_by",
            "date_order",
            "headings",
            "lines",
            "created_by",
            "created_by_kind",
            "lease_id",
        ],
        values={
            "state": literal("draft", Text) if draft else case((leased, "running"), else_="waiting"),
            "leased_until": case((leased, func.now() + LEASE)),
        },
        only_if=_there(users, "owner_id") & _there(teams, "team_id"),
        also=with_file,
    )


def _there(table: Table, name: str) -> ColumnElement[bool]:
    wanted = bindparam(name, type_=Uuid)
    at_home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return or_(wanted.is_(None), exists().where(at_home, table.c.id == wanted))
