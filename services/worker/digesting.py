"""Round: at the end of each workspace's working day, everybody is told what is left and what is ahead."""

import logging

from crm.care import digest
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

SECONDS = (20.0, 40.0)
"""How often to look whether a day ends somewhere."""

logger = logging.getLogger("rapport.worker.digesting")


async def tell_day_ends(worker: Worker) -> bool:
    """Each workspace whose hour has come. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await digest.waiting(tx)
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                await digest.work(tx)
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("a day's end was not told", extra={"facts": {"workspace_id": workspace_id}})
    return False
