"""What is tied to a sale: tasks and reminders, by whoever sees it."""

from typing import Any

import pytest

from tests.conftest import Clients, problem
from tests.factories import Workspace
from tests.opportunities.selling import sell
from tests.tasks.test_tasks import at


@pytest.mark.parametrize(("path", "when"), [("/v1/tasks", "due_at"), ("/v1/reminders", "fire_at")])
async def test_who_sees_a_sale_ties_tasks_and_reminders_to_it(
    clients: Clients, workspace: Workspace, path: str, when: str
) -> None:
    sale = await sell(clients(workspace.anna.token))
    subject = {"type": "opportunity", "id": sale["id"]}
    body: dict[str, Any] = {"title": "Ask for the order", "subject": subject, when: at(days=2)}
    made = await clients(workspace.anna.token).post(path, json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["subject"], made.json()["customer_id"]) == (subject, sale["customer_id"])
    listed = await clients(workspace.anna.token).get(
        path, params={"subject_type": "opportunity", "subject_id": sale["id"]}
    )
    assert [one["id"] for one in listed.json()["data"]] == [made.json()["id"]]
    assert (await clients(workspace.manager.token).post(path, json=body)).status_code == 201
    refused = problem(await clients(workspace.ben.token).post(path, json=body), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/subject/id"
