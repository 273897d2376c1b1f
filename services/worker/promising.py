"""Rounds: promises to whoever complains that are running out, and clocks that are to be worked out anew."""

import asyncio

from crm.complaints import escalating, recounting
from crm.database import EVERYWHERE
from crm.sla import recounts
from services.worker.rounds import Worker

SECONDS = (1.0, 2.0)
SHARE = 500
"""Clocks of one workspace at a time, before the next has its turn."""
LANES = 2
"""Workspaces side by side: each keeps one processor of the database busy."""
RECOUNT_SECONDS = (2.0, 4.0)
BATCH = 200
"""Complaints worked out anew at a time: somebody who is at one of them waits for so long (benchmarks/COMPLAINTS.md)."""


async def watch_promises(worker: Worker) -> bool:
    """Tell what clocks have crossed, a share of each workspace; whether some workspace may have more."""
    if not await escalating.is_anything_due(worker.database.writing(EVERYWHERE)):
        return False
    async with worker.database.scanning() as tx:
        homes = iter(await escalating.workspaces_with_due(tx))
    full = False

    async def lane() -> None:
        nonlocal full
        for home in homes:
            async with worker.database.transaction(await worker.actor(home)) as tx:
                taken, _ = await escalating.tell_due(tx, SHARE)
            full = full or taken >= SHARE
            if worker.stopping.is_set():
                return

    async with asyncio.TaskGroup() as lanes:
        for _ in range(LANES):
            lanes.create_task(lane())
    return full


async def work_out_anew(worker: Worker) -> bool:
    """A batch for each workspace where something is to be worked out anew; whether there may be more."""
    async with worker.database.scanning() as tx:
        homes = await recounts.workspaces_with_any(tx)
    more = False
    for home in homes:
        if worker.stopping.is_set():
            break
        async with worker.database.transaction(await worker.actor(home)) as tx:
            more |= await recounting.recount_some(tx, most=BATCH)
    return more
