"""People: let in, changed, shut out."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from crm.workspaces.mint import Mint
from crm.workspaces.refreshing import begin
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.workspaces.conftest import PASSWORD
from tests.workspaces.test_signing_in import refused_soon, sign_in


async def create(client: Client, **more: Any) -> dict[str, Any]:
    """A person as they were created."""
    new = {"email": f"{uuid4().hex}@example.com", "name": "Carla", "role": "sales", **more}
    response = await client.post("/v1/users", json=new)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def test_a_created_person_is_read_as_answered_and_can_sign_in(
    client: Client, stranger: Client, events: Facts, workspace: Workspace
) -> None:
    created = await create(client, password=PASSWORD, team_id=str(workspace.north))
    assert created["team"] == {"id": str(workspace.north), "name": "North"}
    assert (created["state"], created["language"]) == ("active", None)
    assert (await client.get(f"/v1/users/{created['id']}")).json() == created
    (fact,) = await events()
    assert (fact["type"], fact["payload"]) == ("user.created", created)
    assert "password" not in str(fact["payload"])
    assert (await sign_in(stranger, created["email"].upper())).status_code == 200


async def test_a_taken_email_is_refused_in_any_spelling_and_leaves_no_trace(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    new = {"email": workspace.anna.email.upper(), "name": "X", "role": "sales"}
    problem(await client.post("/v1/users", json=new), 409, "email_taken")
    path = f"/v1/users/{workspace.ben.id}"
    problem(await client.patch(path, json={"email": workspace.anna.email}), 409, "email_taken")
    assert await events() == []


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"password": "12345678"}, "#/password"),
        ({"team_id": "00000000-0000-7000-8000-000000000000"}, "#/team_id"),
        ({"role": "king"}, "#/role"),
        ({"email": "nobody"}, "#/email"),
        ({"state": "disabled"}, "#/state"),
    ],
)
async def test_what_is_not_acceptable_is_named(client: Client, wrong: dict[str, Any], pointer: str) -> None:
    new = {"email": "x@example.com", "name": "X", "role": "sales", **wrong}
    refused = problem(await client.post("/v1/users", json=new), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == pointer


async def test_an_id_of_ones_own_is_taken_once(client: Client) -> None:
    new_id = str(uuid4())
    assert (await create(client, id=new_id))["id"] == new_id
    new = {"id": new_id, "email": "other@example.com", "name": "X", "role": "sales"}
    problem(await client.post("/v1/users", json=new), 409, "already_exists")


async def test_an_update_changes_what_is_sent(client: Client, events: Facts, workspace: Workspace) -> None:
    path = f"/v1/users/{workspace.ben.id}"
    changed = (await client.patch(path, json={"role": "manager", "team_id": None, "email": "B@example.com"})).json()
    assert (changed["role"], changed["team"], changed["email"]) == ("manager", None, "B@example.com")
    (fact,) = await events()
    assert set(fact["changes"]) == {"role", "team_id", "email"}
    assert (await client.patch(path, json={"role": "manager"})).json() == changed
    problem(await client.patch(path, json={"name": "C"}, headers={"If-Match": '"1"'}), 412, "stale")
    problem(await client.patch(f"/v1/users/{uuid4()}", json={"role": "sales"}), 404, "not_found")


async def test_only_a_new_role_makes_a_new_permission_version(
    client: Client, stage: Stage, workspace: Workspace
) -> None:
    path = f"/v1/users/{workspace.ben.id}"
    for change, version in (({"name": "B"}, 1), ({"role": "service"}, 2), ({"role": "service", "name": "C"}, 2)):
        assert (await client.patch(path, json=change)).status_code == 200
        found = await stage.owner.fetchval("SELECT permission_version FROM users WHERE id = $1", workspace.ben.id)
        assert found == version, change


async def test_a_disabled_person_is_out_at_once_and_comes_back(
    client: Client, clients: Clients, mint: Mint, workspace: Workspace, events: Facts
) -> None:
    ben, granted = clients(workspace.ben.token), await begin(mint, workspace.id, workspace.ben.id, None)
    assert (await ben.get("/v1/me")).status_code == 200
    path = f"/v1/users/{workspace.ben.id}"
    disabled = (await client.post(f"{path}/disable")).json()
    assert disabled["state"] == "disabled"
    await refused_soon(ben)
    assert (await client.post(f"{path}/disable")).json() == disabled
    assert (await client.post(f"{path}/enable")).json()["state"] == "active"
    assert (await client.post(f"{path}/enable")).json()["state"] == "active"
    assert await events.types() == ["user.disabled", "user.enabled"]
    # The sessions of before stay ended.
    problem(await clients(granted.access_token).get("/v1/me"), 401, "unauthenticated")
    problem(await client.post(f"/v1/users/{uuid4()}/disable"), 404, "not_found")
    problem(await client.post(f"/v1/users/{uuid4()}/enable"), 404, "not_found")


async def test_the_last_admin_stays_one(client: Client, workspace: Workspace, events: Facts) -> None:
    path = f"/v1/users/{workspace.admin.id}"
    problem(await client.post(f"{path}/disable"), 409, "last_admin")
    problem(await client.patch(path, json={"role": "sales"}), 409, "last_admin")
    assert (await client.patch(path, json={"role": "admin", "name": "Ada"})).json()["name"] == "Ada"
    other = await create(client, role="admin")
    await client.post(f"/v1/users/{other['id']}/disable")
    problem(await client.post(f"{path}/disable"), 409, "last_admin")
    await client.post(f"/v1/users/{other['id']}/enable")
    assert (await client.post(f"{path}/disable")).json()["state"] == "disabled"


async def test_two_admins_cannot_take_each_other_away_at_one_moment(
    clients: Clients, stage: Stage, workspace: Workspace
) -> None:
    key = clients(await workspace.key(*workspace.admin.actor.scopes))
    for number in range(5):
        other = (await create(key, role="admin"))["id"]
        answers = await asyncio.gather(
            key.post(f"/v1/users/{workspace.admin.id}/disable"), key.patch(f"/v1/users/{other}", json={"role": "sales"})
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409], number
        admins = await stage.owner.fetchval(
            "SELECT count(*) FROM users WHERE workspace_id = $1 AND role = 'admin' AND state = 'active'", workspace.id
        )
        assert admins == 1
        await stage.owner.execute("UPDATE users SET role = 'sales' WHERE id = $1", other)
        await stage.owner.execute("UPDATE users SET state = 'active' WHERE id = $1", workspace.admin.id)


async def test_nobody_makes_someone_who_may_do_more(clients: Clients, workspace: Workspace) -> None:
    key = clients(await workspace.key("users:read", "users:write"))
    new = {"email": "x@example.com", "name": "X", "role": "admin"}
    refused = problem(await key.post("/v1/users", json=new), 403, "beyond_your_scopes")
    assert "workspace:write" in refused["missing_scopes"]
    path = f"/v1/users/{workspace.ben.id}"
    problem(await key.patch(path, json={"role": "admin"}), 403, "beyond_your_scopes")
    assert (await key.patch(path, json={"name": "B"})).status_code == 200


async def test_people_are_listed_filtered_and_sorted_in_one_statement(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    await client.get("/v1/users")
    queries.clear()
    page = (await client.get("/v1/users", params={"sort": "name", "include_total": True})).json()
    assert len(queries) == 1
    assert page["total"] == 6
    names = [user["name"] for user in page["data"]]
    assert names == sorted(names)
    for wanted, many in (({"role": "sales"}, 2), ({"team_id": str(workspace.north)}, 2), ({"state": "disabled"}, 0)):
        assert len((await client.get("/v1/users", params=wanted)).json()["data"]) == many, wanted
    first = (await client.get("/v1/users", params={"limit": 4, "sort": "email"})).json()
    second = {"limit": 4, "sort": "email", "cursor": first["next_cursor"]}
    assert len((await client.get("/v1/users", params=second)).json()["data"]) == 2


async def test_another_workspace_is_another_world(client: Client, elsewhere: Workspace) -> None:
    path = f"/v1/users/{elsewhere.ben.id}"
    problem(await client.get(path), 404, "not_found")
    problem(await client.patch(path, json={"role": "sales"}), 404, "not_found")
    problem(await client.post(f"{path}/disable"), 404, "not_found")


async def test_who_may_only_read_people_changes_none(clients: Clients, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    assert (await anna.get("/v1/users")).status_code == 200
    problem(await anna.post(f"/v1/users/{workspace.ben.id}/disable"), 403, "scope_missing")
