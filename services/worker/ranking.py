"""Round: each workspace's monthly look at who its key customers are."""

import logging

from crm.key_customers import monthly
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

MOST = 500
SECONDS = (50.0, 70.0)
"""How often to look whether a month has come somewhere."""

logger = logging.getLogger("rapport.worker.ranking")


async def rank(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await monthly.waiting(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                more |= await monthly.work(tx, most=MOST)
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("a month's work failed", extra={"facts": {"workspace_id": workspace_id}})
    return more
