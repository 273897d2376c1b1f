"""Carrying out an import: a batch of lines per transaction, behind a lease, first the customers, then their parents.

The customers of a batch, its problems, the counts and the position commit together, and only for whoever holds the
lease at exactly that position. So a kill in the middle, or two who believe the import is theirs, neither lose a line
nor take one twice.

The position counts lines: from 0 to ``lines`` they become customers, from there to twice ``lines`` they find their
parents, which may stand further down in the file.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

import asyncpg

from crm.actor import Actor, ActorKind
from crm.customers import events as customer_events
from crm.database import Database, Transaction
from crm.imports import progress
from crm.imports.ahead import Ahead
from crm.imports.batches import Outcome, customers_of, parents_of
from crm.imports.claims import TRIES, Claim, LeaseLost, finish, give_up
from crm.imports.files import opened
from crm.imports.kinds import AnyReader, AnyReading, reader_of
from crm.imports.lines import Reader, Reading
from crm.imports.opportunities.batches import opportunities_of
from crm.imports.opportunities.lines import OpportunityReading
from crm.imports.vocabulary import Kind
from crm.opportunities import events as sale_events
from crm.workspaces import custom_fields
from crm.workspaces.access import acting_for
from crm.workspaces.acting import currency_of
from crm.workspaces.custom_rules import Definitions

BATCH = 2_000

CREATED: Mapping[Kind, str] = MappingProxyType(
    {"customers": customer_events.CREATED, "opportunities": sale_events.CREATED}
)


Owe = Callable[[Transaction, str], Awaitable[None]]
"""Writes down what the facts of a type owe, those that its transaction has written: deliveries, reactions."""


@dataclass
class Work:
    """An import at hand: its file open, whoever asked for it known.

    With ``owe`` new customers' facts are published where they are written, which spares writing each a second time.
    """

    actor: Actor
    claim: Claim
    ahead: Ahead[AnyReading]
    reader: AnyReader
    position: int
    owe: Owe | None = None


async def take_up(database: Database, held: Claim, owe: Owe | None = None) -> Work | None:
    """Make ready what was claimed; None, and the import has failed, where whoever asked for it is gone."""
    actor = await acting_for(database, held.workspace_id, ActorKind(held.created_by_kind), held.created_by)
    if actor is None:
        await give_up(database, held, "failed", "Whoever asked for this import is not active any more.")
        return None
    access = database.writing(actor)
    content = await access.value(progress.content(), import_id=held.id)
    if content is None:
        raise LeaseLost
    fields = await custom_fields.current(access, "customer")
    return await asyncio.to_thread(_read, actor, fields, await currency_of(access), held, content, owe)


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
    return work.position < work.ahead.end


async def _step(database: Database, work: Work) -> None:
    _, upto, readings = await work.ahead.batch(work.position)
    async with database.transaction(work.actor) as tx:
        if await tx.row(progress.fence(), **work.claim.mine, position=work.position) is None:
            raise LeaseLost
        if work.position < work.claim.lines:
            outcome = await _landed_now(tx, work, readings)
            if work.owe is not None and outcome.created:
                await work.owe(tx, CREATED[work.claim.kind])
        else:
            work.ahead.read_on()
            landed = await _landed(tx, work.claim.id, [one for one in readings if isinstance(one, Reading)])
            outcome = await parents_of(tx, landed, work.reader.columns, work.claim.match_by)
        await _keep(tx, work.claim.id, outcome)
        await tx.row(progress.landed(), import_id=work.claim.id)
        await tx.row(
            progress.advance(),
            **work.claim.mine,
            upto=upto,
            created=outcome.created,
            updated=outcome.updated,
            unchanged=outcome.unchanged,
            refused=len(outcome.refused),
        )
        if upto >= work.ahead.end:
            await finish(tx, work.claim.id, "done", None)
    work.position = upto


async def _landed_now(tx: Transaction, work: Work, readings: Sequence[AnyReading]) -> Outcome:
    """Bring in these lines as what they are."""
    published = work.owe is not None
    if isinstance(work.reader, Reader):
        customers = [one for one in readings if isinstance(one, Reading)]
        how = work.reader.columns, work.claim.match_by
        return await customers_of(tx, customers, *how, published=published, meanwhile=work.ahead.read_on)
    work.ahead.read_on()
    sales = [one for one in readings if isinstance(one, OpportunityReading)]
    return await opportunities_of(tx, work.reader, sales, published=published)


async def _landed(tx: Transaction, import_id: UUID, batch: Sequence[Reading]) -> list[Reading]:
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


def _read(actor: Actor, fields: Definitions, currency: str, held: Claim, content: bytes, owe: Owe | None) -> Work:
    reader = reader_of(held.kind, opened(content), held, fields, currency)
    end = held.lines * (2 if "parent" in held.mapping.values() else 1)
    return Work(actor, held, Ahead(reader, held.lines, end, BATCH), reader, held.position, owe)
