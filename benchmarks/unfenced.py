"""The control: the worker as it is, but for what keeps two of them apart when reminders fire.

No row is locked, and whoever thinks about it for a moment before committing (``SLOW``) finds that another has said the
same meanwhile. It must do so, or the runs that kill workers would prove nothing. The unique key of notifications has to
be dropped in the database: it alone would still hold the second one back.
"""

import asyncio

from crm.database import Statement
from crm.notifications import firing
from services.worker import firing as round_
from services.worker import main
from services.worker.rounds import Round, Worker

SLOW = 0.5
DROP_THE_KEY = "ALTER TABLE notifications DROP CONSTRAINT uq_notifications_workspace_id_dedupe_key"


async def fire(worker: Worker) -> bool:
    """Fire a batch as one would write it first."""
    careful, careless = firing._fire(round_.MOST, round_.IS_HEARD, round_.IS_TOLD), Statement.__new__(Statement)
    careless.sql, careless.names = careful.sql.replace("FOR UPDATE SKIP LOCKED", ""), careful.names
    async with worker.database.scanning() as tx:
        fired = await tx.rows(careless, now=None)
        if fired:
            await asyncio.sleep(SLOW)
    return False


def run() -> int:
    """Be a worker that fires like this."""
    main.ROUNDS = tuple(Round("fire", fire) if each.name == "fire" else each for each in main.ROUNDS)
    main.run.__defaults__ = (main.ROUNDS,)
    return main.main()
