"""Round: each workspace's nightly rules, and what is overdue there, on its own clock."""

import logging

from crm.task_rules import nightly
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

MOST = 2000
"""Tasks in a batch. Each batch looks at all that is left, so small ones cost more than they spare."""
SECONDS = (20.0, 40.0)
"""How often to look whether a night has come somewhere."""

logger = logging.getLogger("rapport.worker.ruling")


async def rule(worker: Worker) -> bool:
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
            logger.exception("nightly rules failed", extra={"facts": {"workspace_id": workspace_id}})
    return more
