"""Tasks that repeat, through the front door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.tasks.test_tasks import act, customer_of, planned

SHANGHAI = ZoneInfo("Asia/Shanghai")


def in_days(days: int, at: str = "09:00") -> str:
    """What the clock of the workspace shows so many days from now."""
    return f"{(datetime.now(UTC).astimezone(SHANGHAI) + timedelta(days=days)).date()}T{at}"


def body_of(customer_id: str, **more: Any) -> dict[str, Any]:
    return {
        "title": "Look", "subject": {"type": "customer", "id": customer_id}, "rrule": "FREQ=DAILY",
        "first_at": in_days(1),
    } | more  # fmt: skip


async def begin(client: Client, **more: Any) -> dict[str, Any]:
    response = await client.post("/v1/task-series", json=body_of(await customer_of(client), **more))
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def tasks_of(client: Client, series: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    page = await client.get("/v1/tasks", params={"series_id": series["id"], "sort": "created_at", **wanted})
    found: list[dict[str, Any]] = page.json()["data"]
    return found


async def test_a_series_begins_with_its_first_task_by_the_clock_on_the_wall(client: Client, events: Facts) -> None:
    series = await begin(client, reminders=[{"minutes_before": 30}])
    (task,) = await tasks_of(client, series)
    assert task["due_at"] == f"{in_days(1)[:10]}T01:00:00.000000Z"
    assert (task["title"], task["series_id"], task["customer_id"]) == ("Look", series["id"], series["customer_id"])
    assert (series["state"], series["made"], series["last_at"]) == ("active", 1, in_days(1))
    assert series["timezone"] == "Asia/Shanghai"
    assert [state for _, state in await planned(client, task)] == ["scheduled"]
    assert (await events.types())[-2:] == ["task_series.created", "task.created"]
    assert (await client.get("/v1/task-series", params={"state": "active"})).json()["data"] == [series]


async def test_a_first_time_that_is_past_is_not_made_up_for(client: Client) -> None:
    series = await begin(client, first_at=in_days(-400), rrule="FREQ=WEEKLY")
    (task,) = await tasks_of(client, series)
    assert datetime.fromisoformat(task["due_at"]) > datetime.now(UTC)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"rrule": "FREQ=HOURLY"}, "#/rrule"),
        ({"rrule": "FREQ=DAILY;UNTIL=20200101", "first_at": "2019-01-01T09:00"}, "#/rrule"),
        ({"first_at": "2027-02-30T09:00"}, "#/first_at"),
        ({"timezone": "Mars/Olympus"}, "#/timezone"),
        ({"assignee_id": "01a1fcb0-3a00-7000-8000-000000000003"}, "#/assignee_id"),
        ({"subject": {"type": "customer", "id": "01a1fcb0-3a00-7000-8000-000000000003"}}, "#/subject/id"),
    ],
)
async def test_a_series_that_cannot_be_is_refused_whole(
    client: Client, events: Facts, more: dict[str, Any], pointer: str
) -> None:
    body = body_of(await customer_of(client)) | more
    found = problem(await client.post("/v1/task-series", json=body), 422, "unprocessable")
    assert [error["pointer"] for error in found["errors"]] == [pointer]
    assert await events.types() == ["customer.created"]


async def test_all_following_change_with_the_series_and_one_alone_by_itself(client: Client, events: Facts) -> None:
    series = await begin(client)
    (task,) = await tasks_of(client, series)
    await client.patch(f"/v1/tasks/{task['id']}", json={"note": "this one"})
    at = f"/v1/task-series/{series['id']}"
    changed = (await client.patch(at, json={"title": "Look twice"})).json()
    assert (changed["title"], changed["made"]) == ("Look twice", 1)
    (kept,) = await tasks_of(client, series)
    assert (kept["title"], kept["due_at"]) == ("Look twice", task["due_at"])
    assert [title async for title in _titles(client, kept)] == ["Look twice"]
    weekly = (await client.patch(at, json={"rrule": "FREQ=WEEKLY", "first_at": in_days(3, "10:00")})).json()
    assert (weekly["made"], weekly["last_at"]) == (2, in_days(3, "10:00"))
    first, second = await tasks_of(client, series)
    assert (first["state"], second["state"]) == ("cancelled", "open")
    ended = (await client.post(f"{at}/end")).json()
    assert (ended["state"], ended["ended_because"]) == ("ended", "by_hand")
    assert {task["state"] for task in await tasks_of(client, series)} == {"cancelled"}
    assert (await client.post(f"{at}/end")).json() == ended
    problem(await client.patch(at, json={"title": "Again"}), 409, "series_ended")
    assert "task_series.ended" in await events.types()


async def _titles(client: Client, task: dict[str, Any]) -> Any:
    page = await client.get("/v1/reminders", params={"subject_id": task["id"], "state": "scheduled"})
    for reminder in page.json()["data"]:
        yield reminder["title"]


async def test_whoever_does_not_see_the_subject_or_the_series_finds_nothing(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    series = await begin(anna)
    problem(await ben.get(f"/v1/task-series/{series['id']}"), 404, "not_found")
    problem(await ben.patch(f"/v1/task-series/{series['id']}", json={"title": "x"}), 404, "not_found")
    problem(await ben.post("/v1/task-series", json=body_of(series["subject"]["id"])), 422, "unprocessable")
    assert (await act(anna, (await tasks_of(anna, series))[0], "complete"))["state"] == "done"
