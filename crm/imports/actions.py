"""Asking for an import, and looking beforehand at what it would do. The work itself is ``carrying``."""

import asyncio
from collections.abc import Mapping
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Insert,
    LargeBinary,
    Table,
    Uuid,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.sql.selectable import CTE

from crm.actor import Actor
from crm.database import Access, statement
from crm.errors import invalid
from crm.imports import events
from crm.imports.files import Sheet, counted, opened
from crm.imports.lines import Reader, Reading, checked
from crm.imports.mapping import HEADINGS, settled
from crm.imports.models import import_files
from crm.imports.queries import IMPORT
from crm.nouns import Answer
from crm.recording import creating, record, renamed
from crm.workspaces.models import teams, users

SHOWN = 10

LEASE = text("interval '60 seconds'")
"""How long nobody else may take an import that somebody carries out; each batch renews it."""


async def start(
    access: Access,
    *,
    file_name: str,
    content: bytes,
    mapping: Mapping[str, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    lease_id: UUID | None = None,
) -> Answer:
    """Take in a file of customers, for the worker to carry out; with ``lease_id`` whoever holds that does it.

    Raises 422 for a file that cannot be read as a whole, a mapping that does not fit it, and defaults that may not be.
    """
    sheet, lines = await asyncio.to_thread(_looked_through, content)
    by_default = checked(defaults or {})
    values = {
        "kind": "customers",
        "file_name": file_name,
        "mapping": settled(sheet.headings, mapping or {}),
        "defaults": by_default,
        "lines": lines,
        "created_by": access.actor.id,
        "created_by_kind": access.actor.kind,
        "lease_id": lease_id,
    }
    started = await record(
        access,
        events.STARTED,
        _start(),
        content=content,
        owner_id=_id(by_default.get("owner_id")),
        team_id=_id(by_default.get("team_id")),
        **renamed(values),
    )
    if started is None:
        raise invalid("defaults", "There is no such owner or team.", "not_found")
    return started


async def preview(
    actor: Actor,
    content: bytes,
    mapping: Mapping[str, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> bytes:
    """How a file would be read: the mapping and the first lines. Stores nothing; raises as ``start`` does."""
    sheet, lines = await asyncio.to_thread(_looked_through, content)
    fields = actor.custom_fields.get("customer", {})
    reader = Reader(sheet, settled(sheet.headings, mapping or {}), checked(defaults or {}), fields)
    readings = [reader.read(line) for line in islice(sheet.lines(), SHOWN)]
    return orjson.dumps(
        {
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "lines": lines,
            "mapping": reader.mapping,
            "fields": list(HEADINGS),
            "rows": [{"line": one.number, "customer": _without_key(one), "parent": one.parent} for one in readings],
            "problems": [problem_of(one) for one in readings if one.errors],
        }
    )


def problem_of(reading: Reading) -> dict[str, Any]:
    """A refused line as it is told."""
    return {"line": reading.number, "refused": True, "errors": list(reading.errors), "content": dict(reading.content)}


def _without_key(reading: Reading) -> dict[str, Any] | None:
    if reading.customer is None:
        return None
    return {name: value for name, value in reading.customer.items() if name != "name_key"}


def _looked_through(content: bytes) -> tuple[Sheet, int]:
    sheet = opened(content)
    return sheet, counted(sheet)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


@statement
def _start() -> Insert:
    """A new import with its file; nothing where a default names somebody who is not there."""

    def with_file(changed: CTE) -> list[Insert]:
        names = ["workspace_id", "import_id", "content"]
        content = bindparam("content", type_=LargeBinary)
        return [insert(import_files).from_select(names, select(changed.c.workspace_id, changed.c.id, content))]

    leased = bindparam("new_lease_id", type_=Uuid).is_not(None)
    return creating(
        IMPORT,
        ["kind", "file_name", "mapping", "defaults", "lines", "created_by", "created_by_kind", "lease_id"],
        values={
            "state": case((leased, "running"), else_="waiting"),
            "leased_until": case((leased, func.now() + LEASE)),
        },
        only_if=_there(users, "owner_id") & _there(teams, "team_id"),
        also=with_file,
    )


def _there(table: Table, name: str) -> ColumnElement[bool]:
    wanted = bindparam(name, type_=Uuid)
    at_home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return or_(wanted.is_(None), exists().where(at_home, table.c.id == wanted))
