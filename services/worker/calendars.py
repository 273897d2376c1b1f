"""Round: in each workspace, calendars are filled for the years to come, and a missing notice is told."""

import logging

from crm.calendars import upkeep
from crm.workspaces.acting import all_workspaces
from services.worker.rounds import Worker

logger = logging.getLogger("rapport.worker.calendars")


async def keep_calendars(worker: Worker) -> bool:
    """One pass over all workspaces. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await all_workspaces(tx)
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            async with worker.database.transaction(await worker.actor(workspace_id)) as tx:
                kept = await upkeep.keep(tx)
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("calendars were not kept", extra={"facts": {"workspace_id": workspace_id}})
            continue
        if kept.unsure:
            logger.warning(
                "the notice of next year's holidays is missing",
                extra={"facts": {"workspace_id": workspace_id, "calendars": kept.unsure}},
            )
    return False
