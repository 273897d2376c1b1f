"""What is promised, over HTTP: policies, which of them holds, and D7 in full."""

from typing import Any

import pytest

from crm.actor import system
from crm.complaints import vocabulary as complaints
from crm.database import Database
from crm.sla import defaults, vocabulary
from tests.calendars.stage import local
from tests.calendars.test_working_time import D7
from tests.complaints.steps import receive
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.sla.stage import CHINA_CALENDAR, clock_of, moment, new_policy


def test_the_categories_of_promises_are_those_of_complaints() -> None:
    assert vocabulary.Category == complaints.Category


async def test_a_policy_is_made_changed_put_aside_and_brought_back(client: Client, events: Facts) -> None:
    made = await new_policy(client)
    assert made["thresholds"] == [80, 100]
    changed = await client.patch(f"/v1/sla-policies/{made['id']}", json={"resolution_minutes": 1440})
    assert (changed.json()["resolution_minutes"], changed.json()["version"]) == (1440, 2)
    assert (await client.post(f"/v1/sla-policies/{made['id']}/archive")).json()["archived_at"] is not None
    refused = await client.patch(f"/v1/sla-policies/{made['id']}", json={"name": "Other"})
    problem(refused, 409, "policy_archived")
    assert (await client.get("/v1/sla-policies")).json()["data"] == []
    assert len((await client.get("/v1/sla-policies", params={"archived": True})).json()["data"]) == 1
    assert (await client.post(f"/v1/sla-policies/{made['id']}/restore")).json()["archived_at"] is None
    assert [one for one in await events.types() if one.startswith("sla_policy")] == [
        "sla_policy.created", "sla_policy.updated", "sla_policy.archived", "sla_policy.restored"
    ]  # fmt: skip


async def test_a_calendar_that_a_promise_counts_in_is_not_put_aside(client: Client, workspace: Workspace) -> None:
    made = await client.post("/v1/calendars", json=CHINA_CALENDAR)
    calendar = made.json()["id"]
    policy = await new_policy(client, calendar_id=calendar)
    await client.patch(f"/v1/teams/{workspace.north}", json={"calendar_id": calendar})
    path = f"/v1/calendars/{calendar}/archive"
    refused = problem(await client.post(path), 409, "calendar_in_use")
    assert refused["used_by"] == [
        {"type": "team", "id": str(workspace.north), "name": "North"},
        {"type": "sla_policy", "id": policy["id"], "name": "Medium"},
    ]
    await client.patch(f"/v1/teams/{workspace.north}", json={"calendar_id": None})
    refused = problem(await client.post(path), 409, "calendar_in_use")
    assert [one["type"] for one in refused["used_by"]] == ["sla_policy"]
    await client.post(f"/v1/sla-policies/{policy['id']}/archive")
    assert (await client.post(path)).status_code == 200


async def test_a_promise_comes_back_with_its_calendar_only(client: Client) -> None:
    calendar = (await client.post("/v1/calendars", json=CHINA_CALENDAR)).json()["id"]
    policy = f"/v1/sla-policies/{(await new_policy(client, calendar_id=calendar))['id']}"
    await client.post(f"{policy}/archive")
    await client.post(f"/v1/calendars/{calendar}/archive")
    problem(await client.post(f"{policy}/restore"), 409, "calendar_archived")
    await client.post(f"/v1/calendars/{calendar}/restore")
    assert (await client.post(f"{policy}/restore")).json()["archived_at"] is None
    assert (await client.post(f"{policy}/restore")).status_code == 200


async def test_a_list_of_policies_is_one_statement(client: Client, policy: dict[str, Any], queries: list[str]) -> None:
    await client.get("/v1/sla-policies")
    queries.clear()
    listed = await client.get("/v1/sla-policies", params={"severity": "medium"})
    assert [one["id"] for one in listed.json()["data"]] == [policy["id"]]
    assert len(queries) == 1


async def test_there_is_one_policy_for_the_same_cases(client: Client, policy: dict[str, Any]) -> None:
    again = await client.post("/v1/sla-policies", json={"name": "Again", "severity": "medium"})
    problem(again, 409, "policy_taken")
    await new_policy(client, customer_class="key")
    await client.post(f"/v1/sla-policies/{policy['id']}/archive")
    await new_policy(client)
    problem(await client.post(f"/v1/sla-policies/{policy['id']}/restore"), 409, "policy_taken")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"severity": "terrible"}, "#/severity"),
        ({"category": "weather"}, "#/category"),
        ({"resolution_minutes": 0}, "#/resolution_minutes"),
        ({"resolution_minutes": 100_001}, "#/resolution_minutes"),
        ({"thresholds": [0]}, "#/thresholds/0"),
        ({"escalation": [{"percent": 80, "to": "user"}]}, "#/escalation/0"),
        ({"escalation": [{"percent": 80, "to": "role", "role": "sales"}]}, "#/escalation/0/role"),
        ({"acknowledge_same_day": True}, "#"),
        ({"calendar_id": "01a1fcb0-3a00-7000-8000-000000000001"}, "#/calendar_id"),
        (
            {"escalation": [{"percent": 80, "to": "user", "user_id": "01a1fcb0-3a00-7000-8000-000000000001"}]},
            "#/escalation/0/user_id",
        ),
    ],
)
async def test_what_cannot_be_promised_is_refused(client: Client, body: dict[str, Any], pointer: str) -> None:
    whole = {"name": "x", "severity": "low", "acknowledge_minutes": 5, **body}
    answer = problem(await client.post("/v1/sla-policies", json=whole), 422, "unprocessable")
    assert [one["pointer"] for one in answer["errors"]] == [pointer]


