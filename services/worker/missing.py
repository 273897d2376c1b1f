"""Round: in each workspace, visits that were planned and that nobody made."""

import logging

from crm.visits import missing
from crm.workspaces.acting import acting_in, all_workspaces
from services.worker.rounds import Worker

MOST = 500

logger = logging.getLogger("rapport.worker.missing")


async def miss_visits(worker: Worker) -> bool:
    """One pass over all workspaces, a batch for each. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await all_workspaces(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                more |= await missing.miss(tx, most=MOST) == MOST
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("visits were not marked as missed", extra={"facts": {"workspace_id": workspace_id}})
    return more
