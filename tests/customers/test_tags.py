"""The tags that customers carry, with how many carry each."""

from tests.conftest import Client, Clients
from tests.factories import Workspace


async def test_the_tags_in_sight_are_counted_in_one_statement(
    clients: Clients, workspace: Workspace, queries: list[str]
) -> None:
    anna, ben, manager = (clients(who.token) for who in (workspace.anna, workspace.ben, workspace.manager))
    made = [
        (await who.post("/v1/customers?allow_duplicates=true", json={"name": "A", "tags": tags})).json()["id"]
        for who, tags in ((anna, ["fair", "vip"]), (anna, ["fair"]), (ben, ["fair", "老客户"]), (ben, []))
    ]

    async def seen(who: Client) -> dict[str, int]:
        found = (await who.get("/v1/customers/tags")).json()["data"]
        return {one["tag"]: one["customers"] for one in found}

    queries.clear()
    assert await seen(manager) == {"fair": 3, "vip": 1, "老客户": 1}
    assert len([sql for sql in queries if "unnest" in sql]) == 1
    assert next(iter(await seen(manager))) == "fair"
    assert await seen(anna) == {"fair": 2, "vip": 1}
    await anna.post(f"/v1/customers/{made[0]}/archive")
    assert await seen(anna) == {"fair": 1}


async def test_without_tags_the_list_is_empty(client: Client) -> None:
    assert (await client.get("/v1/customers/tags")).json() == {"data": []}
