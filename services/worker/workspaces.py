"""A round that goes from workspace to workspace: in each the same work, in a transaction of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from crm.database import Transaction
from crm.workspaces.acting import acting_in
from services.worker.rounds import Worker

Waiting = Callable[[Transaction], Awaitable[Iterable[UUID]]]
Work = Callable[[Transaction], Awaitable[bool]]

logger = logging.getLogger("rapport.worker.workspaces")


async def in_each(
    worker: Worker, waiting: Waiting, work: Work, failed: str, *, lanes: int = 1, remembered: bool = False
) -> bool:
    """Do this in each workspace that waits, in so many ``lanes`` side by side; whether there is more to do in any.

    Where it goes wrong that is logged as ``failed``, and the other workspaces are left alone. It goes by the settings
    of this moment; what is done all the time by those ``remembered`` for some seconds.
    """
    async with worker.database.scanning() as tx:
        homes = iter(await waiting(tx))
    more = False

    async def lane() -> None:
        nonlocal more
        for home in homes:
            if worker.stopping.is_set():
                return
            try:
                actor = await worker.actor(home) if remembered else await acting_in(worker.database, home)
                async with worker.database.transaction(actor) as tx:
                    found = await work(tx)
                more = more or found
            except Exception:  # Its turn comes again; those after it must not wait for that.
                logger.exception(failed, extra={"facts": {"workspace_id": home}})

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
    return more
