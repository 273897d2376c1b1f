"""Whose turn it is: limits, circuits, dead endpoints, fairness, and no queue at all."""

import asyncio
from datetime import timedelta
from uuid import UUID

import orjson

from crm.webhooks import due
from crm.webhooks.rules import Verdict
from crm.webhooks.settling import Outcome
from services.worker import delivering
from services.worker.delivering import deliver, hint_round
from services.worker.messages import open_queue
from tests.conftest import SECRET_KEY
from tests.factories import found_workspace
from tests.webhooks.conftest import Post, Received, Reply
from tests.webhooks.test_leases import claim, settle


async def test_two_hints_are_one_attempt(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    row = await post.delivery()
    workers = [post.worker, await post.hire()]
    await asyncio.gather(
        *(deliver({"worker": worker}, str(row["workspace_id"]), str(row["id"])) for worker in workers for _ in range(5))
    )
    assert len(post.receiver.got) == 1
    assert (await post.delivery())["attempts"] == 1


async def test_two_at_once_for_an_endpoint_and_ten_for_a_workspace(post: Post) -> None:
    gate = asyncio.Event()

    async def at_the_gate(_: Received) -> Reply:
        await gate.wait()
        return 204, {}

    receivers = [await post.open_receiver() for _ in range(7)]
    for receiver in receivers:
        receiver.answer = at_the_gate
        await post.endpoint(receiver.url, ["customer.*"])
    await post.happen(6)
    ids = [row["id"] for row in await post.deliveries()]
    workers = [post.worker, await post.hire()]
    running = [
        asyncio.create_task(delivering.run(workers[n % 2], post.home.id, delivery_id))
        for n, delivery_id in enumerate(ids)
    ]
    # Whoever was refused has gone; ten stand at the gate.
    async with asyncio.timeout(12):
        while sum(task.done() for task in running) < len(ids) - 10 or sum(each.under_way for each in receivers) < 10:
            await post.worker.pause(0.01)
    assert sum(receiver.under_way for receiver in receivers) == 10
    assert {row["attempts"] for row in await post.deliveries()} == {0, 1}
    gate.set()
    await asyncio.gather(*running)
    while await post.deliver():
        pass
    assert {row["state"] for row in await post.deliveries()} == {"delivered"}
    assert max(receiver.most_under_way for receiver in receivers) == 2
    assert all(len(receiver.got) == 6 for receiver in receivers)


async def test_an_endpoint_that_only_fails_is_probed_one_at_a_time(post: Post) -> None:
    endpoint = await post.endpoint(types=["customer.*"])
    await post.happen(8)
    post.receiver.always(500)
    while (await post.endpoint_row(endpoint["id"]))["failures"] < 5:
        await post.deliver()
    async with post.worker.database.scanning() as tx:
        found, _ = await due.take_hints(tx, due.FIRST, 100)
        assert len(found) == 1
    ids = [row["id"] for row in await post.deliveries() if row["attempts"] == 0]
    claims = [await claim(post, delivery_id) for delivery_id in ids]
    (probe,) = [lease for lease in claims if lease]
    post.receiver.always(204)
    assert await settle(post, probe, Outcome(Verdict.DELIVERED, None, 204, None, 5, ""))
    await post.later(timedelta(hours=1))
    while await post.deliver():
        pass
    assert {row["state"] for row in await post.deliveries()} == {"delivered"}


async def test_a_dead_endpoint_holds_up_nobody(post: Post) -> None:
    dead = await post.open_receiver()

    async def never(_: Received) -> Reply:
        await asyncio.sleep(0.3)
        return 500, {}

    dead.answer = never
    await post.endpoint(dead.url, ["customer.*"])
    await post.endpoint(types=["customer.*"])
    await post.happen(60)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(post.deliver(), post.deliver())
    assert len(post.receiver.got) == 60
    assert len(dead.got) <= 2
    assert asyncio.get_running_loop().time() - began < 5


async def test_turns_go_round_so_that_nobody_waits_for_ever(post: Post) -> None:
    homes = [post.home, *[await found_workspace(post.owner, SECRET_KEY) for _ in range(3)]]
    for home in homes:
        client = post.client_of(home)
        await post.endpoint(types=["customer.*"], client=client)
        await post.happen(20, client)
        await client.aclose()
    turn, served = due.FIRST, []
    for _ in range(4):
        async with post.worker.database.scanning() as tx:
            found, turn = await due.take_hints(tx, turn, 2)
        served += [one.workspace_id for one in found]
        # Whoever was hinted is due again at once: the worst that a workspace with a backlog can do.
        await post.owner.execute("UPDATE webhook_deliveries SET hinted_until = NULL")
    assert sorted(served) == sorted([home.id for home in homes] * 2)


async def test_a_hint_is_given_once_and_again_when_it_was_lost(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    for expected in (1, 0, 0):
        async with post.worker.database.scanning() as tx:
            found, _ = await due.take_hints(tx, due.FIRST, 10)
        assert len(found) == expected
    await post.later(due.HINT + timedelta(seconds=1))
    async with post.worker.database.scanning() as tx:
        found, _ = await due.take_hints(tx, due.FIRST, 10)
    assert len(found) == 1


async def test_hints_are_messages_of_two_ids_that_expire(post: Post) -> None:
    await post.worker.queue.flushdb()
    await post.endpoint()
    await post.happen()
    assert await hint_round(post.worker) is True
    (job,) = await post.worker.queue.zrange(post.worker.queue.default_queue_name, 0, -1)
    key = b"arq:job:" + job
    row = await post.delivery()
    message = orjson.loads(await post.worker.queue.get(key))
    assert (message["f"], message["a"]) == ("deliver", [str(row["workspace_id"]), str(row["id"])])
    assert 15_000 < await post.worker.queue.pttl(key) <= 20_000
    assert row["attempts"] == 0
    await deliver({"worker": post.worker}, *message["a"])
    assert (await post.delivery())["state"] == "delivered"
    await post.worker.queue.flushdb()


async def test_without_a_queue_everything_arrives_all_the_same(post: Post) -> None:
    silent = await post.open_receiver()

    async def never(_: Received) -> Reply:
        await asyncio.sleep(30)
        return 204, {}

    silent.answer = never
    await post.endpoint(silent.url, ["customer.*"])
    await post.endpoint(types=["customer.*"])
    await post.happen(30)
    online = post.worker.queue
    post.worker.queue = open_queue("redis://127.0.0.1:1")
    async with asyncio.timeout(10):
        while len(post.receiver.got) < 30:
            await hint_round(post.worker)
            await asyncio.sleep(0.05)
    assert len(silent.got) <= 2
    for delivery in post.worker.deliveries:
        delivery.cancel()
    await asyncio.gather(*post.worker.deliveries, return_exceptions=True)
    await post.worker.queue.aclose(close_connection_pool=True)
    post.worker.queue = online


async def test_an_idle_look_is_cheap_whatever_is_done_already(post: Post) -> None:
    endpoint = await post.endpoint()
    await post.owner.execute(
        "INSERT INTO webhook_deliveries (workspace_id, endpoint_id, event_id, event_type, state, next_attempt_at) "
        "SELECT $1, $2, uuidv7(), 'customer.created', s, now() + interval '1 hour' "
        "FROM unnest(ARRAY['delivered', 'pending']) AS s, generate_series(1, 5000)",
        post.home.id,
        UUID(endpoint["id"]),
    )
    await post.owner.execute("ANALYZE webhook_deliveries")
    async with post.worker.database.scanning() as tx:
        assert await due.take_hints(tx, due.FIRST, 100) == ([], due.FIRST)
    asked = due._hint()
    plan = "\n".join(
        row[0]
        for row in await post.owner.fetch(
            "EXPLAIN " + asked.sql,
            *asked.arguments({}, {"after_workspace": UUID(int=0), "after_endpoint": UUID(int=0), "most": 100}),
        )
    )
    assert "Seq Scan on webhook_deliveries" not in plan, plan
