"""Chains of tasks, through the front door."""

from typing import Any
from zoneinfo import ZoneInfo

from crm.actor import system
from crm.calendars.prepared import workspace_calendar
from crm.clock import today
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.tasks.test_tasks import customer_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
STEPS = [
    {"title": "Call {customer}", "count": 1},
    {"title": "Visit {customer}", "kind": "visit", "count": 5, "at": "14:00"},
    {"title": "Send {customer} a proposal", "after": "previous", "count": 2, "unit": "days"},
]


async def chain(client: Client, steps: list[dict[str, Any]] = STEPS) -> dict[str, Any]:
    response = await client.post("/v1/task-chains", json={"name": "New key customer", "steps": steps})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def start(client: Client, made: dict[str, Any], customer_id: str) -> dict[str, Any]:
    body = {"chain_id": made["id"], "subject": {"type": "customer", "id": customer_id}}
    response = await client.post("/v1/task-chains/start", json=body)
    assert response.status_code == 200, response.text
    started: dict[str, Any] = response.json()
    return started


async def test_what_counts_from_the_start_begins_with_it(
    client: Client, stage: Stage, workspace: Workspace, events: Facts
) -> None:
    made = await chain(client)
    assert made["steps"][0] == STEPS[0] | {"kind": "follow_up", "after": "start", "unit": "working_days", "at": None}
    started = await start(client, made, await customer_of(client))
    calendar = await workspace_calendar(stage.database.reading(system(workspace.id, timezone="Asia/Shanghai")))
    day = today("Asia/Shanghai")
    due = [calendar.working_days_after(day, 1), calendar.working_days_after(day, 5)]
    assert [task["due_at"] for task in started["tasks"]] == [
        f"{due[0]}T01:00:00.000000Z", f"{due[1]}T06:00:00.000000Z",
    ]  # fmt: skip
    assert [(task["title"], task["kind"]) for task in started["tasks"]] == [
        ("Call Acme", "follow_up"), ("Visit Acme", "visit"),
    ]  # fmt: skip
    assert started["tasks"][1]["chain"] == {"id": made["id"], "run_id": started["run_id"], "step": 2}
    assert (await events.types())[-2:] == ["task.created", "task.created"]


async def test_an_archived_chain_starts_nothing_and_a_foreign_subject_is_not_there(
    clients: Clients, workspace: Workspace
) -> None:
    admin, anna, ben = (clients(one.token) for one in (workspace.admin, workspace.anna, workspace.ben))
    made = await chain(admin)
    mine = await customer_of(anna)
    body = {"chain_id": made["id"], "subject": {"type": "customer", "id": mine}}
    problem(await ben.post("/v1/task-chains/start", json=body), 422, "unprocessable")
    problem(await anna.patch(f"/v1/task-chains/{made['id']}", json={"name": "x"}), 403, "scope_missing")
    renamed = (await admin.patch(f"/v1/task-chains/{made['id']}", json={"name": "Other"})).json()
    assert renamed["name"] == "Other"
    steps = [{"title": "Call {customer}", "count": 1}, *STEPS[1:]]
    again = (await admin.patch(f"/v1/task-chains/{made['id']}", json={"steps": steps})).json()
    assert again["steps"] == made["steps"]
    archived = (await admin.post(f"/v1/task-chains/{made['id']}/archive")).json()
    assert (await admin.post(f"/v1/task-chains/{made['id']}/archive")).json() == archived
    problem(await anna.post("/v1/task-chains/start", json=body), 409, "chain_archived")
    problem(await admin.patch(f"/v1/task-chains/{made['id']}", json={"name": "x"}), 409, "chain_archived")
    assert (await admin.get("/v1/task-chains")).json()["data"] == []
    await admin.post(f"/v1/task-chains/{made['id']}/restore")
    assert len((await start(anna, made, mine))["tasks"]) == 2


async def test_a_title_has_no_place_that_nothing_fills(client: Client) -> None:
    steps = [{"title": "Call {customer} or {name}", "count": 1}]
    refused = problem(await client.post("/v1/task-chains", json={"name": "x", "steps": steps}), 422, "unprocessable")
    (error,) = refused["errors"]
    assert (error["pointer"], error["message"]) == (
        "#/steps/0/title", "There is no {name} to fill in: {customer}.",
    )  # fmt: skip
