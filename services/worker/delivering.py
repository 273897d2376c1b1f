"""Deliveries to webhooks: hinted to the queue, leased, sent with nothing open in Postgres, settled behind the lease.

The queue only spreads the work. Without it the same deliveries are made right here, in small batches.
"""

import asyncio
import logging
import random
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from crm.actor import Actor, system
from crm.database import EVERYWHERE
from crm.sealing import SealBroken
from crm.webhooks import due, leases, settling
from crm.webhooks.actions import place_of_secret
from crm.webhooks.due import HINT, Due
from crm.webhooks.leases import Lease
from crm.webhooks.rules import Verdict, judge, next_try
from crm.webhooks.settling import Outcome
from crm.webhooks.signing import headers
from services.worker.outbound import Reply
from services.worker.rounds import Worker

QUEUED = 100
"""So many hints may wait in the queue: no more than are read while they last."""
HERE = 20
"""So many deliveries are made in this process at a time while there is no queue."""
FURTHER_SECONDS = 15.0
"""For so long whoever has delivered goes on with what else the endpoint is owed."""

CANNOT_QUEUE = (RedisError, OSError, TimeoutError)

logger = logging.getLogger("rapport.worker.delivering")


async def hint_round(worker: Worker) -> bool:
    """Hand out what is due to the queue, or deliver it here while there is none; says whether there is more at once."""
    if not await due.is_anything_pending(worker.database.writing(EVERYWHERE)):
        return False
    room = await _room_in_queue(worker)
    most = HERE - len(worker.deliveries) if room is None else room
    if most <= 0:
        return False
    began = worker.endpoints_turn
    async with worker.database.scanning() as tx:
        await due.bury(tx)
        found, worker.endpoints_turn = await due.take_hints(tx, began, most)
    for one in found if room is None else await _enqueue(worker, found):
        _deliver_here(worker, one)
    return bool(found) or began != due.FIRST


async def deliver(ctx: dict[str, Any], workspace_id: str, delivery_id: str) -> None:
    """Job: attempt this delivery, if it is still due, and go on with the endpoint's next ones while it takes them."""
    await run(ctx["worker"], UUID(workspace_id), UUID(delivery_id))


async def run(worker: Worker, workspace_id: UUID, delivery_id: UUID) -> None:
    """Attempt a delivery, then whatever else its endpoint is owed; stops at the first failure, and after a while."""
    actor, until = system(workspace_id, timezone="UTC"), monotonic() + FURTHER_SECONDS
    async with worker.database.transaction(actor) as tx:
        lease = await leases.claim(tx, delivery_id)
    while lease is not None:
        lease = await _attempted(worker, actor, lease, until)


async def _attempted(worker: Worker, actor: Actor, lease: Lease, until: float) -> Lease | None:
    """Attempt what was leased and settle it; in the same transaction the endpoint's next is leased, if it is to be."""
    outcome, further = await attempt(worker, actor.workspace_id, lease), None
    async with worker.database.transaction(actor) as tx:
        settled = await settling.settle(tx, lease, outcome)
        if settled and outcome.verdict is Verdict.DELIVERED and monotonic() <= until:
            further = await leases.claim_next(tx, lease.endpoint_id)
    facts = {"delivery_id": lease.delivery_id, "endpoint_id": lease.endpoint_id, "attempt": lease.attempt}
    if not settled:
        logger.warning("came back too late to settle a delivery", extra={"facts": facts})
    elif outcome.state == "dead":
        logger.warning("delivery is dead", extra={"facts": {**facts, "status": outcome.status}})
    return further


async def attempt(worker: Worker, workspace_id: UUID, lease: Lease) -> Outcome:
    """Send it once and judge the answer. Nothing is open in Postgres meanwhile."""
    if lease.body is None:
        return Outcome(Verdict.RETRY, None, None, "EventGone", 0, "")
    reply = await _send(worker, workspace_id, lease, lease.body.encode())
    verdict = judge(reply.status)
    wait = next_try(
        lease.attempt,
        random.Random(),
        reply.retry_after,
        overloaded=reply.status == 429 or reply.timed_out,
    )
    return Outcome(verdict, wait, reply.status, reply.error, reply.duration_ms, reply.body_start)


async def _send(worker: Worker, workspace_id: UUID, lease: Lease, body: bytes) -> Reply:
    place = place_of_secret(workspace_id, lease.endpoint_id)
    try:
        secrets = [worker.sealer.open(sealed, place).decode() for sealed in lease.sealed_secrets]
    except SealBroken:
        logger.exception("cannot read the secret of an endpoint; was the secret key changed?")
        return Reply(status=None, duration_ms=0, error="SecretUnreadable")
    signed = headers(secrets, str(lease.event_id), datetime.now(UTC), body)
    return await worker.outbound.post(lease.url, {**signed, "content-type": "application/json"}, body)


async def _room_in_queue(worker: Worker) -> int | None:
    """How many more hints the queue may hold; None when it is not there."""
    try:
        async with asyncio.timeout(1):
            return QUEUED - int(await worker.queue.zcard(worker.queue.default_queue_name))
    except CANNOT_QUEUE:
        return None


async def _enqueue(worker: Worker, found: list[Due]) -> list[Due]:
    """Put hints into the queue, after the commit that gave them; gives those it did not take."""
    for place, one in enumerate(found):
        try:
            await worker.queue.enqueue_job("deliver", str(one.workspace_id), str(one.delivery_id), _expires=2 * HINT)
        except CANNOT_QUEUE:
            return found[place:]
    return []


def _deliver_here(worker: Worker, one: Due) -> None:
    """Beside the rounds, so that an endpoint that does not answer holds up no other."""

    def ended(task: asyncio.Task[None]) -> None:
        worker.deliveries.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("a delivery went wrong; it will be tried again", exc_info=error)

    task = asyncio.create_task(run(worker, one.workspace_id, one.delivery_id))
    worker.deliveries.add(task)
    task.add_done_callback(ended)
