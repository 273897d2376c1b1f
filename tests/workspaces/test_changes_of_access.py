"""What changes about a person holds from their next request on, though the door remembers whom it let in."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from services.api.door import Door
from tests.conftest import Client, Clients, Running
from tests.factories import Workspace


@pytest.fixture
async def door(api: Running) -> Door:
    """The live door, once it hears of changes."""
    found: Door = api.app.state.door
    for _ in range(200):
        if found.listening:
            return found
        await asyncio.sleep(0.02)
    pytest.fail("the door does not listen")


async def until(ask: Callable[[], Awaitable[httpx.Response]], status: int) -> None:
    """Ask until this is the answer; the announcement takes milliseconds, remembering would take a minute."""
    for _ in range(100):
        response = await ask()
        if response.status_code == status:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"still answered {response.status_code}")


async def test_a_role_taken_away_is_403_on_the_next_request(
    door: Door, client: Client, clients: Clients, workspace: Workspace
) -> None:
    ben = clients(workspace.ben.token)
    assert (await ben.post("/v1/customers", json={"name": "Acme"})).status_code == 201
    assert door.knows(workspace.ben.token)
    await client.patch(f"/v1/users/{workspace.ben.id}", json={"role": "auditor"})
    await until(lambda: ben.post("/v1/customers", json={"name": f"Acme {uuid4()}"}), 403)
    assert (await ben.get("/v1/customers")).status_code == 200


async def test_a_revoked_session_is_401_on_the_next_request(door: Door, clients: Clients, workspace: Workspace) -> None:
    ben = clients(workspace.ben.token)
    session_id = (await ben.get("/v1/me")).json()["session_id"]
    assert door.knows(workspace.ben.token)
    await ben.post(f"/v1/me/sessions/{session_id}/revoke")
    await until(lambda: ben.get("/v1/me"), 401)


async def test_a_team_that_moves_takes_its_customers_out_of_sight(
    door: Door, client: Client, clients: Clients, workspace: Workspace
) -> None:
    ben, manager = clients(workspace.ben.token), clients(workspace.manager.token)
    path = "/v1/customers/" + (await ben.post("/v1/customers", json={"name": "Acme"})).json()["id"]
    assert (await manager.get(path)).status_code == 200
    assert door.knows(workspace.manager.token)
    await client.patch(f"/v1/teams/{workspace.south}", json={"parent_id": None})
    await until(lambda: manager.get(path), 404)
    await client.patch(f"/v1/teams/{workspace.south}", json={"manager_id": str(workspace.manager.id)})
    await until(lambda: manager.get(path), 200)


async def test_a_wider_visibility_opens_the_eyes_of_all(
    door: Door, client: Client, clients: Clients, workspace: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    path = "/v1/customers/" + (await anna.post("/v1/customers", json={"name": "Acme"})).json()["id"]
    assert (await ben.get(path)).status_code == 404
    assert door.knows(workspace.ben.token)
    await client.patch("/v1/workspace", json={"settings": {"visibility": "all"}})
    await until(lambda: ben.get(path), 200)


async def test_a_revoked_key_is_401_on_the_next_request(
    door: Door, client: Client, clients: Clients, workspace: Workspace
) -> None:
    secret = (await client.post("/v1/api-keys", json={"name": "K", "scopes": ["customers:read"]})).json()
    program = clients(secret["secret"])
    assert (await program.get("/v1/customers")).status_code == 200
    assert door.knows(secret["secret"])
    await client.post(f"/v1/api-keys/{secret['id']}/revoke")
    await until(lambda: program.get("/v1/customers"), 401)
