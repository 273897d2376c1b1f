"""Rounds that keep house: the sign of life, room for next month's facts, and forgetting what nobody asks for."""

from crm.channels.forgetting import forget_sent
from crm.database import EVERYWHERE
from crm.events import housekeeping
from crm.strangers import limits
from crm.workspaces.idempotency import forget_old
from services.worker.rounds import Worker

MOST = 5000


async def beat(worker: Worker) -> bool:
    """Say that this worker lives; the API's readiness looks for it."""
    await housekeeping.beat(worker.database.writing(EVERYWHERE), worker.name)
    return False


async def make_room(worker: Worker) -> bool:
    """The months to come have their partitions long before they begin."""
    async with worker.database.scanning() as tx:
        await housekeeping.ensure_partitions(tx)
    return False


async def forget(worker: Worker) -> bool:
    """Answers kept for repeated requests, reactions long done, messages sent long ago, and strangers of yesterday."""
    async with worker.database.scanning() as tx:
        answers = await forget_old(tx, most=MOST)
        reactions = await housekeeping.forget_settled(tx, most=MOST)
        messages = await forget_sent(tx, most=MOST)
    strangers = await limits.forget(worker.database, most=MOST)
    return MOST in {answers, reactions, messages, strangers}
