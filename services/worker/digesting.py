"""Round: at the end of each workspace's working day, everybody is told what is left and what is ahead."""

from crm.care import digest
from crm.database import Transaction
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

SECONDS = (20.0, 40.0)
"""How often to look whether a day ends somewhere."""


async def tell_day_ends(worker: Worker) -> bool:
    """Each workspace whose hour has come. One that goes wrong leaves the others alone."""
    return await in_each(worker, digest.waiting, _tell, "a day's end was not told")


async def _tell(tx: Transaction) -> bool:
    await digest.work(tx)
    return False
