"""Round: when a day has ended in a workspace, how its sales stand is kept."""

import logging

from crm.forecasts import nightly
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

MOST = 5_000
SECONDS = (40.0, 60.0)
"""How often to look whether a day has ended somewhere."""

logger = logging.getLogger("rapport.worker.snapshots")


async def keep_snapshots(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await nightly.waiting(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                more |= await nightly.work(tx, most=MOST)
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("sales were not kept", extra={"facts": {"workspace_id": workspace_id}})
    return more
