"""Webhook endpoints through the front door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace

PATH = "/v1/webhook-endpoints"
NEW: dict[str, Any] = {"url": "https://example.com/hooks", "types": ["visit.*", "task.completed"]}


async def create(client: Client, **more: Any) -> dict[str, Any]:
    """An endpoint as it was created, with its secret."""
    response = await client.post(PATH, json=NEW | more)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def test_the_secret_is_shown_once_and_is_nowhere_else(
    client: Client, events: Facts, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    response = await client.post(PATH, json=NEW)
    created = response.json()
    secret = created.pop("secret")
    assert secret.startswith("whsec_")
    assert response.headers["location"] == f"{PATH}/{created['id']}"
    assert (created["state"], created["failures"], created["failing_since"]) == ("active", 0, None)
    assert (await client.get(f"{PATH}/{created['id']}")).json() == created
    (fact,) = await events()
    assert (fact["type"], fact["payload"]) == ("webhook_endpoint.created", created)
    everything = await stage.owner.fetch("SELECT e::text AS row FROM webhook_endpoints AS e")
    for written in (*(row["row"] for row in everything), *(str(dict(row)) for row in await events()), caplog.text):
        assert secret not in written
        assert secret.encode().hex() not in written


async def test_a_repeated_request_makes_one_endpoint_and_keeps_no_secret(client: Client, stage: Stage) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = (await client.post(PATH, json=NEW, headers=key)).json()
    again = await client.post(PATH, json=NEW, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first | {"secret": None}
    kept = await stage.owner.fetch("SELECT k::text AS row FROM idempotency_keys AS k")
    assert not any(first["secret"].encode().hex() in row["row"] for row in kept)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://metadata.internal/",
        "https://user:pass@example.com/",
        "https://example.com:22/",
        "ftp://example.com/",
        "not a url",
    ],
)
async def test_an_address_we_would_never_call_is_refused(client: Client, events: Facts, url: str) -> None:
    refused = problem(await client.post(PATH, json=NEW | {"url": url}), 422, "unprocessable")
    assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == ("#/url", "url_refused")
    assert await events() == []


@pytest.mark.parametrize(
    ("types", "place"),
    [
        (["visit.started", "visit.exploded"], 1),
        (["nothing.*"], 0),
        (["visit"], 0),
        (["webhook.test"], 0),
        (["webhook_endpoint.*"], 0),
    ],
)
async def test_a_type_that_nothing_has_is_named(client: Client, types: list[str], place: int) -> None:
    refused = problem(await client.post(PATH, json=NEW | {"types": types}), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == f"#/types/{place}"
    created = await create(client)
    refused = problem(await client.patch(f"{PATH}/{created['id']}", json={"types": types}), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == f"#/types/{place}"


async def test_an_update_says_what_changed(client: Client, events: Facts) -> None:
    created = await create(client)
    path = f"{PATH}/{created['id']}"
    changed = await client.patch(path, json={"types": ["*"], "description": "ERP"}, headers={"If-Match": '"1"'})
    assert (changed.json()["types"], changed.json()["description"]) == (["*"], "ERP")
    (fact,) = await events("webhook_endpoint.updated")
    assert fact["changes"] == {"types": [NEW["types"], ["*"]], "description": [None, "ERP"]}
    problem(await client.patch(path, json={"description": "x"}, headers={"If-Match": '"1"'}), 412, "stale")
    problem(await client.patch(path, json={"url": "https://10.1.2.3/"}), 422, "unprocessable")
    assert (await client.patch(path, json={"description": "ERP"})).json() == changed.json()


async def test_disabling_and_enabling_are_facts_with_a_reason(client: Client, events: Facts) -> None:
    path = f"{PATH}/{(await create(client))['id']}"
    for _ in range(2):
        disabled = (await client.post(f"{path}/disable")).json()
        assert (disabled["state"], disabled["disabled_because"]) == ("disabled", "by_hand")
    for _ in range(2):
        enabled = (await client.post(f"{path}/enable")).json()
        assert (enabled["state"], enabled["disabled_because"]) == ("active", None)
    assert await events.types() == [f"webhook_endpoint.{what}" for what in ("created", "disabled", "enabled")]
    assert (await events("webhook_endpoint.disabled"))[0]["payload"]["disabled_because"] == "by_hand"


async def test_a_workspace_has_at_most_twenty_active_endpoints(client: Client) -> None:
    first = await create(client)
    for _ in range(19):
        await create(client)
    problem(await client.post(PATH, json=NEW), 409, "too_many_endpoints")
    await client.post(f"{PATH}/{first['id']}/disable")
    await create(client)
    problem(await client.post(f"{PATH}/{first['id']}/enable"), 409, "too_many_endpoints")


async def test_a_rotated_secret_is_new_and_the_fact_holds_neither(client: Client, events: Facts) -> None:
    created = await create(client)
    response = await client.post(f"{PATH}/{created['id']}/rotate-secret")
    rotated = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != created["secret"]
    until = datetime.fromisoformat(rotated["previous_secret_until"])
    assert timedelta(hours=23, minutes=59) < until - datetime.now(UTC) <= timedelta(hours=24)
    (fact,) = await events("webhook_endpoint.secret_rotated")
    assert set(fact["changes"]) == {"previous_secret_until"}
    assert not any(secret in str(dict(fact)) for secret in (created["secret"], rotated["secret"]))


async def test_who_may_read_may_not_write_and_others_may_neither(clients: Clients, workspace: Workspace) -> None:
    created = await create(clients(workspace.admin.token))
    auditor, anna = clients(workspace.auditor.token), clients(workspace.anna.token)
    assert (await auditor.get(f"{PATH}/{created['id']}")).status_code == 200
    problem(await auditor.post(PATH, json=NEW), 403, "scope_missing")
    problem(await auditor.post(f"{PATH}/{created['id']}/rotate-secret"), 403, "scope_missing")
    problem(await anna.get(PATH), 403, "scope_missing")


async def test_another_workspace_finds_nothing_here(clients: Clients, client: Client, elsewhere: Workspace) -> None:
    created = await create(client)
    delivery = (await client.post(f"{PATH}/{created['id']}/test")).json()
    stranger = clients(elsewhere.admin.token)
    assert (await stranger.get(PATH)).json()["data"] == []
    path = f"{PATH}/{created['id']}"
    for method, there in (
        ("GET", path),
        ("GET", f"{path}/deliveries"),
        ("GET", f"/v1/deliveries/{delivery['id']}"),
        *(("POST", f"{path}/{verb}") for verb in ("enable", "disable", "rotate-secret", "test")),
        ("POST", f"/v1/deliveries/{delivery['id']}/retry"),
    ):
        problem(await stranger.request(method, there), 404, "not_found")
    since = {"since": datetime.now(UTC).isoformat()}
    problem(await stranger.post(f"{path}/recover", json=since), 404, "not_found")
    problem(await stranger.patch(path, json={"description": "x"}), 404, "not_found")


async def test_a_test_is_one_delivery_to_this_endpoint_only(client: Client, events: Facts) -> None:
    one, other = await create(client), await create(client)
    delivery = (await client.post(f"{PATH}/{one['id']}/test")).json()
    assert (delivery["endpoint_id"], delivery["event_type"], delivery["state"]) == (
        one["id"],
        "webhook.test",
        "pending",
    )
    (fact,) = await events("webhook.test")
    assert str(fact["id"]) == delivery["event_id"]
    assert fact["payload"]["id"] == one["id"]
    listed = (await client.get(f"{PATH}/{one['id']}/deliveries")).json()["data"]
    assert listed == [delivery]
    assert (await client.get(f"{PATH}/{other['id']}/deliveries")).json()["data"] == []
    assert (await client.get(f"/v1/deliveries/{delivery['id']}")).json() == delivery | {"attempts": []}


async def test_a_disabled_endpoint_is_neither_tested_nor_retried_nor_recovered(client: Client) -> None:
    path = f"{PATH}/{(await create(client))['id']}"
    delivery = (await client.post(f"{path}/test")).json()
    await client.post(f"{path}/disable")
    problem(await client.post(f"{path}/test"), 409, "endpoint_disabled")
    problem(await client.post(f"/v1/deliveries/{delivery['id']}/retry"), 409, "endpoint_disabled")
    since = {"since": datetime.now(UTC).isoformat()}
    problem(await client.post(f"{path}/recover", json=since), 409, "endpoint_disabled")
    assert (await client.get(f"/v1/deliveries/{delivery['id']}")).json()["next_attempt_at"] is None


async def test_recovery_goes_back_fourteen_days(client: Client) -> None:
    path = f"{PATH}/{(await create(client))['id']}/recover"
    long_ago = (datetime.now(UTC) - timedelta(days=14, minutes=1)).isoformat()
    refused = problem(await client.post(path, json={"since": long_ago}), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/since"
    recently = (datetime.now(UTC) - timedelta(days=13)).isoformat()
    assert (await client.post(path, json={"since": recently})).json() == {"requeued": 0, "missed": 0, "complete": True}


async def test_lists_take_one_statement(client: Client, queries: list[str]) -> None:
    ids = [(await create(client))["id"] for _ in range(3)]
    await client.post(f"{PATH}/{ids[0]}/disable")
    for _ in range(3):
        await client.post(f"{PATH}/{ids[1]}/test")
    for path, expected in (
        (PATH, 3),
        (f"{PATH}?state=active", 2),
        (f"{PATH}/{ids[1]}/deliveries", 3),
        (f"{PATH}/{ids[1]}/deliveries?state=pending", 3),
    ):
        await client.get(path)
        queries.clear()
        assert len((await client.get(path)).json()["data"]) == expected
        assert len([query for query in queries if "set_config" not in query]) == 1, path
    problem(await client.get(f"{PATH}/{uuid4()}/deliveries"), 404, "not_found")
    page = (await client.get(f"{PATH}/{ids[1]}/deliveries?limit=2")).json()
    assert len(page["data"]) == 2
    rest = (await client.get(f"{PATH}/{ids[1]}/deliveries", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert (len(rest["data"]), rest["next_cursor"]) == (1, None)
