"""What is tied to a sale: tasks, reminders and visits, by whoever sees it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.opportunities.selling import change, sell
from tests.tasks.test_tasks import at
from tests.visits.steps import act, asked, place, plan, report
from tests.visits.steps import at as ago


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


async def test_a_visit_says_for_which_sale_it_is_and_is_found_by_it(client: Client, events: Facts) -> None:
    customer_id, contact_id = await place(client)
    sale = await sell(client, customer_id)
    visit = await plan(client, customer_id, opportunity_id=sale["id"])
    await plan(client, customer_id)
    assert visit["opportunity_id"] == sale["id"]
    listed = await client.get("/v1/visits", params={"opportunity_id": sale["id"]})
    assert [one["id"] for one in listed.json()["data"]] == [visit["id"]]
    past = {"started_at": ago(hours=2), "ended_at": ago(hours=1), "opportunity_id": sale["id"], "purpose": "sales"}
    logged = await client.post("/v1/visits/log", json={"customer_id": customer_id, **past, **report(contact_id)})
    assert logged.status_code == 201, logged.text
    started = await client.post(
        "/v1/visits/start", json={"customer_id": customer_id, "purpose": "sales", "opportunity_id": sale["id"]}
    )
    assert started.status_code == 201, started.text
    assert {logged.json()["opportunity_id"], started.json()["opportunity_id"]} == {sale["id"]}
    soon = {"planned_start": ago(days=-9), "planned_end": ago(days=-9, hours=-1), "opportunity_id": sale["id"]}
    done = await act(client, started.json(), "complete", report(contact_id, next_visit=soon))
    followed = await client.get(f"/v1/visits/{done.json()['next_visit_id']}")
    assert followed.json()["opportunity_id"] == sale["id"]
    cleared = await client.patch(f"/v1/visits/{visit['id']}", json={"opportunity_id": None})
    assert cleared.json()["opportunity_id"] is None
    again = await client.patch(f"/v1/visits/{visit['id']}", json={"opportunity_id": sale["id"]})
    assert again.json()["opportunity_id"] == sale["id"]


async def test_a_visit_is_for_no_sale_of_another_customer_or_that_one_does_not_see(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    manager = clients(workspace.manager.token)
    mine, others = [await sell(anna, (await place(anna, name=name))[0]) for name in ("Mine", "Other")]
    visit = await plan(anna, mine["customer_id"])
    hers_for_him = await workspace.owner.fetchval(
        "UPDATE customers SET owner_id = $1 WHERE id = $2 RETURNING id::text", workspace.ben.id, mine["customer_id"]
    )
    for client, at_customer, sale_id in (
        (manager, mine["customer_id"], others["id"]),
        (manager, mine["customer_id"], str(uuid4())),
        (ben, hers_for_him, mine["id"]),
    ):
        refused = problem(
            await client.post("/v1/visits", json=asked(at_customer, opportunity_id=sale_id)), 422, "unprocessable"
        )
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/opportunity_id", "not_found")]
    refused = problem(
        await manager.patch(f"/v1/visits/{visit['id']}", json={"opportunity_id": others["id"]}), 422, "unprocessable"
    )
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/opportunity_id", "not_found")]


async def test_a_sale_with_visits_stays_with_its_customer_unless_customers_merge(client: Client) -> None:
    one, other = [(await place(client, name=name))[0] for name in ("One", "Other")]
    sale = await sell(client, one)
    visit = await plan(client, one, opportunity_id=sale["id"])
    refused = await client.patch(f"/v1/opportunities/{sale['id']}", json={"customer_id": other})
    problem(refused, 409, "sale_stays_with_its_customer")
    assert (await change(client, sale, name="Three lines"))["customer_id"] == one
    merged = await client.post("/v1/customers/merge", json={"winner_id": other, "loser_id": one})
    assert merged.status_code == 200, merged.text
    after = (await client.get(f"/v1/visits/{visit['id']}")).json()
    assert (after["customer_id"], after["opportunity_id"]) == (other, sale["id"])
    assert (await client.post(f"/v1/customers/{one}/unmerge")).status_code == 200
    assert (await client.get(f"/v1/visits/{visit['id']}")).json()["customer_id"] == one
