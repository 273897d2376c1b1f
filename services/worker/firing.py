"""Round: reminders whose moment has come are said."""

from crm.notifications.firing import fire_due
from services.worker.rounds import Worker

MOST = 2000
SHARE = 1000


async def fire(worker: Worker) -> bool:
    """Fire a batch of reminders, in one transaction."""
    async with worker.database.scanning() as tx:
        return await fire_due(tx, limit=MOST, share=SHARE) > 0
