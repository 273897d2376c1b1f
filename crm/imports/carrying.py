"""Carrying out an import: a batch of lines per transaction, behind a lease, first the customers, then their parents.

The customers of a batch, its problems, the counts and the position commit together, and only for whoever holds the
lease at exactly that position. So a kill in the middle, or two who believe the import is theirs, neither lose a line
nor take one twice.

The position counts lines: from 0 to ``lines`` they become customers, from there to twice ``lines`` they find their
parents, which may stand further down in the file.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from crm.actor import Actor, ActorKind, system
from crm.database import Access, Database, Transaction
from crm.imports import events, progress
from crm.imports.batches import Outcome, customers_of, parents_of
from crm.imports.files import Line, opened
from crm.imports.lines import Reader
from crm.recording import record
from crm.workspaces.access import acting_for

BATCH = 500
TRIES = 3


class LeaseLost(Exception):
    """Somebody else carries the import out by now, or it is over."""


class Claim(NamedTuple):
    """The right to carry out an import from a position on, until the lease runs out."""

    workspace_id: UUID
    id: UUID
    lease_id: UUID
    position: int
    lines: int
    mapping: Mapping[str, str]
    defaults: Mapping[str, Any]
    created_by: UUID
    created_by_kind: str


@dataclass
class Work:
    """An import at hand: its file read, whoever asked for it known."""

    actor: Actor
    claim: Claim
    reader: Reader
    lines: Sequence[Line]
    position: int

    @property
    def end(self) -> int:
        """The position at which nothing is left to do."""
        return self.claim.lines * (2 if "parent" in self.claim.mapping.values() else 1)

    @property
    def mine(self) -> dict[str, UUID]:
        """What says that the import is still ours."""
        return {"import_id": self.claim.id, "lease_id": self.claim.lease_id}


async def claim(tx: Transaction) -> Claim | None:
    """The import that has waited longest among those that nobody carries out; None when there is none."""
    row = await tx.row(progress.claim())
    return None if row is None else Claim(*row)


async def claimed(access: Access, import_id: UUID) -> Claim:
    """The claim of whoever started an import with a lease."""
    row = await access.row(progress.claimed(), import_id=import_id)
    if row is None:
        raise LeaseLost
    return Claim(*row)


async def take_up(database: Database, held: Claim) -> Work | None:
    """Make ready what was claimed; None, and the import has failed, where whoever asked for it is gone."""
    actor = await acting_for(database, held.workspace_id, ActorKind(held.created_by_kind), held.created_by)
    if actor is None:
        await fail(database, held, "Whoever asked for this import is not active any more.")
        return None
    content = await database.writing(actor).value(progress.content(), import_id=held.id)
    if content is None:
        raise LeaseLost
    return await asyncio.to_thread(_read, actor, held, content)


async def step(database: Database, work: Work) -> bool:
    """Land the next batch; whether there is more to do. Raises ``LeaseLost``."""
    for again in range(TRIES):
        try:
            await _step(database, work)
        except asyncpg.IntegrityConstraintViolationError:
            # Somebody made the same customer meanwhile; now that they are there, the line will find them.
            if again == TRIES - 1:
                raise
        else:
            break
    return work.position < work.end


async def release(database: Database, work: Work) -> None:
    """Let others take it on; those that have waited longer come first."""
    await database.writing(work.actor).row(progress.release(), **work.mine)


async def fail(database: Database, held: Claim, why: str) -> None:
    """Give an import up; what has landed stays."""
    async with database.transaction(system(held.workspace_id, timezone="UTC")) as tx:
        if await tx.row(progress.fence(), import_id=held.id, lease_id=held.lease_id, position=None) is not None:
            await _finish(tx, held.id, "failed", why)


async def _step(database: Database, work: Work) -> None:
    lines, first = work.claim.lines, work.position % work.claim.lines
    batch = work.lines[first : first + BATCH]
    upto = work.position + len(batch)
    async with database.transaction(work.actor) as tx:
        if await tx.row(progress.fence(), **work.mine, position=work.position) is None:
            raise LeaseLost
        if work.position < lines:
            outcome = await customers_of(tx, [work.reader.read(line) for line in batch])
        else:
            landed = await _landed(tx, work.claim.id, [line for line in batch if work.reader.names_parent(line)])
            outcome = await parents_of(tx, [work.reader.read(line) for line in landed], work.reader.columns)
        await _keep(tx, work.claim.id, outcome)
        await tx.row(
            progress.advance(),
            **work.mine,
            upto=upto,
            created=outcome.created,
            updated=outcome.updated,
            unchanged=outcome.unchanged,
            refused=len(outcome.refused),
        )
        if upto >= work.end:
            await _finish(tx, work.claim.id, "done", None)
    work.position = upto


async def _landed(tx: Transaction, import_id: UUID, batch: Sequence[Line]) -> list[Line]:
    """The lines that were not refused."""
    if not batch:
        return []
    first, last = batch[0].number, batch[-1].number
    refused = {row[0] for row in await tx.rows(progress.refused(), import_id=import_id, first=first, last=last)}
    return [line for line in batch if line.number not in refused]


async def _keep(tx: Transaction, import_id: UUID, outcome: Outcome) -> None:
    problems = [
        {"line": one.number, "refused": refused, "errors": one.errors, "content": dict(one.content)}
        for refused, readings in ((True, outcome.refused), (False, outcome.noted))
        for one in readings
    ]
    if problems:
        await tx.rows(progress.keep(), import_id=import_id, problems=problems)


async def _finish(tx: Transaction, import_id: UUID, state: str, why: str | None) -> None:
    await record(tx, events.FINISHED, progress.finish(), import_id=import_id, state=state, failure=why)
    await tx.row(progress.forget(), import_id=import_id)


def _read(actor: Actor, held: Claim, content: bytes) -> Work:
    sheet = opened(content)
    reader = Reader(sheet, held.mapping, held.defaults, actor.custom_fields.get("customer", {}))
    return Work(actor, held, reader, tuple(sheet.lines()), held.position)
