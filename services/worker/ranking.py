"""Round: each workspace's monthly look at who its key customers are."""

from functools import partial

from crm.key_customers import monthly
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 500
SECONDS = (50.0, 70.0)
"""How often to look whether a month has come somewhere."""


async def rank(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    return await in_each(worker, monthly.waiting, partial(monthly.work, most=MOST), "a month's work failed")