async def test_one_way_of_being_acknowledged_takes_the_place_of_the_other(
    client: Client, policy: dict[str, Any]
) -> None:
    path = f"/v1/sla-policies/{policy['id']}"
    same_day = (await client.patch(path, json={"acknowledge_same_day": True})).json()
    assert (same_day["acknowledge_minutes"], same_day["acknowledge_same_day"]) == (None, True)
    minutes = (await client.patch(path, json={"acknowledge_minutes": 30})).json()
    assert (minutes["acknowledge_minutes"], minutes["acknowledge_same_day"]) == (30, False)


async def test_only_administrators_promise_and_everybody_knows(
    clients: Clients, workspace: Workspace, policy: dict[str, Any]
) -> None:
    anna = clients(workspace.anna.token)
    assert (await anna.get(f"/v1/sla-policies/{policy['id']}")).status_code == 200
    problem(await anna.post("/v1/sla-policies", json={"name": "x", "severity": "low"}), 403, "scope_missing")


async def test_a_new_workspace_promises_what_the_table_says(stage: Stage, client: Client, workspace: Workspace) -> None:
    database = Database(stage.dsn(), name="test-founding", size=1)
    async with database.transaction(system(workspace.id, timezone="Asia/Shanghai", language="zh-CN")) as tx:
        await defaults.promise(tx)
    await database.close()
    found = {one["severity"]: one for one in (await client.get("/v1/sla-policies")).json()["data"]}
    told = {
        severity: (
            *(one[name] for name in ("acknowledge_minutes", "response_minutes", "resolution_minutes")),
            one["acknowledge_same_day"],
            one["around_the_clock"],
            one["thresholds"],
        )
        for severity, one in found.items()
    }
    assert told == {
        "critical": (15, 60, 480, False, True, [50, 80, 100]),
        "high": (30, 120, 960, False, False, [75, 100]),
        "medium": (120, 480, 1440, False, False, [80, 100]),
        "low": (None, 960, 2400, True, False, [100]),
    }
    assert found["critical"]["name"] == "危急"


@pytest.mark.parametrize(
    ("customer_class", "category", "holds"),
    [
        ("ordinary", "price", "any"),
        ("key", "price", "of key customers"),
        ("ordinary", "quality", "of quality"),
        ("key", "service", "of key customers"),
        ("key", "quality", "of both"),
        ("potential", "quality", "of quality"),
    ],
)
async def test_the_most_particular_policy_holds(
    client: Client, calendar: str, customer_class: str, category: str, holds: str
) -> None:
    await new_policy(client, name="of other severity", severity="high")
    await new_policy(client, name="any")
    await new_policy(client, name="of key customers", customer_class="key")
    await new_policy(client, name="of quality", category="quality")
    await new_policy(client, name="of both", customer_class="key", category="quality")
    customer = (await client.post("/v1/customers", json={"name": "Acme", "class": customer_class})).json()
    complaint = await receive(client, customer["id"], category=category)
    assert (await clock_of(client, complaint["id"], "response"))["policy"]["name"] == holds


@pytest.mark.parametrize(("start", "hours", "due", "_"), D7)
async def test_every_worked_example_is_what_a_policy_means(
    client: Client, calendar: str, start: str, hours: int, due: str, _: str
) -> None:
    policy = await new_policy(client, resolution_minutes=hours * 60)
    query: dict[str, Any] = {"received_at": local(start).isoformat(), "explain": True}
    response = await client.get(f"/v1/sla-policies/{policy['id']}/preview", params=query)
    promised = next(one for one in response.json()["promises"] if one["kind"] == "resolution")
    assert moment(promised["due_at"]) == local(due)
    assert sum(one["minutes"] for one in promised["ledger"] if one["counted"]) == hours * 60


async def test_the_worked_example_with_a_pause(client: Client, calendar: str) -> None:
    policy = await new_policy(client, resolution_minutes=960)
    query: dict[str, Any] = {
        "received_at": local("2026-09-30 16:30").isoformat(),
        "paused_at": local("2026-10-08 10:00").isoformat(),
        "resumed_at": local("2026-10-09 14:00").isoformat(),
        "explain": True,
    }
    response = await client.get(f"/v1/sla-policies/{policy['id']}/preview", params=query)
    promised = {one["kind"]: one for one in response.json()["promises"]}
    assert moment(promised["resolution"]["due_at"]) == local("2026-10-12 11:00")
    ledger = promised["resolution"]["ledger"]
    assert sum(one["minutes"] for one in ledger if one["reason"] == "paused") == 600
    assert {one["name"] for one in ledger if one["reason"] == "holiday"} == {"国庆节"}
    assert moment(promised["response"]["due_at"]) == local("2026-10-08 17:00"), "the first response does not wait"


async def test_the_worked_example_around_the_clock(client: Client, calendar: str) -> None:
    policy = await new_policy(client, resolution_minutes=960, around_the_clock=True)
    query = {"received_at": local("2026-09-30 16:30").isoformat()}
    response = await client.get(f"/v1/sla-policies/{policy['id']}/preview", params=query)
    assert moment(response.json()["promises"][-1]["due_at"]) == local("2026-10-01 08:30")


async def test_a_pause_that_is_none_is_refused(client: Client, policy: dict[str, Any]) -> None:
    path = f"/v1/sla-policies/{policy['id']}/preview"
    for more in ({"paused_at": "2026-10-08T02:00:00Z"}, {"resumed_at": "2026-10-08T02:00:00Z"}):
        response = await client.get(path, params={"received_at": "2026-10-08T01:00:00Z", **more})
        problem(response, 422, "unprocessable")
