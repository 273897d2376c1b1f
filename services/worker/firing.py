"""Round: reminders whose moment has come are said."""

import asyncio
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, or_

from crm.channels.owing import has_channels
from crm.database import EVERYWHERE
from crm.notifications.firing import always_heard, fire_due, is_anything_due
from crm.reminders import events
from crm.task_rules.queries import is_ruled
from crm.webhooks.owing import is_listened_to
from services.worker.reactions import REACTIONS
from services.worker.rounds import Worker

MOST = 2000
"""A batch takes about 0.1 s, and is what a killed worker does anew (benchmarks/REMINDERS.md)."""
LANES = 3
"""So many batches side by side while there is a backlog: two processors of the database are busy while a third one's
commit waits for the disk."""
LANE_SECONDS = 10.0
"""For so long a lane goes on by itself; then it is asked again whether there is anything else to do, as stopping."""

_OF_FIRING = {events.FIRED, events.SUPPRESSED, events.CANCELLED}


def _is_heard(workspace_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """By a webhook, or by a rule of the workspace's own: each may be about any event."""
    return or_(is_listened_to(workspace_id), is_ruled(workspace_id, _OF_FIRING))


# A hundred thousand facts that nobody waits for are written as published: to publish them would be half the work again.
# The same of notifications: where there are no channels, nobody takes each of them up only to owe nothing.
IS_TOLD = has_channels
IS_HEARD = always_heard if _OF_FIRING & REACTIONS.keys() else _is_heard


async def fire(worker: Worker) -> bool:
    """Fire what is due: a batch, and where that was not all, batch after batch in several lanes side by side."""
    if not await is_anything_due(worker.database.writing(EVERYWHERE)):
        return False
    fired = await _batch(worker)
    if fired < MOST:
        return fired > 0
    until = monotonic() + LANE_SECONDS
    async with asyncio.TaskGroup() as lanes:
        for _ in range(LANES):
            lanes.create_task(_lane(worker, until))
    return True


async def _lane(worker: Worker, until: float) -> None:
    """Batches one after the other, waiting for no other lane, until nothing is left that no other has."""
    while not worker.stopping.is_set() and monotonic() < until and await _batch(worker):
        pass


async def _batch(worker: Worker) -> int:
    """One transaction."""
    async with worker.database.scanning() as tx:
        return await fire_due(tx, limit=MOST, is_heard=IS_HEARD, is_told=IS_TOLD)
