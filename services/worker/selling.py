"""Round: each workspace's sales, when its day begins: graded anew, resumed, and their owners told."""

from crm.care import sales_alerts
from crm.database import Transaction
from crm.opportunities import daily
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 500
SECONDS = (20.0, 40.0)
"""How often to look whether a day has begun somewhere."""


async def look_after_sales(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    return await in_each(worker, daily.waiting, _work, "sales were not looked after")


async def _work(tx: Transaction) -> bool:
    left = await daily.work(tx, most=MOST)
    if left is False:
        await sales_alerts.tell(tx)
    return left is True
