"""Who carries an import out, or takes it back: a lease that runs out, so that whoever is killed holds up nobody."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from crm.actor import system
from crm.database import Access, Database, Transaction
from crm.imports import events, progress
from crm.imports.vocabulary import DateOrder, Kind
from crm.recording import record

TRIES = 3


class LeaseLost(Exception):
    """Somebody else has the import by now, or it is over."""


class Claim(NamedTuple):
    """The right to work on an import from a position on, until the lease runs out."""

    workspace_id: UUID
    id: UUID
    lease_id: UUID
    state: str
    position: int
    lines: int
    mapping: Mapping[str, str]
    defaults: Mapping[str, Any]
    values: Mapping[str, Mapping[str, str]]
    match_by: str | None
    kind: Kind
    date_order: DateOrder | None
    created_by: UUID
    created_by_kind: str
    undo_by: UUID | None
    undo_by_kind: str | None
    undo_upto: UUID | None

    @property
    def mine(self) -> dict[str, UUID]:
        """What says that the import is still ours."""
        return {"import_id": self.id, "lease_id": self.lease_id}


async def claim(access: Access) -> Claim | None:
    """The import that has waited longest among those that nobody works on; None when there is none."""
    row = await access.row(progress.claim())
    return None if row is None else Claim(*row)


async def claimed(access: Access, import_id: UUID) -> Claim:
    """The claim of whoever started an import with a lease."""
    row = await access.row(progress.claimed(), import_id=import_id)
    if row is None:
        raise LeaseLost
    return Claim(*row)


async def others_wait(tx: Transaction) -> bool:
    """Whether there is an import that nobody works on."""
    return bool(await tx.value(progress.waiting()))


async def release(database: Database, held: Claim) -> None:
    """Let others take it on; those that have waited longer come first."""
    await database.writing(system(held.workspace_id, timezone="UTC")).row(progress.release(), **held.mine)


async def give_up(database: Database, held: Claim, state: str, why: str) -> None:
    """End it here, for this reason; what has landed stays."""
    async with database.transaction(system(held.workspace_id, timezone="UTC")) as tx:
        if await tx.row(progress.fence(), **held.mine, position=None) is not None:
            await finish(tx, held.id, state, why)


async def finish(tx: Transaction, import_id: UUID, state: str, why: str | None) -> None:
    """It is over, with its fact."""
    event = events.UNDONE if state == "undone" else events.FINISHED
    await record(tx, event, progress.finish(), import_id=import_id, state=state, failure=why)
    await tx.row(progress.forget(), import_id=import_id)
