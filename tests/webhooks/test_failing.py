"""What happens when partners do not take what they are sent."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from crm.webhooks.rules import WAITS
from services.worker.outbound import Outbound
from tests.webhooks.conftest import Post, Received, Reply

SOON = timedelta(minutes=2)


async def test_a_receiver_that_fails_every_second_time_gets_everything_under_stable_ids(post: Post) -> None:
    random, taken = Random(20261122), set()

    async def answer(got: Received) -> Reply:
        if random.random() < 0.5:
            return 500, {}
        taken.add(got.id)
        return 204, {}

    post.receiver.answer = answer
    await post.endpoint(types=["customer.*"])
    await post.happen(40)
    for _ in range(400):
        if await post.deliver() == 0:
            if len(taken) == 40:
                break
            await post.until_next()
    rows = await post.deliveries()
    assert {row["state"] for row in rows} == {"delivered"}
    assert taken == {str(row["event_id"]) for row in rows}
    assert len(taken) == 40
    assert len(post.receiver.got) > 55
    assert len({(got.id, got.body) for got in post.receiver.got}) == 40


@pytest.mark.parametrize("status", [500, 404, 401, 302])
async def test_a_failure_is_kept_and_tried_again(post: Post, status: int) -> None:
    elsewhere = await post.open_receiver()
    post.receiver.always(status, location=elsewhere.url)
    endpoint = await post.endpoint()
    await post.happen()
    await post.deliver()
    assert await post.deliver() == 0
    row = await post.delivery()
    assert (row["state"], row["attempts"], row["last_status"]) == ("pending", 1, status)
    assert timedelta(seconds=3) < row["next_attempt_at"] - datetime.now(UTC) <= timedelta(seconds=6)
    stored = await post.endpoint_row(endpoint["id"])
    assert (stored["failures"], stored["failing_since"] is not None) == (1, True)
    post.receiver.always(200)
    await post.later(timedelta(seconds=6))
    await post.deliver()
    assert (await post.delivery())["state"] == "delivered"
    stored = await post.endpoint_row(endpoint["id"])
    assert (stored["failures"], stored["failing_since"]) == (0, None)
    assert len(post.receiver.got) == 2
    assert elsewhere.got == []


async def test_a_wish_to_wait_is_obeyed_in_measure(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    for wish, least, most in (("90", 90, 120), ("86400", 119, 120), ("1", 300, 360)):
        post.receiver.always(429, retry_after=wish)
        assert await post.deliver() == 1
        wait = (await post.delivery())["next_attempt_at"] - datetime.now(UTC)
        assert timedelta(seconds=least - 1) < wait <= timedelta(seconds=most), wish
        await post.until_next()


async def test_silence_counts_as_a_failure_and_ends(post: Post) -> None:
    async def never(_: Received) -> Reply:
        await post.worker.pause(5)
        return 204, {}

    post.receiver.answer = never
    await post.worker.outbound.aclose()
    post.worker.outbound = Outbound(allow_loopback=True, deadline_seconds=0.2)
    await post.endpoint()
    await post.happen()
    await post.deliver()
    row = await post.delivery()
    assert (row["state"], row["last_status"], row["last_error"]) == ("pending", None, "DeadlineExceeded")
    # Whoever is overloaded gets a minute at least.
    assert row["next_attempt_at"] - datetime.now(UTC) > timedelta(seconds=59)
    (attempt,) = await post.owner.fetch("SELECT * FROM webhook_attempts")
    assert (attempt["status"], attempt["error"]) == (None, "DeadlineExceeded")
    assert 150 < attempt["duration_ms"] < 2000
    await post.worker.outbound.aclose()
    post.worker.stopping.set()


async def test_the_answer_is_kept_in_its_beginning(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    post.receiver.always(503, x_filler="f")
    await post.deliver()
    detail = (await post.client.get(f"/v1/deliveries/{(await post.delivery())['id']}")).json()
    assert (detail["attempts"][0]["status"], detail["attempts"][0]["response_start"]) == (503, None)


async def test_eleven_attempts_span_three_days_and_then_it_is_dead_for_all_to_see(post: Post) -> None:
    endpoint = await post.endpoint()
    await post.happen()
    post.receiver.always(500)
    waits = []
    for _ in range(10):
        assert await post.deliver() == 1
        waits.append(await post.until_next())
    await post.deliver()
    assert all(0.79 < wait / step < 1.21 for wait, step in zip(waits, WAITS, strict=True))
    assert timedelta(hours=60) < sum(waits, timedelta()) < timedelta(hours=91)
    dead = (await post.client.get(f"/v1/webhook-endpoints/{endpoint['id']}/deliveries?state=dead")).json()["data"]
    assert [(one["attempt_count"], one["next_attempt_at"]) for one in dead] == [(11, None)]
    await post.later(timedelta(days=1))
    assert await post.deliver() == 0
    assert len({got.id for got in post.receiver.got}) == 1
    assert len(post.receiver.got) == 11
    # Retried by hand it has a whole schedule before it again.
    retried = await post.client.post(f"/v1/deliveries/{dead[0]['id']}/retry")
    assert retried.json()["state"] == "pending"
    await post.deliver()
    assert ((await post.delivery())["state"], (await post.delivery())["attempts"]) == ("pending", 12)
    post.receiver.always(204)
    await post.until_next()
    await post.deliver()
    detail = (await post.client.get(f"/v1/deliveries/{dead[0]['id']}")).json()
    assert (detail["state"], [one["attempt"] for one in detail["attempts"]]) == ("delivered", list(range(1, 14)))


async def test_410_disables_at_once_and_what_waits_is_kept_until_it_is_enabled(post: Post) -> None:
    endpoint = await post.endpoint(types=["customer.*"])
    await post.happen(3)
    post.receiver.always(410)
    await post.deliver()
    called = len(post.receiver.got)
    assert called <= 2
    stored = await post.endpoint_row(endpoint["id"])
    assert (stored["state"], stored["disabled_because"]) == ("disabled", "gone")
    facts = await post.owner.fetch("SELECT * FROM events WHERE type = 'webhook_endpoint.disabled'")
    assert [(fact["payload"]["disabled_because"], fact["actor_kind"]) for fact in facts] == [("gone", "system")]
    await post.later(timedelta(days=1))
    assert await post.deliver() == 0
    await post.happen()
    assert len(await post.deliveries()) == 3
    post.receiver.always(204)
    assert (await post.client.post(f"/v1/webhook-endpoints/{endpoint['id']}/enable")).status_code == 200
    await post.later(SOON)
    await post.deliver()
    assert {row["state"] for row in await post.deliveries()} == {"delivered"}
    # What happened meanwhile was not meant for it, and can be had.
    since = {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    recovered = await post.client.post(f"/v1/webhook-endpoints/{endpoint['id']}/recover", json=since)
    assert recovered.json() == {"requeued": 0, "missed": 1, "complete": True}
    await post.deliver()
    assert len({got.id for got in post.receiver.got}) == 4
    again = await post.client.post(f"/v1/webhook-endpoints/{endpoint['id']}/recover", json=since)
    assert again.json() == {"requeued": 0, "missed": 0, "complete": True}


async def test_five_days_of_nothing_but_failures_disable_an_endpoint(post: Post) -> None:
    endpoint = await post.endpoint()
    await post.happen()
    post.receiver.always(500)
    await post.deliver()
    await post.later(timedelta(hours=119))
    await post.deliver()
    assert (await post.endpoint_row(endpoint["id"]))["state"] == "active"
    await post.later(timedelta(hours=2))
    await post.deliver()
    stored = await post.endpoint_row(endpoint["id"])
    assert (stored["state"], stored["disabled_because"]) == ("disabled", "failing")


async def test_a_success_in_between_forgives(post: Post) -> None:
    endpoint = await post.endpoint(types=["customer.*"])
    await post.happen()
    post.receiver.always(500)
    await post.deliver()
    await post.later(timedelta(hours=119))
    post.receiver.always(204)
    await post.deliver()
    post.receiver.always(500)
    await post.happen()
    await post.later(timedelta(hours=10))
    await post.deliver()
    assert (await post.endpoint_row(endpoint["id"]))["state"] == "active"


async def test_recovery_requeues_what_has_failed(post: Post) -> None:
    endpoint = await post.endpoint(types=["customer.*"])
    await post.happen(3)
    await post.deliver()
    assert {row["state"] for row in await post.deliveries()} == {"delivered"}
    post.receiver.always(500)
    await post.happen(2)
    await post.deliver()
    await post.owner.execute(
        "UPDATE webhook_deliveries SET state = 'dead', settled_at = now() "
        "WHERE id = (SELECT id FROM webhook_deliveries WHERE state = 'pending' LIMIT 1)"
    )
    post.receiver.always(204)
    since = {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    recovered = await post.client.post(f"/v1/webhook-endpoints/{endpoint['id']}/recover", json=since)
    assert recovered.json() == {"requeued": 2, "missed": 0, "complete": True}
    await post.deliver()
    assert {row["state"] for row in await post.deliveries()} == {"delivered"}
