"""Round: each workspace's sales, when its day begins: graded anew, resumed, and their owners told."""

import logging

from crm.care import sales_alerts
from crm.opportunities import daily
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

MOST = 500
SECONDS = (20.0, 40.0)
"""How often to look whether a day has begun somewhere."""

logger = logging.getLogger("rapport.worker.selling")


async def look_after_sales(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    async with worker.database.scanning() as tx:
        workspaces = await daily.waiting(tx)
    more = False
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            # Sales are graded anew because a setting has changed: no setting may be an old one here.
            actor = await acting_in(worker.database, workspace_id)
            async with worker.database.transaction(actor) as tx:
                left = await daily.work(tx, most=MOST)
                if left is False:
                    await sales_alerts.tell(tx)
                more |= left is True
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("sales were not looked after", extra={"facts": {"workspace_id": workspace_id}})
    return more
