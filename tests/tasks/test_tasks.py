"""Tasks through the front door: what was promised, by whom, until when, and the reminders that follow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


def at(**ahead: float) -> str:
    """A moment so far ahead of now, as the API writes it."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat(timespec="microseconds").replace("+00:00", "Z")


async def customer_of(client: Client, name: str = "Acme") -> str:
    """The id of a new customer."""
    response = await client.post("/v1/customers", json={"name": name}, params={"allow_duplicates": True})
    assert response.status_code == 201, response.text
    made: str = response.json()["id"]
    return made


async def create(client: Client, customer_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A task as it was created."""
    about = customer_id or await customer_of(client)
    body = {"title": "Send the offer", "subject": {"type": "customer", "id": about}, "due_at": at(days=2)} | more
    response = await client.post("/v1/tasks", json=body)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def act(client: Client, task: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The task after an action that must go well."""
    response = await client.post(f"/v1/tasks/{task['id']}/{verb}", json=body)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def planned(client: Client, task: dict[str, Any]) -> list[tuple[str, str]]:
    """When the task's reminders fire and how they stand, by moment."""
    page = (await client.get("/v1/reminders", params={"subject_type": "task", "subject_id": task["id"]})).json()
    return [(reminder["fire_at"], reminder["state"]) for reminder in page["data"]]


async def test_a_created_task_is_answered_as_it_is_read_and_leaves_its_fact(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    about = await customer_of(client)
    due = at(days=2)
    body = {"title": "Send the offer", "subject": {"type": "customer", "id": about}, "due_at": due}
    response = await client.post("/v1/tasks", json=body)
    created = response.json()
    assert response.headers["location"] == f"/v1/tasks/{created['id']}"
    assert created["assignee"] == {"id": str(workspace.admin.id), "name": "Ada Admin"}
    assert created["subject"] == {"type": "customer", "id": about}
    assert (created["customer_id"], created["state"], created["due_at"]) == (about, "open", due)
    assert created["reminders"] == [{"minutes_before": 0, "fire_at": due}]
    assert (await client.get(f"/v1/tasks/{created['id']}")).content == response.content

    (fact,) = await events("task.created")
    assert (fact["payload"], str(fact["customer_id"])) == (created, about)
    assert await planned(client, created) == [(due, "scheduled")]


@pytest.mark.parametrize("kind", ["contact", "visit"])
async def test_a_task_about_a_contact_or_a_visit_knows_its_customer(
    client: Client, stage: Stage, workspace: Workspace, kind: str
) -> None:
    about = await customer_of(client)
    rows = {
        "contact": "INSERT INTO contacts (workspace_id, customer_id, name, name_key) "
        "SELECT $1, $2, 'Wang Wei', 'wang wei' WHERE $3::uuid IS NOT NULL RETURNING id",
        "visit": "INSERT INTO visits (workspace_id, customer_id, owner_id, purpose, planned_start, planned_end) "
        "VALUES ($1, $2, $3, 'sales', now(), now() + interval '1 hour') RETURNING id",
    }
    subject_id = await stage.owner.fetchval(rows[kind], workspace.id, about, workspace.admin.id)
    created = await create(client, subject={"type": kind, "id": str(subject_id)})
    assert (created["subject"], created["customer_id"]) == ({"type": kind, "id": str(subject_id)}, about)


async def test_a_subject_one_cannot_see_does_not_exist_and_leaves_no_trace(
    clients: Clients, workspace: Workspace, events: Facts
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    hers = await customer_of(anna)
    for subject in (
        {"type": "customer", "id": hers},
        {"type": "customer", "id": str(uuid4())},
        {"type": "contact", "id": hers},
    ):
        body = {"title": "Call", "subject": subject, "due_at": at(days=1)}
        refused = problem(await ben.post("/v1/tasks", json=body), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == "#/subject/id"
    assert await events.types() == ["customer.created"]


async def test_someone_who_is_gone_can_be_given_no_task(
    client: Client, stage: Stage, workspace: Workspace, elsewhere: Workspace
) -> None:
    await stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    task = await create(client)
    for nobody in (str(workspace.ben.id), str(elsewhere.anna.id), str(uuid4())):
        body = {"title": "Call", "subject": task["subject"], "due_at": at(days=1), "assignee_id": nobody}
        for refused in (
            await client.post("/v1/tasks", json=body),
            await client.post(f"/v1/tasks/{task['id']}/reassign", json={"assignee_id": nobody}),
            await client.patch(f"/v1/tasks/{task['id']}", json={"assignee_id": nobody}),
        ):
            assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/assignee_id"


async def test_a_key_must_say_who_is_to_do_it(clients: Clients, client: Client, workspace: Workspace) -> None:
    key = clients(await workspace.key("tasks:write", "customers:read"))
    body = {"title": "Call", "subject": {"type": "customer", "id": await customer_of(client)}, "due_at": at(days=1)}
    refused = problem(await key.post("/v1/tasks", json=body), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/assignee_id"


async def test_an_id_that_is_taken_is_refused(client: Client) -> None:
    task = await create(client)
    body = {"id": task["id"], "title": "Again", "subject": task["subject"], "due_at": at(days=1)}
    problem(await client.post("/v1/tasks", json=body), 409, "already_exists")


async def test_reminders_are_planned_before_the_task_is_due(client: Client) -> None:
    due = datetime.now(UTC) + timedelta(days=2)
    wanted = [{"minutes_before": 60}, {"minutes_before": 1440}, {"minutes_before": 60}]
    task = await create(client, due_at=due.isoformat(), reminders=wanted)
    assert [reminder["minutes_before"] for reminder in task["reminders"]] == [1440, 60]
    assert await planned(client, task) == [(reminder["fire_at"], "scheduled") for reminder in task["reminders"]]
    assert datetime.fromisoformat(task["reminders"][0]["fire_at"]) == due - timedelta(days=1)


async def test_a_task_can_be_without_reminders(client: Client) -> None:
    task = await create(client, reminders=[])
    assert (task["reminders"], await planned(client, task)) == ([], [])


async def test_of_moments_that_are_past_only_the_last_is_said(client: Client) -> None:
    wanted = [{"minutes_before": minutes} for minutes in (2880, 1440, 60)]
    task = await create(client, due_at=at(minutes=30), reminders=wanted)
    assert await planned(client, task) == [(task["reminders"][-1]["fire_at"], "scheduled")]
    soon = await create(client, due_at=at(hours=2), reminders=wanted)
    assert await planned(client, soon) == [(soon["reminders"][-1]["fire_at"], "scheduled")]


async def test_another_moment_plans_the_reminders_anew_and_back_again(client: Client, events: Facts) -> None:
    task = await create(client)
    first, later = task["due_at"], at(days=5)
    moved = (await client.patch(f"/v1/tasks/{task['id']}", json={"due_at": later})).json()
    assert moved["reminders"] == [{"minutes_before": 0, "fire_at": later}]
    assert await planned(client, task) == [(first, "cancelled"), (later, "scheduled")]
    await client.patch(f"/v1/tasks/{task['id']}", json={"due_at": first})
    assert await planned(client, task) == [(first, "scheduled"), (later, "cancelled")]
    facts = await events("task.updated")
    assert facts[0]["payload"] == moved
    assert set(facts[0]["changes"]) == {"due_at"}


async def test_other_reminders_leave_those_that_still_fit(client: Client, stage: Stage) -> None:
    task = await create(client, reminders=[{"minutes_before": 60}, {"minutes_before": 0}])
    wanted = [{"minutes_before": 30}, {"minutes_before": 0}]
    changed = (await client.patch(f"/v1/tasks/{task['id']}", json={"reminders": wanted})).json()
    assert [reminder["minutes_before"] for reminder in changed["reminders"]] == [30, 0]
    assert [state for _, state in await planned(client, task)] == ["cancelled", "scheduled", "scheduled"]
    untouched = await stage.owner.fetchval(
        "SELECT version FROM reminders WHERE subject_id = $1 AND fire_at = $2::text::timestamptz",
        task["id"],
        task["due_at"],
    )
    assert untouched == 1


async def test_a_new_title_and_assignee_go_into_the_reminders(clients: Clients, workspace: Workspace) -> None:
    manager = clients(workspace.manager.token)
    task = await create(manager)
    await manager.patch(f"/v1/tasks/{task['id']}", json={"title": "Send two offers"})
    given = await act(manager, task, "reassign", assignee_id=str(workspace.ben.id))
    assert (given["assignee"]["name"], given["team_id"]) == ("Ben Sales", str(workspace.south))
    (reminder,) = (await clients(workspace.ben.token).get("/v1/reminders")).json()["data"]
    assert (reminder["title"], reminder["user_id"]) == ("Send two offers", str(workspace.ben.id))


@pytest.mark.parametrize(
    ("verb", "body", "state", "event"),
    [
        ("complete", {"outcome": "Signed"}, "done", "task.completed"),
        ("complete", {}, "done", "task.completed"),
        ("cancel", {"reason": "They closed down"}, "cancelled", "task.cancelled"),
    ],
)
async def test_a_closed_task_reminds_nobody_and_stays_as_it_is(
    client: Client, events: Facts, verb: str, body: dict[str, str], state: str, event: str
) -> None:
    task = await create(client)
    closed = await act(client, task, verb, **body)
    assert (closed["state"], closed["outcome"], closed["cancel_reason"]) == (
        state,
        body.get("outcome"),
        body.get("reason"),
    )
    assert (closed["completed_at"] is not None) == (state == "done")
    assert await planned(client, task) == [(task["due_at"], "cancelled")]
    (fact,) = await events(event)
    assert fact["payload"] == closed
    for refused in (
        await client.patch(f"/v1/tasks/{task['id']}", json={"title": "Other"}),
        await client.post(f"/v1/tasks/{task['id']}/complete", json={}),
        await client.post(f"/v1/tasks/{task['id']}/cancel", json={"reason": "No"}),
        await client.post(f"/v1/tasks/{task['id']}/snooze", json={"until": at(days=9)}),
        await client.post(f"/v1/tasks/{task['id']}/reassign", json={"assignee_id": task["assignee_id"]}),
    ):
        problem(refused, 409, "task_closed")


async def test_completing_needs_no_body(client: Client) -> None:
    task = await create(client)
    assert (await client.post(f"/v1/tasks/{task['id']}/complete")).json()["state"] == "done"


async def test_a_task_can_be_put_off_three_times(client: Client, events: Facts) -> None:
    task = await create(client)
    for days in (3, 4, 5):
        until = at(days=days)
        snoozed = await act(client, task, "snooze", until=until)
        assert (snoozed["due_at"], snoozed["snooze_count"]) == (until, days - 2)
    assert [state for _, state in await planned(client, task)] == ["cancelled"] * 3 + ["scheduled"]
    refused = await client.post(f"/v1/tasks/{task['id']}/snooze", json={"until": at(days=6)})
    problem(refused, 409, "snoozed_too_often")
    assert len(await events("task.snoozed")) == 3


async def test_a_task_is_put_off_to_a_later_moment_only(client: Client) -> None:
    overdue, ahead = await create(client, due_at=at(days=-2)), await create(client, due_at=at(days=2))
    for task, until in ((overdue, at(days=-1)), (ahead, at(days=1))):
        refused = await client.post(f"/v1/tasks/{task['id']}/snooze", json={"until": until})
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/until"


async def test_a_change_that_changes_nothing_leaves_no_fact(client: Client, events: Facts) -> None:
    task = await create(client)
    for body in ({"title": task["title"]}, {}, {"assignee_id": task["assignee_id"]}):
        assert (await client.patch(f"/v1/tasks/{task['id']}", json=body)).json() == task
    assert await act(client, task, "reassign", assignee_id=task["assignee_id"]) == task
    assert await events.types() == ["customer.created", "task.created"]


async def test_a_stale_copy_is_refused(client: Client) -> None:
    task = await create(client)
    path = f"/v1/tasks/{task['id']}"
    await client.patch(path, json={"note": "Mind the price"})
    refused = await client.post(f"{path}/complete", json={}, headers={"If-Match": '"1"'})
    assert problem(refused, 412, "stale")["current_version"] == 2


async def test_one_sees_ones_own_tasks_and_the_manager_those_of_the_team(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben, manager = (clients(who.token) for who in (workspace.anna, workspace.ben, workspace.manager))
    task = await create(anna)
    path = f"/v1/tasks/{task['id']}"
    for hidden in (
        await ben.get(path),
        await ben.patch(path, json={"title": "Mine"}),
        await ben.post(f"{path}/complete", json={}),
        await ben.post(f"{path}/snooze", json={"until": at(days=9)}),
    ):
        problem(hidden, 404, "not_found")
    assert (await ben.get("/v1/tasks")).json()["data"] == []
    assert (await manager.get(path)).json() == task
    (reminder,) = (await manager.get("/v1/reminders")).json()["data"]
    assert (await ben.get("/v1/reminders")).json()["data"] == []
    problem(await ben.get(f"/v1/reminders/{reminder['id']}"), 404, "not_found")
    problem(await ben.get(f"/v1/reminders/{reminder['id']}/explain"), 404, "not_found")


async def test_filters_narrow_and_what_is_due_comes_first(client: Client, workspace: Workspace) -> None:
    acme, globex = await customer_of(client), await customer_of(client, "Globex")
    late = await create(client, acme, due_at=at(days=-1), title="Late")
    soon = await create(client, globex, due_at=at(days=1), assignee_id=str(workspace.ben.id), title="Soon")
    far = await create(client, acme, due_at=at(days=9), kind="next_step", title="Far")
    done = await act(client, await create(client, acme, due_at=at(days=-3), title="Done"), "complete")
    for wanted, expected in (
        ({}, [done, late, soon, far]),
        ({"sort": "-created_at"}, [done, far, soon, late]),
        ({"overdue": True}, [late]),
        ({"overdue": False}, [done, soon, far]),
        ({"state": "open", "customer_id": acme}, [late, far]),
        ({"subject_type": "customer", "subject_id": globex}, [soon]),
        ({"assignee_id": str(workspace.ben.id)}, [soon]),
        ({"kind": ["next_step", "contact_due"]}, [far]),
        ({"due_at_gte": at(), "due_at_lte": at(days=2)}, [soon]),
    ):
        page = (await client.get("/v1/tasks", params={"include_total": True, **wanted})).json()
        assert [task["title"] for task in page["data"]] == [task["title"] for task in expected], wanted
        assert page["total"] == len(expected)


async def test_pages_of_tasks_follow_each_other(client: Client) -> None:
    acme = await customer_of(client)
    made = [(await create(client, acme, due_at=at(days=number)))["id"] for number in range(1, 6)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/tasks", params={"limit": 2, "overdue": False, **cursor})).json()
        seen += [task["id"] for task in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made


async def test_a_write_and_a_list_are_one_statement_each(client: Client, queries: list[str]) -> None:
    acme = await customer_of(client)
    task = await create(client, acme)
    queries.clear()
    await client.get("/v1/tasks", params={"include_total": True})
    assert len(queries) == 1
    queries.clear()
    await create(client, acme)
    await act(client, task, "complete")
    assert len(queries) == 2
