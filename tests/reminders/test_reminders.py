"""Reminders as people see them: what will be said, what was, and why it was or was not."""

from typing import Any

import pytest

from tests.conftest import Client, Clients, Stage, problem
from tests.factories import Workspace
from tests.tasks.test_tasks import act, at, create, customer_of


async def reminder_of(client: Client, task: dict[str, Any]) -> dict[str, Any]:
    """The one reminder of a task."""
    (found,) = (await client.get("/v1/reminders", params={"subject_id": task["id"]})).json()["data"]
    reminder: dict[str, Any] = found
    return reminder


async def explained(client: Client, reminder: dict[str, Any]) -> str:
    """Why it stands as it does."""
    response = await client.get(f"/v1/reminders/{reminder['id']}/explain")
    assert response.status_code == 200, response.text
    because: str = response.json()["because"]
    return because


async def test_a_reminder_says_what_whom_and_when(client: Client, workspace: Workspace) -> None:
    task = await create(client)
    reminder = await reminder_of(client, task)
    assert (reminder["title"], reminder["user_id"]) == (task["title"], str(workspace.admin.id))
    assert (reminder["fire_at"], reminder["customer_id"]) == (task["due_at"], task["customer_id"])
    assert reminder["subject"] == {"type": "task", "id": task["id"]}
    response = await client.get(f"/v1/reminders/{reminder['id']}")
    assert (response.json(), response.headers["etag"][:3]) == (reminder, '"1-')


@pytest.mark.parametrize(
    ("verb", "body", "because"),
    [
        ("complete", {}, "task_done"),
        ("cancel", {"reason": "No need"}, "task_cancelled"),
        ("snooze", {"until": at(days=9)}, "rescheduled"),
    ],
)
async def test_a_cancelled_reminder_says_why(client: Client, verb: str, body: dict[str, str], because: str) -> None:
    task = await create(client)
    reminder = await reminder_of(client, task)
    assert await explained(client, reminder) == "not_due_yet"
    await act(client, task, verb, **body)
    assert await explained(client, reminder) == because
    assert (await client.get(f"/v1/reminders/{reminder['id']}")).json()["cancelled_because"] == because


async def test_a_reminder_for_someone_who_is_gone_says_so(client: Client, stage: Stage, workspace: Workspace) -> None:
    task = await create(client, assignee_id=str(workspace.ben.id))
    await stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    assert await explained(client, await reminder_of(client, task)) == "user_disabled"


async def test_reminders_are_filtered_and_come_by_their_moment(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    acme = await customer_of(client)
    far = await create(client, acme, due_at=at(days=5), title="Far")
    soon = await create(client, acme, due_at=at(days=1), title="Soon", assignee_id=str(workspace.ben.id))
    done = await create(client, acme, due_at=at(days=2), title="Done")
    await act(client, done, "complete")
    queries.clear()
    cases: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({}, ["Soon", "Done", "Far"]),
        ({"sort": "-created_at"}, ["Done", "Soon", "Far"]),
        ({"state": "scheduled"}, ["Soon", "Far"]),
        ({"user_id": str(workspace.ben.id)}, ["Soon"]),
        ({"subject_id": [far["id"], soon["id"]], "subject_type": "task"}, ["Soon", "Far"]),
        ({"fire_at_gte": at(days=1, hours=1), "fire_at_lte": at(days=3)}, ["Done"]),
        ({"customer_id": acme, "limit": 1}, ["Soon"]),
    )
    for wanted, expected in cases:
        page = (await client.get("/v1/reminders", params=wanted)).json()
        assert [reminder["title"] for reminder in page["data"]] == expected, wanted
    assert len(queries) == 7


async def test_a_reminder_of_another_workspace_is_not_there(
    client: Client, clients: Clients, elsewhere: Workspace
) -> None:
    reminder = await reminder_of(client, await create(client))
    stranger = clients(elsewhere.admin.token)
    for path in ("", "/explain"):
        problem(await stranger.get(f"/v1/reminders/{reminder['id']}{path}"), 404, "not_found")
