"""Signing in and out through the front door."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher

from crm.workspaces import throttle
from crm.workspaces.mint import Mint
from crm.workspaces.signing_in import sign_in as by_password
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.workspaces.conftest import PASSWORD, GivePassword


async def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    form = {"grant_type": "password", "username": email, "password": password, **more}
    return await client.post("/v1/auth/token", data=form)


async def refused_soon(client: Client, path: str = "/v1/me") -> None:
    """Announcements travel by Postgres, so they take a moment."""
    for _ in range(100):
        response = await client.get(path)
        if response.status_code == 401:
            return
        await asyncio.sleep(0.02)
    pytest.fail("still let in")


async def test_a_person_signs_in_continues_and_signs_out(
    stranger: Client, clients: Clients, workspace: Workspace, with_password: GivePassword, events: Facts
) -> None:
    await with_password(workspace.anna.id)
    response = await sign_in(stranger, workspace.anna.email, device="phone")
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    first = response.json()
    assert (first["token_type"], first["expires_in"], first["refresh_expires_in"]) == ("bearer", 600, 14 * 86400)
    me = (await clients(first["access_token"]).get("/v1/me")).json()
    assert (me["id"], me["kind"], me["role"]) == (str(workspace.anna.id), "user", "sales")

    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "device": "phone"}
    second = (await stranger.post("/v1/auth/token", data=form)).json()
    assert second["refresh_token"] != first["refresh_token"]
    here = clients(second["access_token"])
    assert (await here.get("/v1/me")).json()["session_id"] == me["session_id"]

    ended = await stranger.post("/v1/auth/revoke", data={"token": second["refresh_token"]})
    assert (ended.status_code, ended.content) == (200, b"")
    await refused_soon(here)
    form["refresh_token"] = second["refresh_token"]
    refused = problem(await stranger.post("/v1/auth/token", data=form), 401, "refresh_refused")
    assert refused["error"] == "invalid_grant"
    (fact,) = await events()
    assert (fact["type"], fact["payload"]["revoked_because"]) == ("session.revoked", "signed_out")
    assert (fact["actor_kind"], fact["actor_id"]) == ("user", workspace.anna.id)
    assert not {"refresh_hash", "previous_hash", "successor"} & {*fact["payload"], *fact["changes"]}


async def test_who_may_not_sign_in_learns_nothing(
    stranger: Client, stage: Stage, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    await with_password(workspace.ben.id)
    await stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    answers = [
        await sign_in(stranger, workspace.anna.email, "wrong horse battery"),
        await sign_in(stranger, workspace.anna.email, workspace=str(uuid4())),
        await sign_in(stranger, "nobody@example.com"),
        await sign_in(stranger, workspace.ben.email),
        await sign_in(stranger, workspace.manager.email),
    ]
    told = [problem(answer, 401, "sign_in_refused") | {"request_id": ""} for answer in answers]
    assert told == [told[0]] * len(told)
    assert told[0]["error"] == "invalid_grant"


async def test_an_email_is_known_in_any_spelling(
    stranger: Client, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    assert (await sign_in(stranger, f" {workspace.anna.email.upper()} ")).status_code == 200


async def test_a_password_that_is_right_in_two_workspaces_needs_to_know_which(
    stranger: Client, clients: Clients, stage: Stage, workspace: Workspace, elsewhere: Workspace,
    with_password: GivePassword,
) -> None:  # fmt: skip
    for person in (workspace.anna, elsewhere.anna):
        await with_password(person.id)
    await stage.owner.execute("UPDATE users SET email_key = $2 WHERE id = $1", elsewhere.anna.id, workspace.anna.email)
    refused = problem(await sign_in(stranger, workspace.anna.email), 409, "workspace_needed")
    assert {one["id"] for one in refused["workspaces"]} == {str(workspace.id), str(elsewhere.id)}
    granted = await sign_in(stranger, workspace.anna.email, workspace=str(elsewhere.id))
    me = (await clients(granted.json()["access_token"]).get("/v1/me")).json()
    assert me["workspace"]["id"] == str(elsewhere.id)


async def test_an_old_hash_is_made_anew_with_todays_settings(
    stranger: Client, stage: Stage, workspace: Workspace
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await stage.owner.execute("UPDATE users SET password_hash = $2 WHERE id = $1", workspace.anna.id, weak)
    assert (await sign_in(stranger, workspace.anna.email)).status_code == 200
    new = await stage.owner.fetchval("SELECT password_hash FROM users WHERE id = $1", workspace.anna.id)
    assert "m=47104,t=1" in new
    assert (await sign_in(stranger, workspace.anna.email)).status_code == 200


async def test_what_a_grant_needs_is_named(stranger: Client) -> None:
    for form, missing in (
        ({"grant_type": "password", "password": "x"}, "#/username"),
        ({"grant_type": "password", "username": "x"}, "#/password"),
        ({"grant_type": "refresh_token"}, "#/refresh_token"),
        ({}, "#/grant_type"),
        ({"grant_type": "password", "usrname": "x"}, "#/usrname"),
    ):
        refused = problem(await stranger.post("/v1/auth/token", data=form), 422, "unprocessable")
        assert missing in {error["pointer"] for error in refused["errors"]}
    problem(await stranger.post("/v1/auth/token", json={}), 415, "unsupported_media_type")


async def test_other_fields_of_oauth_clients_do_no_harm(
    stranger: Client, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    extra = {"scope": "", "client_id": "swagger", "client_secret": ""}
    assert (await sign_in(stranger, workspace.anna.email, **extra)).status_code == 200


async def test_five_of_many_parallel_guesses_are_heard_and_the_right_one_must_wait(
    stranger: Client, stage: Stage, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    email = workspace.anna.email
    guesses = await asyncio.gather(*(sign_in(stranger, email, f"wrong horse {number}") for number in range(12)))
    assert sorted(guess.status_code for guess in guesses) == [401] * 5 + [429] * 7
    late = await sign_in(stranger, email)
    problem(late, 429, "too_many_guesses")
    assert 1 <= int(late.headers["retry-after"]) <= 30

    await stage.owner.execute(
        "UPDATE sign_in_attempts SET allowed_at = now() WHERE subject LIKE '%' || $1", str(workspace.anna.id)
    )
    assert (await sign_in(stranger, email)).status_code == 200
    left = await stage.owner.fetchval(
        "SELECT count(*) FROM sign_in_attempts WHERE subject LIKE '%' || $1", str(workspace.anna.id)
    )
    assert left == 0


async def test_an_address_without_an_account_is_slowed_down_like_one_with(stranger: Client) -> None:
    email = f"{uuid4().hex}@example.com"
    answers = [await sign_in(stranger, email, "x") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


async def test_ones_own_account_elsewhere_clears_nothing_here(
    stranger: Client, stage: Stage, workspace: Workspace, elsewhere: Workspace, with_password: GivePassword
) -> None:
    await with_password(elsewhere.anna.id)
    await stage.owner.execute(
        "UPDATE users SET password_hash = $2 WHERE id = $1",
        workspace.anna.id,
        PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("the victim's own"),
    )
    await stage.owner.execute("UPDATE users SET email_key = $2 WHERE id = $1", elsewhere.anna.id, workspace.anna.email)
    for _ in range(5):
        assert (await sign_in(stranger, workspace.anna.email)).status_code == 200
    here = {"workspace": str(workspace.id)}
    problem(await sign_in(stranger, workspace.anna.email, "the victim's own", **here), 429, "too_many_guesses")


async def test_too_many_guesses_from_one_address_are_slowed_down_whoever_they_are_for(
    clients: Clients, stage: Stage, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    address = "198.51.100.77"
    guesser = clients(None, address=address)
    await sign_in(guesser, f"{uuid4().hex}@example.com", "x")
    await stage.owner.execute(
        "UPDATE sign_in_attempts SET failures = 60 WHERE subject = $1", throttle.of_address(address)
    )
    await sign_in(guesser, f"{uuid4().hex}@example.com", "x")
    late = await sign_in(guesser, workspace.anna.email)
    problem(late, 429, "too_many_guesses")
    assert 1 <= int(late.headers["retry-after"]) <= 30


async def test_a_right_password_is_no_guess_from_its_address(
    clients: Clients, stage: Stage, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    address = "198.51.100.78"
    office = clients(None, address=address)
    await sign_in(office, f"{uuid4().hex}@example.com", "x")
    for _ in range(3):
        assert (await sign_in(office, workspace.anna.email)).status_code == 200
    counted = "SELECT failures FROM sign_in_attempts WHERE subject = $1"
    assert await stage.owner.fetchval(counted, throttle.of_address(address)) == 1


async def test_someone_without_an_address_signs_in_too(
    mint: Mint, workspace: Workspace, with_password: GivePassword
) -> None:
    await with_password(workspace.anna.id)
    granted = await by_password(mint, workspace.anna.email, PASSWORD, workspace_id=None, device=None, address="")
    assert granted.access_token


@pytest.mark.parametrize("odd", ["%ED%A0%80", "%FF%FE", "%F0%9F%98%80", "%E2%80%AE", "a" * 254])
async def test_odd_text_in_a_form_is_only_wrong(stranger: Client, odd: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for form in (
        f"grant_type=password&username={odd}&password={odd}&device={odd}",
        f"grant_type=refresh_token&refresh_token={odd}&device={odd}",
    ):
        response = await stranger.post("/v1/auth/token", content=form, headers=headers)
        assert response.status_code in {400, 401, 422}, response.text
    assert (await stranger.post("/v1/auth/revoke", content=f"token={odd}", headers=headers)).status_code < 500


async def test_an_access_token_can_be_revoked_too(clients: Clients, stranger: Client, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    assert (await anna.get("/v1/me")).status_code == 200
    assert (await stranger.post("/v1/auth/revoke", data={"token": workspace.anna.token})).status_code == 200
    await refused_soon(anna)


async def test_revoking_what_is_no_token_is_fine(stranger: Client) -> None:
    for token in ("nonsense", "a.b.c", ""):
        response = await stranger.post("/v1/auth/revoke", data={"token": token, "token_type_hint": "refresh_token"})
        assert response.status_code == (200 if token else 422)
