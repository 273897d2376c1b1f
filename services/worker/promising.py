"""Rounds: promises to whoever complains that are running out, and clocks that are to be worked out anew."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from crm.complaints import escalating, recounting
from crm.database import EVERYWHERE, Transaction
from crm.sla import recounts
from services.worker.rounds import Worker

SECONDS = (1.0, 2.0)
SHARE = 500
"""Clocks of one workspace at a time, before the next has its turn."""
LANES = 2
"""Workspaces side by side: each keeps one processor of the database busy."""
RECOUNT_SECONDS = (2.0, 4.0)
BATCH = 100
"""Complaints worked out anew at a time: somebody who is at one of them waits for so long (benchmarks/COMPLAINTS.md)."""

logger = logging.getLogger("rapport.worker.promising")


async def watch_promises(worker: Worker) -> bool:
    """Tell what clocks have crossed, a share of each workspace; whether some workspace may have more."""
    if not await escalating.is_anything_due(worker.database.writing(EVERYWHERE)):
        return False
    async with worker.database.scanning() as tx:
        homes = await escalating.workspaces_with_due(tx)

    async def tell(tx: Transaction) -> bool:
        return await escalating.tell_due(tx, SHARE) >= SHARE

    return await _in_each(worker, homes, tell)


async def work_out_anew(worker: Worker) -> bool:
    """A batch for each workspace where something is to be worked out anew; whether there may be more."""
    async with worker.database.scanning() as tx:
        homes = await recounts.workspaces_with_any(tx)

    async def recount(tx: Transaction) -> bool:
        return await recounting.recount_some(tx, most=BATCH)

    return await _in_each(worker, homes, recount, lanes=1)


async def _in_each(
    worker: Worker, homes: Iterable[UUID], work: Callable[[Transaction], Awaitable[bool]], *, lanes: int = LANES
) -> bool:
    """Do this in each of these workspaces; whether there is more anywhere. One that goes wrong leaves the others."""
    waiting, more = iter(homes), False

    async def lane() -> None:
        nonlocal more
        for home in waiting:
            if worker.stopping.is_set():
                return
            try:
                async with worker.database.transaction(await worker.actor(home)) as tx:
                    found = await work(tx)
                more = more or found
            except Exception:  # Its turn comes again; those after it must not wait for that.
                logger.exception("promises were not looked after", extra={"facts": {"workspace_id": home}})

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
    return more
