"""Round: each workspace's birthdays that have passed, when its day begins."""

from functools import partial

from crm.contacts import turning
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 500
SECONDS = (20.0, 40.0)
"""How often to look whether a day has begun somewhere."""


async def turn_birthdays(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    return await in_each(worker, turning.waiting, partial(turning.work, most=MOST), "birthdays were not turned")
