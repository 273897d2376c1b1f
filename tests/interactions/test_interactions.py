"""Interactions through the front door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace

CALL: dict[str, Any] = {"channel": "call", "direction": "outbound", "outcome": "reached"}


async def log(client: Client, customer_id: str, **more: Any) -> dict[str, Any]:
    """An interaction as it was logged."""
    response = await client.post("/v1/interactions", json={"customer_id": customer_id} | CALL | more)
    assert response.status_code == 201, response.text
    logged: dict[str, Any] = response.json()
    return logged


async def test_a_logged_call_is_answered_as_it_is_read_and_says_what_warmth_needs(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    customer_id = await customer_of(client)
    contact = await contact_of(client, customer_id)
    body = {"customer_id": customer_id, "contact_id": contact["id"], "note": "He was glad."} | CALL
    response = await client.post("/v1/interactions", json=body)
    logged = response.json()
    assert logged["customer"] == {"id": customer_id, "name": "Acme"}
    assert logged["contact"] == {"id": contact["id"], "name": "Li Lei"}
    assert logged["user"] == {"id": str(workspace.admin.id), "name": "Ada Admin"}
    assert logged["counts_as_contact"] is True
    read = await client.get(f"/v1/interactions/{logged['id']}")
    assert read.content == response.content
    (fact,) = await events("interaction.logged")
    assert fact["payload"] == logged
    assert str(fact["customer_id"]) == fact["payload"]["customer_id"] == customer_id
    age = datetime.now(UTC) - datetime.fromisoformat(fact["payload"]["occurred_at"])
    assert timedelta() <= age < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sent", "counts"),
    [
        ({"outcome": "reached"}, True),
        ({"outcome": "reached", "counts_as_contact": False}, False),
        ({"outcome": "reached", "automated": True}, False),
        ({"outcome": "reached", "automated": True, "channel": "message"}, False),
        ({"outcome": "no_answer"}, False),
        ({"outcome": "left_message"}, False),
        ({"outcome": "refused"}, False),
        ({"outcome": "refused", "counts_as_contact": True}, True),
        ({"outcome": "no_answer", "counts_as_contact": False}, False),
    ],
)
async def test_only_a_real_two_way_contact_counts(client: Client, sent: dict[str, Any], counts: bool) -> None:
    logged = await log(client, await customer_of(client), **sent)
    assert logged["counts_as_contact"] is counts


@pytest.mark.parametrize("sent", [{"outcome": "no_answer"}, {"outcome": "left_message"}, {"automated": True}])
async def test_nobody_can_say_that_it_counts_when_nobody_was_reached(
    client: Client, events: Facts, sent: dict[str, Any]
) -> None:
    body = {"customer_id": await customer_of(client), "counts_as_contact": True} | CALL | sent
    (error,) = problem(await client.post("/v1/interactions", json=body), 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/counts_as_contact", "not_a_contact")
    assert await events("interaction.logged") == []


async def test_what_has_not_happened_yet_is_refused_beyond_what_clocks_differ(client: Client) -> None:
    customer_id = await customer_of(client)
    soon, later = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (4, 6))
    logged = await log(client, customer_id, occurred_at=soon.isoformat())
    assert datetime.fromisoformat(logged["occurred_at"]) == soon
    body = {"customer_id": customer_id, "occurred_at": later.isoformat()} | CALL
    (error,) = problem(await client.post("/v1/interactions", json=body), 422, "unprocessable")["errors"]
    assert error["pointer"] == "#/occurred_at"


async def test_a_moment_that_would_be_infinity_in_the_database_is_refused(client: Client) -> None:
    customer_id = await customer_of(client)
    for moment in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"):
        body = {"customer_id": customer_id, "occurred_at": moment} | CALL
        (error,) = problem(await client.post("/v1/interactions", json=body), 422, "unprocessable")["errors"]
        assert error["pointer"] == "#/occurred_at"


async def test_customer_contact_and_user_must_be_there(
    client: Client, clients: Clients, elsewhere: Workspace, events: Facts
) -> None:
    customer_id = await customer_of(client)
    of_another_customer = await contact_of(client, await customer_of(client))
    stranger = clients(elsewhere.admin.token)
    their_customer = await customer_of(stranger)
    their_contact = await contact_of(stranger, their_customer)
    for field, value in (
        ("customer_id", str(uuid4())),
        ("customer_id", their_customer),
        ("contact_id", of_another_customer["id"]),
        ("contact_id", their_contact["id"]),
        ("user_id", str(elsewhere.anna.id)),
    ):
        refused = await client.post("/v1/interactions", json={"customer_id": customer_id} | CALL | {field: value})
        (error,) = problem(refused, 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == (f"#/{field}", "not_found"), field
    assert await events("interaction.logged") == []


async def test_nothing_is_logged_under_an_archived_customer(client: Client) -> None:
    customer_id = await customer_of(client)
    await client.post(f"/v1/customers/{customer_id}/archive")
    refused = await client.post("/v1/interactions", json={"customer_id": customer_id} | CALL)
    problem(refused, 409, "customer_archived")


async def test_a_visit_is_not_logged_by_hand(client: Client) -> None:
    body = {"customer_id": await customer_of(client)} | CALL | {"channel": "visit"}
    problem(await client.post("/v1/interactions", json=body), 422, "unprocessable")


async def test_only_the_note_can_be_changed(client: Client, events: Facts) -> None:
    path = f"/v1/interactions/{(await log(client, await customer_of(client)))['id']}"
    changed = (await client.patch(path, json={"note": "Call again on Monday."})).json()
    assert (changed["note"], changed["version"]) == ("Call again on Monday.", 2)
    (fact,) = await events("interaction.updated")
    assert fact["changes"] == {"note": [None, "Call again on Monday."]}
    assert (await client.patch(path, json={})).json() == changed
    for fixed in ({"outcome": "no_answer"}, {"counts_as_contact": False}, {"occurred_at": "2026-01-01T00:00:00Z"}):
        problem(await client.patch(path, json=fixed), 422, "unprocessable")


async def test_an_interaction_is_seen_by_those_who_see_its_customer(clients: Clients, workspace: Workspace) -> None:
    anna, ben, manager = (clients(who.token) for who in (workspace.anna, workspace.ben, workspace.manager))
    customer_id = await customer_of(anna)
    path = f"/v1/interactions/{(await log(anna, customer_id))['id']}"
    problem(await ben.get(path), 404, "not_found")
    problem(await ben.patch(path, json={"note": "x"}), 404, "not_found")
    problem(await ben.post("/v1/interactions", json={"customer_id": customer_id} | CALL), 422, "unprocessable")
    assert (await ben.get("/v1/interactions")).json()["data"] == []
    assert (await manager.get(path)).status_code == 200
    service = await log(clients(workspace.service.token), customer_id)
    assert service["user"]["name"] == "Sue Service"
    assert len((await anna.get("/v1/interactions")).json()["data"]) == 2


async def test_another_workspace_sees_nothing(client: Client, clients: Clients, elsewhere: Workspace) -> None:
    logged = await log(client, await customer_of(client))
    stranger = clients(elsewhere.admin.token)
    problem(await stranger.get(f"/v1/interactions/{logged['id']}"), 404, "not_found")
    assert (await stranger.get("/v1/interactions")).json()["data"] == []


async def test_a_key_logs_for_a_person_or_for_nobody(clients: Clients, workspace: Workspace) -> None:
    customer_id = await customer_of(clients(workspace.admin.token))
    key = clients(await workspace.key("interactions:write", "interactions:read"))
    assert (await log(key, customer_id))["user"] is None
    assert (await log(key, customer_id, user_id=str(workspace.anna.id)))["user"]["name"] == "Anna Sales"


async def test_filters_narrow_and_the_latest_comes_first(client: Client, workspace: Workspace) -> None:
    one, other = await customer_of(client), await customer_of(client)
    at = [f"2026-11-0{day}T08:00:00Z" for day in (1, 2, 3)]
    second = (await log(client, one, occurred_at=at[1], channel="wechat"))["id"]
    first = (await log(client, one, occurred_at=at[0], outcome="no_answer"))["id"]
    third = (await log(client, other, occurred_at=at[2], user_id=str(workspace.anna.id)))["id"]
    for wanted, expected in (
        ({}, [third, second, first]),
        ({"sort": "occurred_at"}, [first, second, third]),
        ({"customer_id": one}, [second, first]),
        ({"channel": ["wechat", "email"]}, [second]),
        ({"user_id": str(workspace.anna.id)}, [third]),
        ({"counts_as_contact": False}, [first]),
        ({"occurred_at_gte": at[1]}, [third, second]),
        ({"occurred_at_lte": at[1]}, [second, first]),
    ):
        page = (await client.get("/v1/interactions", params=wanted)).json()
        assert [each["id"] for each in page["data"]] == expected, wanted


async def test_pages_follow_each_other_without_gap_or_repeat(client: Client) -> None:
    customer_id = await customer_of(client)
    at = "2026-11-01T08:00:00Z"
    made = {(await log(client, customer_id, occurred_at=at))["id"] for _ in range(5)}
    seen: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/interactions", params={"limit": "2"} | more)).json()
        seen += [each["id"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}
    assert sorted(seen) == sorted(made)


async def test_a_list_and_a_read_are_one_statement_each(
    clients: Clients, workspace: Workspace, queries: list[str]
) -> None:
    anna = clients(workspace.anna.token)
    customer_id = await customer_of(anna)
    for _ in range(3):
        logged = await log(anna, customer_id)
    queries.clear()
    await anna.get("/v1/interactions", params={"include_total": True})
    assert len(queries) == 1
    await anna.get(f"/v1/interactions/{logged['id']}")
    assert len(queries) == 2
