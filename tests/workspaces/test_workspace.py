"""The workspace: founded once, changed with care."""

from typing import Any

import pytest

from crm.errors import Unprocessable
from crm.founding import found_workspace
from crm.workspaces.actions import merged
from crm.workspaces.settings import DEFAULTS
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.workspaces.test_signing_in import sign_in


async def test_a_founded_workspace_has_an_admin_who_can_sign_in_and_a_calendar(
    stage: Stage, stranger: Client, clients: Clients
) -> None:
    email = "Ada@founded.example.com"
    founded = await found_workspace(stage.database, " Founded ", email, "a fine password", "Europe/Berlin", "EUR", "en")
    facts = Facts(stage.owner, founded.workspace_id)
    assert (await facts.types())[:3] == ["calendar.created", "workspace.created", "user.created"]
    calendar, *told = [fact["payload"] for fact in (await facts())[:3]]
    assert (calendar["id"], calendar["country"]) == (told[0]["calendar_id"], None)
    assert (told[0]["name"], told[0]["timezone"], told[0]["currency"]) == ("Founded", "Europe/Berlin", "EUR")
    assert (told[1]["id"], told[1]["role"]) == (str(founded.admin_id), "admin")
    assert "password" not in str(told)
    token = (await sign_in(stranger, email.lower(), "a fine password")).json()["access_token"]
    assert (await clients(token).get("/v1/workspace")).json() == told[0]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"admin_email": "nobody"}, "admin_email"),
        ({"admin_password": "12345678"}, "admin_password"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"currency": "XXX"}, "currency"),
    ],
)
async def test_a_workspace_is_not_founded_on_sand(stage: Stage, wrong: dict[str, Any], field: str) -> None:
    before = await stage.owner.fetchval("SELECT count(*) FROM workspaces")
    right = {"name": "X", "admin_email": "ada@example.com", "admin_password": "a fine password"}
    with pytest.raises(Unprocessable) as refused:
        await found_workspace(stage.database, **(right | wrong))
    assert [error.pointer for error in refused.value.errors] == [f"#/{field}"]
    assert await stage.owner.fetchval("SELECT count(*) FROM workspaces") == before


async def test_the_settings_that_hold_are_shown_defaults_included(client: Client) -> None:
    response = await client.get("/v1/workspace")
    expected = {**DEFAULTS, "warmth": dict(DEFAULTS["warmth"]), "cadence": dict(DEFAULTS["cadence"])}
    shown = response.json()["settings"]
    assert {name: shown[name] for name in ("warmth", "cadence", "reminder_time")} == {
        name: expected[name] for name in ("warmth", "cadence", "reminder_time")
    }
    assert shown["visibility"] == "own"
    known = await client.get("/v1/workspace", headers={"If-None-Match": response.headers["etag"]})
    assert known.status_code == 304


async def test_settings_are_merged_and_null_brings_the_default_back(client: Client, events: Facts) -> None:
    path = "/v1/workspace"
    changed = await client.patch(path, json={"settings": {"warmth": {"hot_until": 10}, "reminder_time": "08:30"}})
    assert (changed.json()["settings"]["warmth"]["hot_until"], changed.json()["version"]) == (10, 2)
    assert changed.json()["settings"]["visibility"] == "own"
    back = await client.patch(path, json={"settings": {"warmth": {"hot_until": None}, "visibility": "all"}})
    settings = back.json()["settings"]
    assert settings["warmth"]["hot_until"] == DEFAULTS["warmth"]["hot_until"]
    assert (settings["reminder_time"], settings["visibility"]) == ("08:30", "all")
    assert (await client.get(path)).json() == back.json()
    assert await events.types() == ["workspace.updated"] * 2


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"warmth": {"hot_until": "soon"}}, "#/settings/warmth/hot_until"),
        ({"warmth": {"hot_until": 100}}, "#/settings/warmth"),
        ({"warmth": 5}, "#/settings/warmth"),
        ({"colour": "red"}, "#/settings/colour"),
        ({"reminder_time": "25:00"}, "#/settings/reminder_time"),
    ],
)
async def test_settings_that_cannot_hold_are_named(
    client: Client, events: Facts, settings: dict[str, Any], pointer: str
) -> None:
    refused = problem(await client.patch("/v1/workspace", json={"settings": settings}), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == pointer
    assert await events() == []


async def test_a_new_zone_is_a_fact_of_its_own(client: Client, events: Facts) -> None:
    headers = {"If-Match": '"1"'}
    both = {"name": "Renamed", "timezone": "Europe/Berlin"}
    changed = await client.patch("/v1/workspace", json=both, headers=headers)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["timezone"], changed.json()["version"]) == (*both.values(), 3)
    assert await events.types() == ["workspace.updated", "workspace.timezone_changed"]
    (moved,) = await events("workspace.timezone_changed")
    assert moved["changes"] == {"timezone": ["Asia/Shanghai", "Europe/Berlin"]}
    problem(await client.patch("/v1/workspace", json=both | {"name": "Y"}, headers=headers), 412, "stale")
    assert (await client.patch("/v1/workspace", json=both)).json() == changed.json()
    assert len(await events()) == 2


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Base"}, {"currency": "XYZ"}, {"language": "fr"}, {"name": None}])
async def test_a_zone_currency_or_language_that_is_none_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    refused = problem(await client.patch("/v1/workspace", json=wrong), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == f"#/{next(iter(wrong))}"


async def test_only_who_may_changes_the_workspace(clients: Clients, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    assert (await anna.get("/v1/workspace")).status_code == 200
    problem(await anna.patch("/v1/workspace", json={"name": "Mine"}), 403, "scope_missing")


def test_a_merge_patch_replaces_what_is_no_object_by_one() -> None:
    assert merged({"a": 1, "b": {"c": 2}}, {"a": {"d": None, "e": 3}, "b": {"c": None}}) == {"a": {"e": 3}, "b": {}}
