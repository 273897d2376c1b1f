"""Round: tasks that repeat. When the moment of one has come, the next one is made, whether it was done or not."""

import logging

from crm.task_series import going_on
from services.worker.rounds import Worker

MOST = 500
SECONDS = (4.0, 6.0)

logger = logging.getLogger("rapport.worker.repeating")


async def repeat(worker: Worker) -> bool:
    """Those whose moment has come, each in a transaction of its own. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        waiting = await going_on.waiting(tx, MOST)
    went_on = 0
    for workspace_id, series_id in waiting:
        if worker.stopping.is_set():
            break
        try:
            async with worker.database.transaction(await worker.actor(workspace_id)) as tx:
                await going_on.when_due(tx, series_id)
            went_on += 1
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("a series did not go on", extra={"facts": {"series_id": series_id}})
    return len(waiting) == MOST and went_on > 0
