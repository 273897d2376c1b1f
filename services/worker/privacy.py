"""Round: in each workspace, requests about personal data that are late, and whereabouts kept for long enough."""

import logging

from crm.privacy_requests import overdue
from crm.visits import retention
from crm.workspaces.acting import acting_in, all_workspaces
from services.worker.rounds import Worker

MOST = 1000

logger = logging.getLogger("rapport.worker.privacy")


async def keep_private(worker: Worker) -> bool:
    """One pass over all workspaces. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await all_workspaces(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                await overdue.owe_tasks(tx)
                more |= await retention.forget_locations(tx, most=MOST) == MOST
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("keeping private failed", extra={"facts": {"workspace_id": workspace_id}})
    return more
