"""Rounds: promises to whoever complains that are running out, and clocks that are to be worked out anew."""

from functools import partial

from crm.complaints import escalating, recounting
from crm.database import EVERYWHERE, Transaction
from crm.sla import recounts
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

SECONDS = (1.0, 2.0)
SHARE = 500
"""Clocks of one workspace at a time, before the next has its turn."""
LANES = 2
"""Workspaces side by side: each keeps one processor of the database busy."""
RECOUNT_SECONDS = (2.0, 4.0)
BATCH = 100
"""Complaints worked out anew at a time: somebody who is at one of them waits for so long (benchmarks/COMPLAINTS.md)."""
FAILED = "promises were not looked after"


async def watch_promises(worker: Worker) -> bool:
    """Tell what clocks have crossed, a share of each workspace; whether some workspace may have more."""
    if not await escalating.is_anything_due(worker.database.writing(EVERYWHERE)):
        return False
    return await in_each(worker, escalating.workspaces_with_due, _tell, FAILED, lanes=LANES, remembered=True)


async def work_out_anew(worker: Worker) -> bool:
    """A batch for each workspace where something is to be worked out anew; whether there may be more."""
    recount = partial(recounting.recount_some, most=BATCH)
    return await in_each(worker, recounts.workspaces_with_any, recount, FAILED, remembered=True)


async def _tell(tx: Transaction) -> bool:
    return await escalating.tell_due(tx, SHARE) >= SHARE
