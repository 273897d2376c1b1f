"""Round: each workspace's birthdays that have passed, when its day begins."""

import logging

from crm.contacts import turning
from services.worker.rounds import Worker

MOST = 500
SECONDS = (20.0, 40.0)
"""How often to look whether a day has begun somewhere."""

logger = logging.getLogger("rapport.worker.birthdays")


async def turn_birthdays(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await turning.waiting(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            async with worker.database.transaction(await worker.actor(workspace_id)) as tx:
                more |= await turning.work(tx, most=MOST)
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("birthdays were not turned", extra={"facts": {"workspace_id": workspace_id}})
    return more
