"""Round: each workspace's nightly look at the warmth of its customers, on its own clock."""

import logging

from crm.care import nightly
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

MOST = 500
SECONDS = (20.0, 40.0)
"""How often to look whether a night has come somewhere."""

logger = logging.getLogger("rapport.worker.warming")


async def warm(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await nightly.waiting(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            # What is planned anew is planned because a setting has changed: no setting may be an old one here.
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                more |= await nightly.work(tx, most=MOST)
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("a night's work failed", extra={"facts": {"workspace_id": workspace_id}})
    return more
