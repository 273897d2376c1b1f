"""Teams: a tree that decides who sees what."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace


async def create(client: Client, **new: Any) -> dict[str, Any]:
    """A team as it was created."""
    response = await client.post("/v1/teams", json={"name": "Team", **new})
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def test_a_created_team_is_read_as_answered(client: Client, events: Facts, workspace: Workspace) -> None:
    created = await create(client, parent_id=str(workspace.south), manager_id=str(workspace.ben.id))
    assert created["parent"] == {"id": str(workspace.south), "name": "South"}
    assert created["manager"] == {"id": str(workspace.ben.id), "name": "Ben Sales"}
    assert (await client.get(f"/v1/teams/{created['id']}")).json() == created
    (fact,) = await events()
    assert (fact["type"], fact["payload"]) == ("team.created", created)


async def test_a_team_is_changed_and_says_what_changed(client: Client, events: Facts, workspace: Workspace) -> None:
    path = f"/v1/teams/{workspace.south}"
    changed = (await client.patch(path, json={"name": "Far South", "parent_id": None})).json()
    assert (changed["name"], changed["parent"], changed["version"]) == ("Far South", None, 2)
    (fact,) = await events()
    assert fact["changes"] == {"name": ["South", "Far South"], "parent_id": [str(workspace.north), None]}
    assert (await client.patch(path, json={"name": "Far South"})).json() == changed


async def test_a_team_cannot_stand_below_itself(client: Client, events: Facts, workspace: Workspace) -> None:
    north, south = str(workspace.north), str(workspace.south)
    below = (await create(client, parent_id=south))["id"]
    for parent in (north, south, below):
        problem(await client.patch(f"/v1/teams/{north}", json={"parent_id": parent}), 409, "team_cycle")
    own = str(uuid4())
    problem(await client.post("/v1/teams", json={"id": own, "name": "X", "parent_id": own}), 409, "team_cycle")
    assert await events.types() == ["team.created"]


async def test_two_moves_at_one_moment_make_no_circle(client: Client) -> None:
    for _ in range(5):
        one, other = [(await create(client))["id"] for _ in range(2)]
        answers = await asyncio.gather(
            client.patch(f"/v1/teams/{one}", json={"parent_id": other}),
            client.patch(f"/v1/teams/{other}", json={"parent_id": one}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_what_does_not_exist_is_named_or_not_found(client: Client, elsewhere: Workspace) -> None:
    nobody = str(uuid4())
    for field, value in (("parent_id", nobody), ("manager_id", nobody), ("parent_id", str(elsewhere.north))):
        refused = problem(await client.post("/v1/teams", json={"name": "X", field: value}), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == f"#/{field}"
    problem(await client.patch(f"/v1/teams/{nobody}", json={"parent_id": nobody}), 404, "not_found")
    problem(await client.get(f"/v1/teams/{elsewhere.north}"), 404, "not_found")


async def test_a_stale_copy_is_refused_even_when_it_would_make_a_circle(client: Client, workspace: Workspace) -> None:
    path = f"/v1/teams/{workspace.north}"
    await client.patch(path, json={"name": "N"})
    headers = {"If-Match": '"1"'}
    problem(await client.patch(path, json={"parent_id": str(workspace.south)}, headers=headers), 412, "stale")


async def test_teams_are_listed_in_one_statement(client: Client, workspace: Workspace, queries: list[str]) -> None:
    await client.get("/v1/teams")
    queries.clear()
    page = (await client.get("/v1/teams", params={"sort": "name"})).json()
    assert len(queries) == 1
    assert [team["name"] for team in page["data"]] == ["North", "South"]
    below = (await client.get("/v1/teams", params={"parent_id": str(workspace.north)})).json()["data"]
    assert [team["name"] for team in below] == ["South"]


async def test_who_may_only_read_people_changes_no_team(clients: Clients, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    assert (await anna.get("/v1/teams")).status_code == 200
    problem(await anna.post("/v1/teams", json={"name": "Mine"}), 403, "scope_missing")
