"""Visits that nobody planned, and what a day and a clock have to do with visits, through the front door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.visits.steps import HERE, act, at, place, plan, report

SHANGHAI = ZoneInfo("Asia/Shanghai")


def logged(customer_id: str, lei: str, **more: Any) -> dict[str, Any]:
    """A visit of an hour that ended an hour ago."""
    times = {"started_at": at(hours=2), "ended_at": at(hours=1)}
    return {"customer_id": customer_id, "purpose": "sales", **times, **report(lei, none_needed=True), **more}


async def test_a_visit_begins_without_a_plan(client: Client, events: Facts, workspace: Workspace) -> None:
    customer_id, lei = await place(client, address=HERE)
    body = {"customer_id": customer_id, "contact_ids": [lei], "purpose": "care", "location": HERE, "kind": "call"}
    begun = (await client.post("/v1/visits/start", json=body)).json()
    assert (begun["state"], begun["unplanned"], begun["kind"]) == ("in_progress", True, "call")
    assert begun["owner"]["name"] == "Ada Admin"
    assert begun["started_at"] == begun["planned_start"]
    assert begun["check_in"]["distance_m"] == 0
    (fact,) = await events("visit.started")
    assert (fact["payload"], fact["changes"]) == (begun, None)
    done = (await act(client, begun, "complete", report(lei))).json()
    assert (done["state"], done["unplanned"]) == ("completed", True)
    assert [one["id"] for one in (await client.get("/v1/visits?unplanned=true")).json()["data"]] == [done["id"]]
    assert (await client.get("/v1/visits?unplanned=false")).json()["data"] == []


async def test_an_unplanned_visit_stands_beside_a_planned_one(client: Client) -> None:
    customer_id, _ = await place(client)
    await plan(client, customer_id, planned_start=at(hours=1), planned_end=at(hours=-1))
    body = {"customer_id": customer_id, "purpose": "care"}
    begun = (await client.post("/v1/visits/start", json=body)).json()
    await act(client, begun, "cancel", {"reason": "By mistake"})
    await plan(client, customer_id, planned_start=at(hours=-2), planned_end=at(hours=-3))


async def test_a_visit_is_written_down_when_it_is_over(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client)
    body = logged(customer_id, lei, none_needed=None, next_step={"title": "Offer", "due_on": "2027-01-05"})
    response = await client.post("/v1/visits/log", json=body, headers={"Idempotency-Key": "once"})
    visit = response.json()
    assert response.status_code == 201, response.text
    assert (visit["state"], visit["unplanned"], visit["purpose"]) == ("completed", True, "sales")
    assert datetime.fromisoformat(visit["started_at"]) == datetime.fromisoformat(body["started_at"])
    assert datetime.fromisoformat(visit["completed_at"]) == datetime.fromisoformat(body["ended_at"])
    assert visit["reported_at"] > visit["completed_at"]
    assert [one["id"] for one in visit["met_contacts"]] == [lei]
    again = await client.post("/v1/visits/log", json=body, headers={"Idempotency-Key": "once"})
    assert again.content == response.content
    (fact,) = await events("visit.completed")
    assert fact["payload"] == visit
    (task,) = await events("task.created")
    assert task["payload"]["subject"] == {"type": "visit", "id": visit["id"]}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"ended_at": at(hours=-1)}, "#/ended_at"),
        ({"started_at": at(hours=1), "ended_at": at(hours=2)}, "#/ended_at"),
        ({"started_at": at(hours=48)}, "#/ended_at"),
        ({"met_contact_ids": ["01a1fcb0-3a00-7000-8000-000000000002"]}, "#/met_contact_ids/0"),
        ({"customer_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/customer_id"),
        ({"none_needed": None}, "#"),
    ],
)
async def test_what_is_written_down_must_have_been(
    client: Client, events: Facts, wrong: dict[str, Any], pointer: str
) -> None:
    customer_id, lei = await place(client)
    refused = await client.post("/v1/visits/log", json=logged(customer_id, lei) | wrong)
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == pointer
    assert await events("visit.completed") == []


async def test_after_some_days_it_is_too_late_to_write_a_visit_down(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    customer_id, lei = await place(client)
    for days, status in ((6.9, 201), (7.1, 409)):
        times = {"started_at": at(days=days, hours=1), "ended_at": at(days=days)}
        response = await client.post("/v1/visits/log", json=logged(customer_id, lei, **times))
        assert response.status_code == status, response.text
    assert problem(response, 409, "too_late_to_report")
    await client.patch("/v1/workspace", json={"settings": {"visits": {"report_days": 30}}})
    key, late = clients(await workspace.key("visits:write")), logged(customer_id, lei, **times)
    response = await key.post("/v1/visits/log", json=late | {"owner_id": str(workspace.anna.id)})
    assert response.status_code == 201, response.text


async def test_a_clock_that_runs_ahead_a_little_has_ended_now(client: Client) -> None:
    customer_id, lei = await place(client)
    times = {"ended_at": at(minutes=-3), "device_time": at(minutes=-3)}
    visit = (await client.post("/v1/visits/log", json=logged(customer_id, lei, **times))).json()
    assert visit["completed_at"] == visit["reported_at"]
    assert visit["check_out"]["clock_off"] is False
    times = {"ended_at": at(minutes=-8), "device_time": at(minutes=-8)}
    refused = problem(await client.post("/v1/visits/log", json=logged(customer_id, lei, **times)), 422, "unprocessable")
    assert refused["errors"][0]["code"] == "in_the_future"


@pytest.mark.parametrize(("minutes", "off"), [(0, False), (4, False), (-4, False), (6, True), (-6, True), (600, True)])
async def test_a_clock_that_is_off_is_marked(client: Client, minutes: float, off: bool) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id)
    started = (await act(client, visit, "start", {"device_time": at(minutes=minutes)})).json()
    assert started["check_in"]["clock_off"] is off
    assert started["check_in"]["server_time"] == started["started_at"]


async def test_what_ended_offline_ended_then(client: Client) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id, planned_start=at(hours=4), planned_end=at(hours=3))
    ended = at(hours=2.5)
    body = report(lei, none_needed=True, ended_at=ended, device_time=ended)
    done = (await act(client, visit, "complete", body)).json()
    assert done["started_at"] == visit["planned_start"]
    assert datetime.fromisoformat(done["completed_at"]) == datetime.fromisoformat(ended)
    assert done["check_out"]["clock_off"] is True
    other = await plan(client, customer_id, planned_start=at(hours=10), planned_end=at(hours=9))
    early = report(lei, none_needed=True, started_at=at(hours=5), ended_at=at(hours=6))
    refused = problem(await act(client, other, "complete", early), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/ended_at"


async def test_a_visit_is_made_on_its_day_and_a_manager_may_do_otherwise(
    clients: Clients, workspace: Workspace
) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    customer_id, lei = await place(anna)
    tomorrow = await plan(anna, customer_id, owner_id=str(workspace.anna.id))
    for verb, body in (("start", None), ("complete", report(lei))):
        refused = problem(await act(anna, tomorrow, verb, body), 409, "not_on_this_day")
        assert (refused["state"], refused["planned_start"]) == ("planned", tomorrow["planned_start"])
    past = {"planned_start": at(days=2), "planned_end": at(days=2, hours=-1)}
    earlier = await plan(anna, customer_id, **past)
    problem(await act(anna, earlier, "start"), 409, "not_on_this_day")
    assert (await act(anna, earlier, "complete", report(lei))).status_code == 200
    assert (await act(manager, tomorrow, "start")).status_code == 200


async def test_the_day_is_the_workspaces(client: Client, clients: Clients, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    customer_id, _ = await place(anna)
    today = datetime.now(UTC).astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    for offset, allowed in ((timedelta(minutes=-61), False), (timedelta(), True), (timedelta(days=1), False)):
        start = today + offset
        times = {"planned_start": start.isoformat(), "planned_end": (start + timedelta(hours=1)).isoformat()}
        visit = await plan(anna, customer_id, **times)
        assert ((await act(anna, visit, "start")).status_code == 200) is allowed, offset
        await act(anna, visit, "cancel", {"reason": "The next one"})
