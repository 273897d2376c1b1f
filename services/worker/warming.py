"""Round: each workspace's nightly look at the warmth of its customers, on its own clock."""

from functools import partial

from crm.care import nightly
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 500
SECONDS = (20.0, 40.0)
"""How often to look whether a night has come somewhere."""


async def warm(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    return await in_each(worker, nightly.waiting, partial(nightly.work, most=MOST), "a night's work failed")
