"""Round: when a day has ended in a workspace, how its sales stand is kept."""

from functools import partial

from crm.forecasts import nightly
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 5_000
SECONDS = (40.0, 60.0)
"""How often to look whether a day has ended somewhere."""


async def keep_snapshots(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    return await in_each(worker, nightly.waiting, partial(nightly.work, most=MOST), "sales were not kept")
