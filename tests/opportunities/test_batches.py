"""Many opportunities at once: each is answered on its own."""

from typing import Any

from tests.conftest import Client, Clients
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.opportunities.selling import sell


async def batch(client: Client, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """What became of these items."""
    response = await client.post("/v1/opportunities/batch", json={"items": items})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def test_each_item_is_answered_on_its_own(client: Client) -> None:
    there = await sell(client, name="There")
    at = there["customer_id"]
    found = await batch(
        client,
        {"customer_id": at, "name": "First", "reference": "R1"},
        {"customer_id": at, "name": "Second", "reference": "R1"},
        {"customer_id": at, "nome": "Third"},
        {"id": there["id"], "version": there["version"], "change": {"next_step": "Call"}},
        {"id": there["id"], "version": there["version"], "change": {"next_step": "Write"}},
        {"id": "01a1fcb0-3a00-7000-8000-000000000001", "change": {"next_step": "Call"}},
    )
    assert [one["status"] for one in found] == [201, 409, 422, 200, 412, 404]
    assert [one["item"] and one["item"]["name"] for one in found] == ["First", None, None, "There", None, None]
    assert found[1]["problem"]["code"] == "reference_taken"
    assert {error["pointer"] for error in found[2]["problem"]["errors"]} == {"#/name", "#/nome"}
    names = {one["name"]: one["next_step"] for one in (await client.get("/v1/opportunities")).json()["data"]}
    assert names == {"First": None, "There": "Call"}, "what failed undid only itself"


async def test_a_batch_that_is_sent_again_with_its_key_is_carried_out_once(client: Client) -> None:
    body = {"items": [{"customer_id": await customer_of(client), "name": "Once"}]}
    headers = {"Idempotency-Key": "batch-1"}
    first = await client.post("/v1/opportunities/batch", json=body, headers=headers)
    again = await client.post("/v1/opportunities/batch", json=body, headers=headers)
    assert first.json() == again.json()
    assert len((await client.get("/v1/opportunities")).json()["data"]) == 1


async def test_more_than_500_are_too_many(client: Client) -> None:
    response = await client.post("/v1/opportunities/batch", json={"items": [{"name": "One"}] * 501})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "#/items"


async def test_problems_are_told_in_the_language_asked_for(client: Client) -> None:
    response = await client.post(
        "/v1/opportunities/batch", json={"items": [{"name": ""}]}, headers={"Accept-Language": "zh-CN"}
    )
    (line,) = response.json()["data"]
    assert (line["status"], line["problem"]["title"].isascii()) == (422, False)


async def test_what_one_may_not_see_is_not_there_in_a_batch_either(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    sale = await sell(client)
    sales = clients(workspace.anna.token)
    (line,) = await batch(sales, {"id": sale["id"], "change": {"name": "Mine now"}})
    assert line["status"] == 404
