"""Round: in each workspace, requests about personal data that are late, and whereabouts kept for long enough."""

from crm.database import Transaction
from crm.privacy_requests import overdue
from crm.visits import retention
from crm.workspaces.acting import all_workspaces
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 1000


async def keep_private(worker: Worker) -> bool:
    """One pass over all workspaces. One that goes wrong leaves the others alone."""
    return await in_each(worker, all_workspaces, _keep, "keeping private failed")


async def _keep(tx: Transaction) -> bool:
    await overdue.owe_tasks(tx)
    return await retention.forget_locations(tx, most=MOST) == MOST
