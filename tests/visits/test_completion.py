"""Completing visits, through the front door: the report, the next step, the race."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from crm.workspaces.settings import DEFAULTS
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import create as contact_of
from tests.factories import Workspace
from tests.visits.steps import HERE, act, at, place, plan, report

NEXT = {"title": "Send the offer", "due_at": "2027-01-05T10:00:00+08:00"}


def moment(text: str) -> datetime:
    """A moment from an answer."""
    return datetime.fromisoformat(text)


async def test_a_completed_visit_says_what_came_of_it_and_leaves_one_fact(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client, address=HERE)
    mei = (await contact_of(client, customer_id, name="Han Meimei"))["id"]
    visit = await plan(client, customer_id, lei)
    started = (await act(client, visit, "start")).json()
    body = {
        "result": " Signed. ",
        "met_contact_ids": [mei, lei],
        "none_needed": True,
        "customer_feedback": "Prices are fine.",
        "own_needs_shared": True,
        "location": HERE | {"accuracy_m": 12.5},
        "device_time": "2026-11-22T09:00:00+08:00",
    }
    response = await act(client, visit, "complete", body)
    completed = response.json()
    assert response.status_code == 200, response.text
    assert (completed["state"], completed["result"]) == ("completed", "Signed.")
    assert completed["met_contacts"] == [{"id": mei, "name": "Han Meimei"}, {"id": lei, "name": "Li Lei"}]
    assert (completed["customer_feedback"], completed["own_needs_shared"]) == ("Prices are fine.", True)
    assert completed["check_out"]["distance_m"] == 0
    assert completed["check_out"]["out_of_range"] is False
    assert completed["check_in"] is None
    assert completed["started_at"] == started["started_at"] < completed["completed_at"]
    assert completed["next_step"] is None
    assert (await client.get(f"/v1/visits/{visit['id']}")).content == response.content

    (fact,) = await events("visit.completed")
    assert fact["payload"] == completed
    assert fact["payload"]["customer_id"] == customer_id
    assert fact["payload"]["met_contact_ids"] == [mei, lei]
    assert fact["payload"]["owner_id"] == completed["owner"]["id"]
    assert fact["changes"]["state"] == ["in_progress", "completed"]
    assert await events("task.created") == []


async def test_the_next_step_becomes_a_task_of_the_owner_with_a_reminder(
    client: Client, stage: Stage, events: Facts, workspace: Workspace
) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id, owner_id=str(workspace.anna.id))
    completed = (await act(client, visit, "complete", report(lei, next_step=NEXT))).json()
    assert completed["next_step"] == {
        "title": "Send the offer",
        "due_at": "2027-01-05T02:00:00.000000Z",
        "due_on": None,
        "assignee_id": None,
    }
    (fact,) = await events("task.created")
    task = fact["payload"]
    assert (task["kind"], task["title"], task["due_at"]) == (
        "next_step",
        "Send the offer",
        "2027-01-05T02:00:00.000000Z",
    )
    assert task["assignee_id"] == str(workspace.anna.id)
    assert task["customer_id"] == customer_id
    assert task["subject"]["id"] == visit["id"]
    reminders = await stage.owner.fetch("SELECT user_id, fire_at FROM reminders WHERE workspace_id = $1", workspace.id)
    assert [(row["user_id"], row["fire_at"]) for row in reminders] == [
        (workspace.anna.id, datetime(2027, 1, 5, 2, tzinfo=UTC))
    ]


async def test_a_day_is_due_at_the_workspaces_reminder_time_and_somebody_else_may_do_it(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    step = {"title": "Call back", "due_on": "2027-01-05", "assignee_id": str(workspace.ben.id)}
    completed = (await act(client, visit, "complete", report(lei, next_step=step))).json()
    assert DEFAULTS["reminder_time"] == "09:00"
    assert completed["next_step"] == step | {"due_at": "2027-01-05T01:00:00.000000Z"}
    (fact,) = await events("task.created")
    assert fact["payload"]["due_at"] == "2027-01-05T01:00:00.000000Z"
    assert fact["payload"]["assignee_id"] == str(workspace.ben.id)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"result": " "}, "#/result"),
        ({"met_contact_ids": []}, "#/met_contact_ids"),
        ({"next_step": NEXT, "none_needed": True}, "#/next_step"),
        ({"none_needed": None}, "#"),
        ({"none_needed": False}, "#/none_needed"),
        ({"none_needed": None, "next_step": {"title": "x"}}, "#/next_step"),
        ({"none_needed": None, "next_step": NEXT | {"due_on": "2027-01-05"}}, "#/next_step"),
        ({"none_needed": None, "next_step": {"title": "x", "due_on": "9999-12-31"}}, "#/next_step/due_on"),
        (
            {"none_needed": None, "next_step": {"title": "x", "due_at": "0001-01-01T00:00:00+14:00"}},
            "#/next_step/due_at",
        ),
        ({"location": {"latitude": 91, "longitude": 0}}, "#/location/latitude"),
        ({"started_at": "2100-01-01T00:00:00Z"}, "#/started_at"),
    ],
)
async def test_a_report_that_lacks_something_is_refused(
    client: Client, events: Facts, wrong: dict[str, Any], pointer: str
) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    refused = problem(await act(client, visit, "complete", report(lei) | wrong), 422, "unprocessable")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert (await events.types())[-1] == "visit.planned"


async def test_whom_a_report_names_must_be_there(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace, events: Facts
) -> None:
    customer_id, lei = await place(client)
    _, of_another_customer = await place(client)
    _, theirs = await place(clients(elsewhere.admin.token))
    await workspace.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    visit = await plan(client, customer_id)

    def assigned(to: Any) -> dict[str, Any]:
        return {"none_needed": None, "next_step": NEXT | {"assignee_id": str(to)}}

    for wrong, pointer in (
        ({"met_contact_ids": [str(uuid4())]}, "#/met_contact_ids/0"),
        ({"met_contact_ids": [lei, of_another_customer]}, "#/met_contact_ids/1"),
        ({"met_contact_ids": [theirs, lei]}, "#/met_contact_ids/0"),
        (assigned(uuid4()), "#/next_step/assignee_id"),
        (assigned(elsewhere.anna.id), "#/next_step/assignee_id"),
        (assigned(workspace.ben.id), "#/next_step/assignee_id"),
    ):
        refused = problem(await act(client, visit, "complete", report(lei) | wrong), 422, "unprocessable")
        assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [(pointer, "not_found")]
    assert (await events.types())[-1] == "visit.planned"


async def test_one_who_has_left_since_may_have_been_met(client: Client) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id, lei)
    await client.post(f"/v1/contacts/{lei}/archive")
    completed = (await act(client, visit, "complete", report(lei))).json()
    assert completed["met_contacts"] == [{"id": lei, "name": "Li Lei"}]


async def test_a_visit_nobody_started_began_as_planned_or_as_reported_or_just_now(client: Client) -> None:
    customer_id, lei = await place(client)

    async def completed(ago: float, **more: Any) -> dict[str, Any]:
        times = {"planned_start": at(hours=ago), "planned_end": at(hours=ago - 1)}
        visit = await plan(client, customer_id, **times)
        done: dict[str, Any] = (await act(client, visit, "complete", report(lei) | more)).json()
        return done

    late = await completed(3)
    assert late["started_at"] == late["planned_start"]
    early = await completed(-3)
    assert early["started_at"] == early["completed_at"]
    began = at(hours=2)
    told = await completed(3, started_at=began)
    assert moment(told["started_at"]) == moment(began)
    for visit in (late, early, told):
        assert timedelta() <= datetime.now(UTC) - moment(visit["completed_at"]) < timedelta(minutes=1)


async def test_the_start_of_a_started_visit_cannot_be_told_otherwise(client: Client) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    await act(client, visit, "start")
    refused = await act(client, visit, "complete", report(lei) | {"started_at": at(hours=2)})
    assert problem(refused, 409, "visit_not_planned")["state"] == "in_progress"
    assert (await act(client, visit, "complete", report(lei))).status_code == 200


async def test_a_completed_visit_is_final(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    await act(client, visit, "complete", report(lei))
    for verb, body, code in (
        ("complete", report(lei), "visit_closed"),
        ("cancel", {"reason": "x"}, "visit_closed"),
        ("start", {}, "visit_not_planned"),
    ):
        assert problem(await act(client, visit, verb, body), 409, code)["state"] == "completed"
    refused = await act(client, visit, "complete", report(lei), headers={"If-Match": '"1"'})
    assert problem(refused, 412, "stale")["current_version"] == 2
    assert len(await events("visit.completed")) == 1


async def test_of_many_who_complete_a_visit_at_once_one_does(
    client: Client, events: Facts, stage: Stage, workspace: Workspace
) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    bodies = [report(lei, next_step=NEXT | {"title": f"Step {number}"}) for number in range(6)]
    answers = await asyncio.gather(*(act(client, visit, "complete", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            assert problem(answer, 409, "visit_closed")["state"] == "completed"
    (fact,) = await events("visit.completed")
    assert fact["payload"] == won
    (task,) = await events("task.created")
    assert task["payload"]["title"] == won["next_step"]["title"]


async def test_completing_and_cancelling_at_once_leaves_one_of_both(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client)
    for _ in range(5):
        visit = await plan(client, customer_id)
        answers = await asyncio.gather(
            act(client, visit, "complete", report(lei)), act(client, visit, "cancel", {"reason": "Ill"})
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await events("visit.completed")) + len(await events("visit.cancelled")) == 5


async def test_the_same_idempotency_key_completes_once_and_answers_twice(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    body, headers = report(lei, next_step=NEXT), {"Idempotency-Key": "done"}
    first = await act(client, visit, "complete", body, headers=headers)
    again = await act(client, visit, "complete", body, headers=headers)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert len(await events("task.created")) == 1


async def test_a_visit_to_a_customer_archived_meanwhile_can_be_closed(client: Client) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    await client.post(f"/v1/customers/{customer_id}/archive")
    assert (await act(client, visit, "complete", report(lei))).status_code == 200
