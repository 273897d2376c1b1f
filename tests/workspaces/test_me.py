"""Whoever asks, about themselves."""

import hashlib
from uuid import uuid4

from crm.actor import Role
from crm.workspaces.mint import Mint
from crm.workspaces.refreshing import begin
from crm.workspaces.rules import SCOPES_OF
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.workspaces.conftest import PASSWORD, GivePassword
from tests.workspaces.test_signing_in import refused_soon, sign_in

NEW = "another horse battery"


async def test_a_person_sees_who_they_are(clients: Clients, workspace: Workspace, queries: list[str]) -> None:
    manager = clients(workspace.manager.token)
    me = (await manager.get("/v1/me")).json()
    assert me["email"] == workspace.manager.email
    assert (me["role"], me["sight"]) == ("manager", "team")
    assert set(me["scopes"]) == SCOPES_OF[Role.MANAGER]
    assert set(me["team_ids"]) == {str(workspace.north), str(workspace.south)}
    assert me["workspace"]["timezone"] == "Asia/Shanghai"
    queries.clear()
    await manager.get("/v1/me")
    assert len(queries) <= 1


async def test_a_key_sees_who_it_is_and_has_no_profile(clients: Clients, workspace: Workspace) -> None:
    key = clients(await workspace.key("customers:read"))
    me = (await key.get("/v1/me")).json()
    assert (me["kind"], me["email"], me["role"], me["scopes"]) == ("key", None, None, ["customers:read"])
    problem(await key.patch("/v1/me", json={"name": "X"}), 403, "only_for_people")
    words = {"old_password": PASSWORD, "new_password": NEW}
    problem(await key.post("/v1/me/password", json=words), 403, "only_for_people")
    assert (await key.get("/v1/me/sessions")).json()["data"] == []


async def test_a_person_changes_their_own_name_language_and_zone_only(
    clients: Clients, workspace: Workspace, events: Facts
) -> None:
    anna = clients(workspace.anna.token)
    changed = await anna.patch("/v1/me", json={"name": "Anna B", "language": "zh-CN", "timezone": "Europe/Berlin"})
    me = changed.json()
    assert (me["name"], me["language"], me["timezone"], me["version"]) == ("Anna B", "zh-CN", "Europe/Berlin", 2)
    (fact,) = await events()
    assert (fact["type"], fact["changes"]["name"]) == ("user.updated", ["Anna Sales", "Anna B"])
    assert (await anna.patch("/v1/me", json={"language": None})).json()["language"] is None
    problem(await anna.patch("/v1/me", json={"role": "admin"}), 422, "unprocessable")
    problem(await anna.patch("/v1/me", json={"timezone": "Mars/Base"}), 422, "unprocessable")
    problem(await anna.patch("/v1/me", json={"name": "C"}, headers={"If-Match": '"1"'}), 412, "stale")
    assert (await anna.patch("/v1/me", json={})).status_code == 200


async def test_a_new_password_holds_and_signs_out_everywhere_else(
    clients: Clients, stranger: Client, mint: Mint, workspace: Workspace, with_password: GivePassword, events: Facts
) -> None:
    await with_password(workspace.anna.id)
    other = clients((await begin(mint, workspace.id, workspace.anna.id, "laptop")).access_token)
    assert (await other.get("/v1/me")).status_code == 200
    here = clients(workspace.anna.token)
    response = await here.post("/v1/me/password", json={"old_password": PASSWORD, "new_password": NEW})
    assert response.status_code == 200, response.text
    await refused_soon(other)
    assert (await here.get("/v1/me")).status_code == 200
    assert len((await here.get("/v1/me/sessions")).json()["data"]) == 1
    problem(await sign_in(stranger, workspace.anna.email), 401, "sign_in_refused")
    assert (await sign_in(stranger, workspace.anna.email, NEW)).status_code == 200
    (fact,) = await events()
    assert (fact["type"], fact["changes"]) == ("user.password_changed", None)


async def test_the_old_password_is_asked_for_and_guessing_it_is_slowed_down(
    clients: Clients, workspace: Workspace, with_password: GivePassword, events: Facts
) -> None:
    await with_password(workspace.anna.id)
    anna = clients(workspace.anna.token)
    weak = await anna.post("/v1/me/password", json={"old_password": PASSWORD, "new_password": "12345678"})
    assert problem(weak, 422, "unprocessable")["errors"][0]["pointer"] == "#/new_password"
    for number in range(5):
        # With a key the answer is part of a transaction, which rolls back; the guess must count all the same.
        headers = {"Idempotency-Key": f"guess-{number}"}
        body = {"old_password": f"guess {number}", "new_password": NEW}
        refused = await anna.post("/v1/me/password", json=body, headers=headers)
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/old_password"
    body = {"old_password": PASSWORD, "new_password": NEW}
    problem(await anna.post("/v1/me/password", json=body), 429, "too_many_guesses")
    assert await events() == []


async def test_what_an_idempotency_key_keeps_of_a_password_cannot_be_guessed_against(
    clients: Clients, stage: Stage, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    anna = clients(workspace.anna.token)
    body = {"old_password": PASSWORD, "new_password": NEW}
    first, again = [await anna.post("/v1/me/password", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert again.content == first.content
    kept = await stage.owner.fetchrow("SELECT * FROM idempotency_keys WHERE workspace_id = $1", workspace.id)
    assert kept is not None
    sent = b"POST\0/v1/me/password\0" + first.request.content
    assert kept["fingerprint"] not in {sent, hashlib.sha256(sent).digest()}


async def test_sessions_are_ones_own_and_end_when_told(
    clients: Clients, mint: Mint, workspace: Workspace, events: Facts
) -> None:
    for device in ("phone", "laptop"):
        await begin(mint, workspace.id, workspace.anna.id, device)
    anna, admin = clients(workspace.anna.token), clients(workspace.admin.token)
    listed = (await anna.get("/v1/me/sessions", params={"sort": "created_at"})).json()["data"]
    assert [session["device"] for session in listed] == [None, "phone", "laptop"]
    assert (await anna.get("/v1/me")).json()["session_id"] == listed[0]["id"]

    path = f"/v1/me/sessions/{listed[1]['id']}/revoke"
    problem(await admin.post(path), 404, "not_found")
    ended = (await anna.post(path)).json()
    assert ended["revoked_because"] == "signed_out"
    assert (await anna.post(path)).json() == ended
    assert len(await events("session.revoked")) == 1
    assert len((await anna.get("/v1/me/sessions")).json()["data"]) == 2
    problem(await anna.post(f"/v1/me/sessions/{uuid4()}/revoke"), 404, "not_found")

    await anna.post(f"/v1/me/sessions/{listed[0]['id']}/revoke")
    await refused_soon(anna)
