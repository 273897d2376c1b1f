"""From a change to a verified delivery: what partners get, what happens when they do not take it."""

import logging
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from standardwebhooks import Webhook

from crm.database import Statement
from crm.webhooks import owing, rules
from services.worker.dialling import Address
from services.worker.outbound import Outbound
from tests.conftest import Stage, problem
from tests.webhooks.conftest import Post, Received, Reply

SOON = timedelta(minutes=2)


async def test_a_change_arrives_signed_and_as_it_was_recorded(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = await post.endpoint()
    (customer,) = await post.happen()
    assert await post.deliver() == 1
    (got,) = post.receiver.got
    told = Webhook(endpoint["secret"]).verify(got.body.decode(), got.headers)
    event = await post.owner.fetchrow("SELECT * FROM events WHERE type = 'customer.created'")
    assert event is not None
    assert got.id == told["id"] == str(event["id"])
    assert list(told)[:3] == ["type", "timestamp", "data"]
    assert (told["type"], told["data"], told["sequence"]) == ("customer.created", customer, 1)
    assert datetime.fromisoformat(told["timestamp"]) == event["occurred_at"]
    assert told["actor"] == {"kind": "user", "id": str(post.home.admin.id)}
    assert told["subject"] == {"type": "customer", "id": customer["id"]}
    assert got.headers["content-type"] == "application/json"
    journal = (await post.client.get("/v1/events")).json()["data"]
    (line,) = [one for one in journal if one["id"] == told["id"]]
    assert told == {"timestamp": line.pop("occurred_at"), **line}
    shown = (await post.client.get(f"/v1/deliveries/{(await post.delivery())['id']}")).json()
    assert (shown["state"], shown["attempt_count"], shown["last_status"]) == ("delivered", 1, 204)
    assert [(one["attempt"], one["status"], one["error"]) for one in shown["attempts"]] == [(1, 204, None)]
    assert endpoint["secret"] not in caplog.text


async def test_a_delivered_one_can_be_replayed_under_its_id(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    await post.deliver()
    delivery_id = (await post.delivery())["id"]
    assert (await post.client.post(f"/v1/deliveries/{delivery_id}/retry")).json()["state"] == "pending"
    await post.deliver()
    assert len(post.receiver.got) == 2
    assert len({(got.id, got.body) for got in post.receiver.got}) == 1
    stale = await post.client.post(f"/v1/deliveries/{delivery_id}/retry", headers={"If-Match": '"1"'})
    problem(stale, 412, "stale")


async def test_rotating_the_secret_is_refused_by_nobody(post: Post) -> None:
    endpoint = await post.endpoint()
    accepted: list[str] = []
    live = [endpoint["secret"]]

    async def answer(got: Received) -> Reply:
        Webhook(live[-1]).verify(got.body.decode(), got.headers)
        accepted.append(got.id)
        return 204, {}

    post.receiver.answer = answer
    await post.happen()
    await post.deliver()
    path = f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret"
    rotated = (await post.client.post(path)).json()["secret"]
    await post.happen()
    await post.deliver()
    live.append(rotated)
    await post.happen()
    await post.deliver()
    assert len(accepted) == len(post.receiver.got) == 3
    assert [len(got.headers["webhook-signature"].split(" ")) for got in post.receiver.got] == [1, 2, 2]
    await post.later(timedelta(hours=24, minutes=1))
    await post.happen()
    await post.deliver()
    assert len(accepted) == 4
    assert len(post.receiver.got[-1].headers["webhook-signature"].split(" ")) == 1


async def test_a_disabled_endpoint_gets_nothing(post: Post) -> None:
    endpoint = await post.endpoint()
    await post.happen()
    await post.client.post(f"/v1/webhook-endpoints/{endpoint['id']}/disable")
    await post.happen(2)
    await post.later(SOON)
    assert await post.deliver() == 0
    (row,) = await post.deliveries()
    await post.owner.execute("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 minute'")
    assert await post.deliver() == 0
    assert row["state"] == "pending"
    assert post.receiver.got == []


async def test_endpoints_are_told_of_what_they_asked_for_and_never_of_endpoints(post: Post) -> None:
    visits = await post.open_receiver()
    await post.endpoint()
    endpoint = await post.endpoint(visits.url, ["visit.*"])
    await post.client.patch(f"/v1/webhook-endpoints/{endpoint['id']}", json={"description": "ERP"})
    await post.client.post(f"/v1/webhook-endpoints/{endpoint['id']}/test")
    await post.happen()
    await post.deliver()
    assert [got.told["type"] for got in post.receiver.got] == ["customer.created"]
    assert [got.told["type"] for got in visits.got] == ["webhook.test"]
    await post.publish()
    assert await post.deliver() == 0


async def test_owing_twice_is_owing_once(post: Post) -> None:
    await post.endpoint()
    await post.happen()
    async with post.worker.database.scanning() as tx:
        row = await post.owner.fetchrow("SELECT * FROM events WHERE type = 'customer.created'")
        assert row is not None
        assert await owing.owe_deliveries(tx, [row["workspace_id"]], [row["id"]], [row["type"]]) == 0
    assert len(await post.deliveries()) == 1


async def test_a_name_that_stands_for_a_private_address_is_never_called(post: Post) -> None:
    endpoint = await post.endpoint("https://example.com/hook")
    await post.happen()
    post.worker.settings = post.stage.settings(RAPPORT_WEBHOOKS_ALLOW_LOOPBACK=False)
    await post.worker.outbound.aclose()
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1"), ip_address("10.0.0.1")]

    post.worker.outbound = Outbound(resolve=resolve)
    await post.deliver()
    assert asked == ["example.com"]
    row = await post.delivery()
    assert (row["state"], row["last_error"]) == ("pending", "AddressRefused")
    # Nor what was let in while loopback was allowed, once it is not.
    await post.owner.execute("UPDATE webhook_endpoints SET url = $1", post.receiver.url)
    await post.later(SOON)
    await post.deliver()
    assert (await post.delivery())["last_error"] == "UrlRefused"
    assert post.receiver.got == []
    assert (await post.endpoint_row(endpoint["id"]))["failures"] == 2
    await post.worker.outbound.aclose()


async def test_an_installation_without_the_setting_refuses_loopback(post: Post) -> None:
    post.running.app.state.settings = post.stage.settings(RAPPORT_WEBHOOKS_ALLOW_LOOPBACK=False)
    refused = await post.client.post("/v1/webhook-endpoints", json={"url": post.receiver.url, "types": ["*"]})
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "url_refused"


async def test_a_secret_that_cannot_be_read_is_told_and_sends_nothing(post: Post) -> None:
    endpoint = await post.endpoint()
    other = await post.endpoint()
    await post.owner.execute(
        "UPDATE webhook_endpoints SET secret = (SELECT secret FROM webhook_endpoints WHERE id = $1) WHERE id = $2",
        endpoint["id"],
        other["id"],
    )
    await post.client.post(f"/v1/webhook-endpoints/{other['id']}/test")
    await post.deliver()
    assert (await post.delivery())["last_error"] == "SecretUnreadable"
    assert post.receiver.got == []


EVENT_TYPES = st.lists(
    st.sampled_from(["visit", "visitor", "note", "a", "webhook", "x_y"]), min_size=1, max_size=3
).map(".".join)
PATTERNS = st.lists(
    EVENT_TYPES.flatmap(lambda t: st.sampled_from([t, f"{t}.*", "*", f"{t}*", ".*", "", f"{t}.", "*.*"])), max_size=4
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event_type=EVENT_TYPES, patterns=PATTERNS)
async def test_patterns_mean_the_same_in_sql_as_in_the_rules(
    stage: Stage, event_type: str, patterns: list[str]
) -> None:
    asked = Statement(
        select(owing.wants(bindparam("patterns", type_=ARRAY(Text)), bindparam("event_type", type_=Text)))
    )
    found = await stage.owner.fetchval(
        asked.sql, *asked.arguments({}, {"patterns": patterns, "event_type": event_type})
    )
    assert found is (rules.matches(event_type, patterns) and rules.is_deliverable(event_type))
