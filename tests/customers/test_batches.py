"""Many customers at once: each is answered on its own."""

from typing import Any

from tests.conftest import Client, Clients, Facts
from tests.factories import Workspace


async def batch(client: Client, *items: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    """What became of these items."""
    response = await client.post(f"/v1/customers/batch{query}", json={"items": items})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def test_each_item_is_answered_on_its_own(client: Client, events: Facts) -> None:
    there = (await client.post("/v1/customers", json={"name": "There", "custom": {"a": 1}})).json()
    found = await batch(
        client,
        {"name": "First", "registration_code": "HRB 1"},
        {"name": "Second", "registration_code": "HRB1"},
        {"nome": "Third"},
        {"name": "first"},
        {"name": "Fourth", "parent_id": "01a1fcb0-3a00-7000-8000-000000000001"},
        {"id": there["id"], "version": 1, "change": {"custom": {"b": 2}}},
        {"id": there["id"], "version": 1, "change": {"region": "West"}},
        {"id": there["id"], "change": {"name": None}},
        {"id": "01a1fcb0-3a00-7000-8000-000000000001", "change": {"region": "West"}},
    )
    assert [one["status"] for one in found] == [201, 409, 422, 409, 422, 200, 412, 422, 404]
    assert [one["item"] and one["item"]["name"] for one in found] == [
        "First", None, None, None, None, "There", None, None, None,
    ]  # fmt: skip
    assert [found[place]["problem"]["code"] for place in (1, 3)] == ["registration_code_taken", "possible_duplicates"]
    assert found[3]["problem"]["duplicates"][0]["customer"]["id"] == found[0]["item"]["id"]
    assert {error["pointer"] for error in found[2]["problem"]["errors"]} == {"#/name", "#/nome"}
    assert found[7]["problem"]["errors"][0]["pointer"] == "#/change/name"
    assert found[5]["item"]["custom"] == {"a": 1, "b": 2}
    listed = {one["name"]: one["region"] for one in (await client.get("/v1/customers")).json()["data"]}
    assert listed == {"First": None, "There": None}, "what failed undid only itself"
    assert (len(await events("customer.created")), len(await events("customer.updated"))) == (2, 1)


async def test_those_alike_are_added_where_that_is_asked_for(client: Client) -> None:
    found = await batch(client, {"name": "Acme"}, {"name": "Acme"}, query="?allow_duplicates=true")
    assert [one["status"] for one in found] == [201, 201]


async def test_a_batch_that_is_sent_again_with_its_key_is_carried_out_once(client: Client) -> None:
    body, headers = {"items": [{"name": "Once"}]}, {"Idempotency-Key": "batch-1"}
    first = await client.post("/v1/customers/batch", json=body, headers=headers)
    again = await client.post("/v1/customers/batch", json=body, headers=headers)
    assert first.json() == again.json()
    assert first.json()["data"][0]["status"] == 201


async def test_more_than_500_are_too_many(client: Client) -> None:
    response = await client.post("/v1/customers/batch", json={"items": [{"name": "One"}] * 501})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "#/items"


async def test_problems_are_told_in_the_language_asked_for(client: Client) -> None:
    response = await client.post(
        "/v1/customers/batch", json={"items": [{"name": ""}]}, headers={"Accept-Language": "zh-CN"}
    )
    (line,) = response.json()["data"]
    assert (line["status"], line["problem"]["title"].isascii()) == (422, False)


async def test_what_one_may_not_see_is_not_there_in_a_batch_either(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    (made,) = await batch(client, {"name": "Acme"})
    (line,) = await batch(clients(workspace.anna.token), {"id": made["item"]["id"], "change": {"name": "Mine now"}})
    assert line["status"] == 404
