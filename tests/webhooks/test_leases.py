"""Who may do what at once: leases and fences. Two workers, slow workers, dead workers."""

import re
from datetime import timedelta
from uuid import UUID

from crm.actor import system
from crm.database import Statement, Transaction
from crm.webhooks import leases, settling
from crm.webhooks.leases import Lease
from crm.webhooks.rules import Verdict
from crm.webhooks.settling import Outcome
from services.worker.delivering import hint_round
from services.worker.rounds import Worker
from tests.webhooks.conftest import Post

FAILED = Outcome(Verdict.RETRY, timedelta(minutes=5), 500, None, 12, "slow")
LEASE_OVER = timedelta(seconds=31)


async def claim(post: Post, delivery_id: UUID, worker: Worker | None = None) -> Lease | None:
    """Claim as a worker does."""
    async with (worker or post.worker).database.transaction(system(post.home.id, timezone="UTC")) as tx:
        return await leases.claim(tx, delivery_id)


async def settle(post: Post, lease: Lease, outcome: Outcome) -> bool:
    """Settle as a worker does."""
    async with post.worker.database.transaction(system(post.home.id, timezone="UTC")) as tx:
        return await settling.settle(tx, lease, outcome)


async def slow_and_fast(post: Post) -> Lease:
    """One worker claims and falls asleep; its lease runs out and another one delivers. Gives the sleeper's lease."""
    await post.endpoint()
    await post.happen()
    slow = await claim(post, (await post.delivery())["id"])
    assert slow is not None
    assert await post.deliver() == 0
    await post.later(LEASE_OVER)
    assert await post.deliver(await post.hire()) == 1
    row = await post.delivery()
    assert (row["state"], row["attempts"]) == ("delivered", 2)
    return slow


async def test_a_worker_that_comes_back_late_overwrites_nothing(post: Post) -> None:
    slow = await slow_and_fast(post)
    before = await post.delivery()
    assert await settle(post, slow, FAILED) is False
    assert await post.delivery() == before
    assert await post.owner.fetchval("SELECT count(*) FROM webhook_attempts") == 1
    assert await post.owner.fetchval("SELECT failures FROM webhook_endpoints") == 0


async def test_without_the_fence_it_would(post: Post) -> None:
    slow = await slow_and_fast(post)
    fence = r" AND webhook_deliveries.state = 'pending' AND webhook_deliveries.lease_id = \$\d+::UUID"
    fenced = settling._settle()
    unfenced, cut = re.subn(fence, " AND ($9::uuid IS NOT NULL)", fenced.sql)
    assert cut == 1
    control = Statement.__new__(Statement)
    control.sql, control.names = unfenced, fenced.names

    async def settle_without(tx: Transaction) -> None:
        # A second attempt of the same number cannot be written down: the control needs another one.
        await post.owner.execute("UPDATE webhook_deliveries SET attempts = 3")
        await tx.row(
            control,
            id=slow.delivery_id,
            lease_id=slow.lease_id,
            state="pending",
            wait=timedelta(0),
            status=500,
            error=None,
            duration_ms=1,
            response_start=None,
        )

    async with post.worker.database.transaction(system(post.home.id, timezone="UTC")) as tx:
        await settle_without(tx)
    assert (await post.delivery())["state"] == "pending"
    await post.deliver()
    assert len(post.receiver.got) == 2


async def test_a_lease_that_ran_out_while_its_worker_lives_is_not_settled_by_it(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    delivery_id = (await post.delivery())["id"]
    first = await claim(post, delivery_id)
    await post.later(LEASE_OVER)
    second = await claim(post, delivery_id)
    assert first is not None
    assert second is not None
    assert await settle(post, first, FAILED) is False
    assert await settle(post, second, FAILED) is True
    assert (await post.delivery())["attempts"] == 2


async def test_what_loses_its_worker_at_the_last_attempt_is_dead(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    delivery_id = (await post.delivery())["id"]
    for _ in range(11):
        assert await claim(post, delivery_id) is not None
        await post.later(LEASE_OVER)
    assert await claim(post, delivery_id) is None
    await hint_round(post.worker)
    row = await post.delivery()
    assert (row["state"], row["last_error"], row["attempts"]) == ("dead", "WorkerLost", 11)
