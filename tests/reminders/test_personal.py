"""Reminders of one's own: on what one sees, by the wall clock, changed, put off, acknowledged."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.guards.scene import Scene
from tests.tasks.test_tasks import at, create, customer_of


async def remind(client: Client, customer_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A reminder as it was created."""
    subject = {"type": "customer", "id": customer_id or await customer_of(client)}
    when = {} if "local_time" in more else {"fire_at": at(days=2)}
    response = await client.post("/v1/reminders", json={"title": "Ask", "subject": subject} | when | more)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def act(client: Client, reminder: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The reminder after an action that must go well."""
    response = await client.post(f"/v1/reminders/{reminder['id']}/{verb}", json=body or None)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def explained(client: Client, reminder: dict[str, Any]) -> dict[str, Any]:
    """Why it stands as it does."""
    response = await client.get(f"/v1/reminders/{reminder['id']}/explain")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def said(stage: Stage, reminder: dict[str, Any]) -> None:
    """It was said just now, as the worker does."""
    fired = "UPDATE reminders SET state = 'fired', fired_at = now(), fire_at = now() WHERE id = $1"
    await stage.owner.execute(fired, reminder["id"])


async def test_one_is_reminded_of_a_customer_a_contact_and_a_visit(
    clients: Clients, workspace: Workspace, events: Facts
) -> None:
    scene = Scene(workspace, clients)
    anna = scene.client("anna")
    customer = await scene.customer()
    for kind, id_ in (
        ("customer", customer),
        ("contact", await scene.contact(customer)),
        ("visit", await scene.visit(customer)),
    ):
        subject = {"type": kind, "id": id_}
        response = await anna.post("/v1/reminders", json={"title": "Ask", "subject": subject, "fire_at": at(days=1)})
        made = response.json()
        assert response.status_code == 201, response.text
        assert (made["subject"], made["customer_id"]) == (subject, customer)
        assert (made["kind"], made["user_id"], made["state"]) == ("personal", str(workspace.anna.id), "scheduled")
        assert (await anna.get(f"/v1/reminders/{made['id']}")).json() == made
    facts = await events("reminder.created")
    assert {fact["payload"]["subject"]["type"] for fact in facts} == {"customer", "contact", "visit"}
    assert {str(fact["customer_id"]) for fact in facts} == {customer}


async def test_what_one_does_not_see_one_is_not_reminded_of(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    bens = clients(workspace.ben.token)
    body = {"title": "Ask", "subject": {"type": "customer", "id": await customer_of(client)}, "fire_at": at(days=1)}
    found = problem(await bens.post("/v1/reminders", json=body), 422, "unprocessable")
    assert found["errors"][0]["pointer"] == "#/subject/id"
    body |= {"user_id": str(uuid4())}
    found = problem(await client.post("/v1/reminders", json=body), 422, "unprocessable")
    assert found["errors"][0]["pointer"] == "#/user_id"
    key = clients(await workspace.key("reminders:write"))
    found = problem(await key.post("/v1/reminders", json={**body, "user_id": None}), 422, "unprocessable")
    assert (found["errors"][0]["pointer"], found["errors"][0]["code"]) == ("#/user_id", "required")


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"fire_at": "2027-01-05T01:00:00Z", "local_time": "2027-01-05T09:00:00"},
        {"fire_at": "2027-01-05T01:00:00Z", "timezone": "Asia/Shanghai"},
        {"timezone": "Asia/Shanghai"},
        {"local_time": "2027-01-05T09:00:00Z"},
        {"local_time": "2027-01-05T09:00:00.5"},
        {"local_time": "2027-01-05T09:00:00", "timezone": "Asia/Chongming"},
        {"fire_at": "2027-01-05T01:00:00"},
        {"local_time": None},
    ],
)
async def test_when_is_said_in_one_way(client: Client, when: dict[str, Any]) -> None:
    body = {"title": "Ask", "subject": {"type": "customer", "id": str(uuid4())}} | when
    problem(await client.post("/v1/reminders", json=body), 422, "unprocessable")


@pytest.mark.parametrize(
    ("local_time", "timezone", "fire_at"),
    [
        ("2027-01-05T09:00:00", "Asia/Shanghai", "2027-01-05T01:00:00.000000Z"),
        ("2027-10-31T02:30:00", "Europe/Paris", "2027-10-31T00:30:00.000000Z"),
        ("2027-03-28T02:30:00", "Europe/Paris", "2027-03-28T01:30:00.000000Z"),
    ],
)
async def test_the_clock_on_the_wall_is_resolved_once_and_both_are_kept(
    client: Client, local_time: str, timezone: str, fire_at: str
) -> None:
    made = await remind(client, local_time=local_time, timezone=timezone)
    assert (made["local_time"], made["timezone"], made["fire_at"]) == (local_time, timezone, fire_at)
    assert made["follows_timezone"] is False


async def test_without_a_zone_it_is_that_of_the_person_or_else_the_workspace(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    made = await remind(client, local_time="2027-01-05T09:00:00")
    assert (made["timezone"], made["fire_at"]) == ("Asia/Shanghai", "2027-01-05T01:00:00.000000Z")
    assert made["follows_timezone"] is True
    anna = clients(workspace.anna.token)
    assert (await anna.patch("/v1/me", json={"timezone": "Europe/Berlin"})).status_code == 200
    for made in (
        await remind(anna, local_time="2027-01-05T09:00:00"),
        await remind(client, local_time="2027-01-05T09:00:00", user_id=str(workspace.anna.id)),
    ):
        assert (made["timezone"], made["fire_at"]) == ("Europe/Berlin", "2027-01-05T08:00:00.000000Z")


async def test_it_is_changed_by_the_wall_clock_and_by_the_moment(client: Client, events: Facts) -> None:
    made = await remind(client)
    path = f"/v1/reminders/{made['id']}"
    changed = (await client.patch(path, json={"local_time": "2027-01-06T09:00:00", "title": "Ask again"})).json()
    assert (changed["fire_at"], changed["title"]) == ("2027-01-06T01:00:00.000000Z", "Ask again")
    assert (changed["timezone"], changed["follows_timezone"], changed["version"]) == ("Asia/Shanghai", True, 2)
    assert (await client.patch(path, json={"title": "Ask again"})).json() == changed
    moved = (await client.patch(path, json={"fire_at": "2027-01-07T01:00:00Z"})).json()
    assert (moved["local_time"], moved["timezone"], moved["follows_timezone"]) == (None, None, False)
    why = await explained(client, made)
    assert (why["because"], why["moved_because"]) == ("not_due_yet", "changed")
    assert len(await events("reminder.updated")) == 2
    found = problem(await client.patch(path, json={"fire_at": at(days=-1)}), 422, "unprocessable")
    assert (found["errors"][0]["pointer"], found["errors"][0]["code"]) == ("#/fire_at", "too_early")
    assert (await client.patch(path, json={"title": "x"}, headers={"If-Match": '"1"'})).status_code == 412


async def test_a_reminder_of_a_task_is_changed_with_the_task(client: Client) -> None:
    task = await create(client)
    (reminder,) = (await client.get("/v1/reminders", params={"subject_id": task["id"]})).json()["data"]
    path = f"/v1/reminders/{reminder['id']}"
    problem(await client.patch(path, json={"title": "x"}), 409, "reminder_of_task")
    problem(await client.post(f"{path}/cancel"), 409, "reminder_of_task")


async def test_a_cancelled_one_stays_so_and_says_by_whom(client: Client, events: Facts) -> None:
    made = await remind(client)
    cancelled = await act(client, made, "cancel")
    assert (cancelled["state"], cancelled["cancelled_because"]) == ("cancelled", "cancelled_by_hand")
    path = f"/v1/reminders/{made['id']}"
    problem(await client.post(f"{path}/cancel"), 409, "reminder_over")
    problem(await client.patch(path, json={"title": "x"}), 409, "reminder_over")
    problem(await client.post(f"{path}/snooze", json={"minutes": 5}), 409, "reminder_over")
    problem(await client.post(f"{path}/acknowledge"), 409, "reminder_over")
    assert (await explained(client, made))["because"] == "cancelled_by_hand"
    assert await events.types() == ["customer.created", "reminder.created", "reminder.cancelled"]


async def test_it_is_put_off_three_times_and_later_each_time(client: Client, stage: Stage, events: Facts) -> None:
    made = await remind(client, local_time="2027-01-05T09:00:00")
    path = f"/v1/reminders/{made['id']}/snooze"
    problem(await client.post(path, json={"minutes": 5}), 422, "unprocessable")
    for wrong in ({}, {"minutes": 5, "until": at(days=9)}, {"minutes": 0}, {"until": "2027-01-05T09:00:00"}):
        problem(await client.post(path, json=wrong), 422, "unprocessable")
    await said(stage, made)
    later = await act(client, made, "snooze", minutes=10)
    assert (later["state"], later["fired_at"], later["snooze_count"]) == ("scheduled", None, 1)
    assert (later["local_time"], later["follows_timezone"]) == (None, False)
    ahead = datetime.fromisoformat(later["fire_at"]) - datetime.now(UTC)
    assert 590 < ahead.total_seconds() <= 600
    why = await explained(client, made)
    assert (why["because"], why["moved_because"], why["snooze_count"]) == ("snoozed", "snoozed", 1)
    for days in (3, 4):
        assert (await act(client, made, "snooze", until=at(days=days)))["state"] == "scheduled"
    problem(await client.post(path, json={"until": at(days=9)}), 409, "reminder_snoozed_too_often")
    assert len(await events("reminder.snoozed")) == 3


async def test_acknowledging_twice_is_acknowledging_once(client: Client, stage: Stage, events: Facts) -> None:
    made = await remind(client)
    problem(await client.post(f"/v1/reminders/{made['id']}/acknowledge"), 409, "reminder_over")
    await said(stage, made)
    heard = await act(client, made, "acknowledge")
    assert (heard["state"], heard["acknowledged_at"] is not None) == ("acknowledged", True)
    assert await act(client, made, "acknowledge") == heard
    assert len(await events("reminder.acknowledged")) == 1
    assert (await explained(client, made))["because"] == "acknowledged"
    problem(await client.post(f"/v1/reminders/{made['id']}/snooze", json={"minutes": 5}), 409, "reminder_over")


async def test_a_task_that_changes_keeps_its_reminder_put_off(client: Client) -> None:
    task = await create(client)
    (reminder,) = (await client.get("/v1/reminders", params={"subject_id": task["id"]})).json()["data"]
    until = at(days=5)
    await act(client, reminder, "snooze", until=until)
    assert (await client.patch(f"/v1/tasks/{task['id']}", json={"title": "Send it at last"})).status_code == 200
    (kept,) = (await client.get("/v1/reminders", params={"subject_id": task["id"]})).json()["data"]
    assert (kept["fire_at"], kept["title"], kept["state"]) == (until, "Send it at last", "scheduled")
    assert kept["snooze_count"] == 1
    assert (await client.post(f"/v1/tasks/{task['id']}/complete")).status_code == 200
    assert (await explained(client, reminder))["because"] == "task_done"


@pytest.mark.parametrize(
    ("verb", "body"),
    [("complete", {}), ("cancel", {"reason": "No need"}), ("snooze", {"until": at(days=9)})],
)
async def test_dealing_with_a_task_acknowledges_what_was_said_of_it(
    client: Client, stage: Stage, verb: str, body: dict[str, str]
) -> None:
    task = await create(client)
    (reminder,) = (await client.get("/v1/reminders", params={"subject_id": task["id"]})).json()["data"]
    assert reminder["escalates"] is True
    await said(stage, reminder)
    assert (await client.patch(f"/v1/tasks/{task['id']}", json={"note": "x"})).status_code == 200
    assert (await client.get(f"/v1/reminders/{reminder['id']}")).json()["state"] == "fired"
    assert (await client.post(f"/v1/tasks/{task['id']}/{verb}", json=body)).status_code == 200
    assert (await client.get(f"/v1/reminders/{reminder['id']}")).json()["state"] == "acknowledged"
