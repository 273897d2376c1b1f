"""Writing an export: claimed behind a lease, streamed page by page into a file, which appears whole or not at all."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from crm.actor import Actor, ActorKind
from crm.database import Access, Database
from crm.errors import Unprocessable
from crm.exports import events, progress
from crm.exports.actions import filters_of
from crm.exports.cells import card, cells_of, columns_of
from crm.exports.rows import custom_keys, pages
from crm.recording import record
from crm.workspaces.access import acting_for, outsider

EXTENSIONS: Mapping[str, str] = {"csv": "csv", "xlsx": "xlsx", "vcard": "vcf"}
MOST_IN_A_BOOK = 1_000_000
BOM = "\ufeff"


class LeaseLost(Exception):
    """Somebody else writes the export by now."""


class TooLarge(Exception):
    """More rows than a file of this format holds."""


class Place(Protocol):
    """Where the files of exports lie."""

    def draft(self, workspace_id: UUID, export_id: UUID, lease_id: UUID) -> Path:
        """A file of this machine, where whoever has this lease writes."""

    async def keep(self, draft: Path, workspace_id: UUID, export_id: UUID, format_: str) -> None:
        """The draft is the file of the export, whole or not at all."""


class Claim(NamedTuple):
    """The right to write an export, until the lease runs out."""

    workspace_id: UUID
    id: UUID
    lease_id: UUID
    noun: str
    format: str
    filters: Mapping[str, Any]
    bom: bool
    created_by: UUID
    created_by_kind: str

    @property
    def mine(self) -> dict[str, UUID]:
        """What says that the export is still ours."""
        return {"export_id": self.id, "lease_id": self.lease_id}


async def claim(access: Access) -> Claim | None:
    """The export that has waited longest; None when there is none."""
    row = await access.row(progress.claim())
    return None if row is None else Claim(*row)


async def write(database: Database, held: Claim, place: Place) -> None:
    """Write the file, as whoever asked may see the list now. Raises ``LeaseLost``; what cannot be kept raises too."""
    actor = await acting_for(database, held.workspace_id, ActorKind(held.created_by_kind), held.created_by)
    if actor is None or f"{held.noun}:read" not in actor.scopes:
        await fail(database, held, "Whoever asked for this export may not read the list any more.")
        return
    part = place.draft(held.workspace_id, held.id, held.lease_id)
    try:
        await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
        rows = await (_book if held.format == "xlsx" else _text)(database, actor, held, part)
        # Who was taken the lease from must not put an older file in the place of a newer one.
        await _advance(database, actor, held, rows)
        await place.keep(part, held.workspace_id, held.id, held.format)
    except TooLarge:
        await fail(database, held, f"A workbook holds at most {MOST_IN_A_BOOK} rows. Export it as CSV.")
        return
    except Unprocessable:
        await fail(database, held, "The list has not all of these filters any more: a field of your own was removed.")
        return
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    finished = progress.finish()
    values: dict[str, Any] = {**held.mine, "well": True, "failure": None, "rows": rows}
    if await record(database.writing(actor), events.FINISHED, finished, **values) is None:
        raise LeaseLost


async def fail(database: Database, held: Claim, why: str) -> None:
    """Give an export up."""
    access = database.writing(outsider(held.workspace_id))
    values: dict[str, Any] = {**held.mine, "well": False, "failure": why, "rows": None}
    await record(access, events.FINISHED, progress.finish(), **values)


async def _text(database: Database, actor: Actor, held: Claim, part: Path) -> int:
    access, wanted = database.reading(actor), filters_of(held.noun, held.filters)
    custom = await custom_keys(access, held.noun, wanted)
    cells = cells_of(held.noun, custom)
    done = 0
    with await asyncio.to_thread(part.open, "w", encoding="utf-8", newline="") as file:
        if held.format == "csv":
            file.write((BOM if held.bom else "") + _csv([columns_of(held.noun, custom)]))
        async with aclosing(pages(access, held.noun, wanted)) as found:
            async for rows in found:
                if held.format == "csv":
                    written = await asyncio.to_thread(lambda rows: _csv(list(map(cells, rows))), rows)
                else:
                    written = await asyncio.to_thread(lambda rows: "".join(map(card, rows)), rows)
                await asyncio.to_thread(file.write, written)
                done += len(rows)
                await _advance(database, actor, held, done)
    return done


async def _book(database: Database, actor: Actor, held: Claim, part: Path) -> int:
    access, wanted = database.reading(actor), filters_of(held.noun, held.filters)
    custom = await custom_keys(access, held.noun, wanted)
    cells = cells_of(held.noun, custom)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(held.noun)
    sheet.append([_legal(text) for text in columns_of(held.noun, custom)])
    done = 0
    async with aclosing(pages(access, held.noun, wanted)) as found:
        async for rows in found:
            done += len(rows)
            if done > MOST_IN_A_BOOK:
                raise TooLarge
            await asyncio.to_thread(_append, sheet, [cells(row) for row in rows])
            await _advance(database, actor, held, done)
    await asyncio.to_thread(book.save, part)
    return done


def _append(sheet: Any, rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        sheet.append([_legal(cell) for cell in row])


def _legal(cell: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", cell)[:32_767]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


async def _advance(database: Database, actor: Actor, held: Claim, rows: int) -> None:
    if await database.writing(actor).row(progress.advance(), **held.mine, rows=rows) is None:
        raise LeaseLost
