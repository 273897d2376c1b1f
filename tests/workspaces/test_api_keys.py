"""API keys: made, shown once, used, ended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.workspaces.test_signing_in import refused_soon

NEW: dict[str, Any] = {"name": "Import", "scopes": ["customers:read", "customers:write", "customers:read"]}


async def test_a_key_lives_from_its_secret_to_its_end(
    client: Client, clients: Clients, events: Facts, stage: Stage
) -> None:
    response = await client.post("/v1/api-keys", json=NEW)
    created = response.json()
    secret = created.pop("secret")
    assert response.headers["location"] == f"/v1/api-keys/{created['id']}"
    assert (created["scopes"], created["hint"]) == (["customers:read", "customers:write"], secret[-4:])
    assert (await client.get(f"/v1/api-keys/{created['id']}")).json() == created

    program = clients(secret)
    assert (await program.post("/v1/customers", json={"name": "Acme"})).status_code == 201
    problem(await program.get("/v1/users"), 403, "scope_missing")

    ended = (await client.post(f"/v1/api-keys/{created['id']}/revoke")).json()
    assert ended["revoked_at"] is not None
    await refused_soon(program)
    assert (await client.post(f"/v1/api-keys/{created['id']}/revoke")).json() | {"last_used_at": None} == ended | {
        "last_used_at": None
    }
    assert await events.types() == ["api_key.created", "customer.created", "api_key.revoked"]
    kept = await stage.owner.fetchrow("SELECT * FROM api_keys WHERE id = $1::uuid", created["id"])
    assert kept is not None
    told = str([dict(fact) for fact in await events()])
    assert secret not in told + str(dict(kept))
    assert "secret" not in told


async def test_a_repeated_request_makes_no_second_key_and_shows_no_secret(
    client: Client, stage: Stage, workspace: Workspace
) -> None:
    headers = {"Idempotency-Key": "k"}
    first, again = [(await client.post("/v1/api-keys", json=NEW, headers=headers)).json() for _ in range(2)]
    assert again == first | {"secret": None}
    kept = await stage.owner.fetchval("SELECT body FROM idempotency_keys WHERE workspace_id = $1", workspace.id)
    assert first["secret"].encode() not in kept


async def test_nobody_gives_a_key_more_than_they_have(clients: Clients, workspace: Workspace, events: Facts) -> None:
    maker = clients(await workspace.key("api_keys:write", "api_keys:read", "customers:read"))
    refused = problem(await maker.post("/v1/api-keys", json=NEW), 403, "beyond_your_scopes")
    assert refused["missing_scopes"] == ["customers:write"]
    assert (await maker.post("/v1/api-keys", json=NEW | {"scopes": ["customers:read"]})).status_code == 201
    assert await events.types() == ["api_key.created"]


async def test_what_is_not_acceptable_is_named(client: Client) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    for wrong, pointer in (
        ({"scopes": ["customers:read", "moon:walk"]}, "#/scopes/1"),
        ({"scopes": []}, "#/scopes"),
        ({"expires_at": past}, "#/expires_at"),
        ({"secret": "mine"}, "#/secret"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "#/expires_at"),
    ):
        refused = problem(await client.post("/v1/api-keys", json=NEW | wrong), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == pointer


async def test_a_key_ends_when_it_expires(client: Client, clients: Clients) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    made = (await client.post("/v1/api-keys", json=NEW | {"expires_at": soon})).json()
    program = clients(made["secret"])
    assert (await program.get("/v1/customers")).status_code == 200
    await asyncio.sleep(1.1)
    problem(await program.get("/v1/customers"), 401, "unauthenticated")


async def test_an_id_of_ones_own_is_taken_once(client: Client) -> None:
    new = NEW | {"id": str(uuid4())}
    assert (await client.post("/v1/api-keys", json=new)).json()["id"] == new["id"]
    problem(await client.post("/v1/api-keys", json=new), 409, "already_exists")


async def test_use_is_noted_beside_the_request_and_is_no_fact(
    client: Client, clients: Clients, stage: Stage, events: Facts
) -> None:
    made = (await client.post("/v1/api-keys", json=NEW)).json()
    program = clients(made["secret"])
    path = f"/v1/api-keys/{made['id']}"
    for _ in range(3):
        await program.get("/v1/customers")
    for _ in range(100):
        used = (await client.get(path)).json()["last_used_at"]
        if used:
            break
        await asyncio.sleep(0.02)
    assert used is not None
    assert (await client.get(path)).json()["version"] == 1
    await stage.owner.execute("UPDATE api_keys SET last_used_at = NULL WHERE id = $1::uuid", made["id"])
    await program.get("/v1/customers")
    await asyncio.sleep(0.1)
    assert (await client.get(path)).json()["last_used_at"] is None
    assert await events.types() == ["api_key.created"]


async def test_keys_are_listed_without_secrets_in_one_statement(client: Client, queries: list[str]) -> None:
    made = [(await client.post("/v1/api-keys", json=NEW | {"name": name})).json() for name in ("A", "B")]
    await client.post(f"/v1/api-keys/{made[0]['id']}/revoke")
    queries.clear()
    page = (await client.get("/v1/api-keys", params={"sort": "name"})).json()
    assert len(queries) <= 2
    assert [key["name"] for key in page["data"]] == ["A", "B"]
    assert "secret" not in page["data"][0]
    for revoked, name in ((True, "A"), (False, "B")):
        found = (await client.get("/v1/api-keys", params={"revoked": revoked})).json()["data"]
        assert [key["name"] for key in found] == [name]


async def test_only_admins_make_keys_and_other_workspaces_see_none(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    problem(await clients(workspace.manager.token).post("/v1/api-keys", json=NEW), 403, "scope_missing")
    made = (await client.post("/v1/api-keys", json=NEW)).json()
    stranger = clients(elsewhere.admin.token)
    problem(await stranger.get(f"/v1/api-keys/{made['id']}"), 404, "not_found")
    problem(await stranger.post(f"/v1/api-keys/{made['id']}/revoke"), 404, "not_found")
