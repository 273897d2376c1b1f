"""Round: in each workspace, visits that were planned and that nobody made."""

from crm.database import Transaction
from crm.visits import missing
from crm.workspaces.acting import all_workspaces
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 500


async def miss_visits(worker: Worker) -> bool:
    """One pass over all workspaces, a batch for each. One that goes wrong leaves the others alone."""
    return await in_each(worker, all_workspaces, _miss, "visits were not marked as missed")


async def _miss(tx: Transaction) -> bool:
    return await missing.miss(tx, most=MOST) == MOST
