"""Changing, rescheduling, starting and cancelling visits, through the front door."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Facts, problem
from tests.visits.steps import HERE, act, at, place, plan, report


async def test_a_planned_visit_can_be_changed_and_a_started_one_cannot(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id, lei, subject="New year")
    path = f"/v1/visits/{visit['id']}"
    changed = (await client.patch(path, json={"purpose": "sales", "subject": None, "contact_ids": []})).json()
    assert (changed["purpose"], changed["subject"], changed["contacts"], changed["version"]) == ("sales", None, [], 2)
    (fact,) = await events("visit.updated")
    assert fact["changes"] == {
        "purpose": ["care", "sales"],
        "subject": ["New year", None],
        "contact_ids": [[lei], []],
    }
    assert (await client.patch(path, json={"purpose": "sales"})).json() == changed
    assert (await client.patch(path, json={})).json() == changed
    refused = await client.patch(path, json={"contact_ids": [lei, str(uuid4())]})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/contact_ids/1"
    problem(await client.patch(path, json={"purpose": "care"}, headers={"If-Match": '"1"'}), 412, "stale")
    problem(await client.patch(path, json={"planned_start": at()}), 422, "unprocessable")
    await act(client, visit, "start")
    assert problem(await client.patch(path, json={"subject": "x"}), 409, "visit_not_planned")["state"] == "in_progress"
    assert len(await events("visit.updated")) == 1


async def test_a_rescheduled_visit_stays_itself_and_counts_its_moves(client: Client, events: Facts) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id)
    times = {"planned_start": "2027-01-04T01:00:00.000000Z", "planned_end": "2027-01-04T02:00:00.000000Z"}
    moved = (await act(client, visit, "reschedule", times | {"reason": "Snow"})).json()
    assert moved["id"] == visit["id"]
    assert (moved["reschedule_count"], moved["reschedule_reason"], moved["state"]) == (1, "Snow", "planned")
    assert {name: moved[name] for name in times} == times
    assert (await act(client, visit, "reschedule", times)).json() == moved
    assert len(await events("visit.rescheduled")) == 1
    late = times | {"planned_end": "2027-01-05T02:00:00Z"}
    refused = problem(await act(client, visit, "reschedule", late), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/planned_end"
    await act(client, visit, "start")
    refused = problem(await act(client, visit, "reschedule", times), 409, "visit_not_planned")
    assert refused["state"] == "in_progress"


async def test_a_visit_is_started_once(client: Client, events: Facts) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id)
    started = (await act(client, visit, "start")).json()
    assert (started["state"], started["check_in"], started["version"]) == ("in_progress", None, 2)
    assert started["started_at"] is not None
    assert problem(await act(client, visit, "start", {}), 409, "visit_not_planned")["state"] == "in_progress"
    assert len(await events("visit.started")) == 1


async def test_a_start_says_how_far_from_the_customer_and_whether_that_is_too_far(client: Client) -> None:
    customer_id, _ = await place(client, address=HERE)
    metres_per_degree = 111_195.08
    for metres, accuracy, out in ((0, None, False), (499, None, False), (501, None, True), (501, 10, False)):
        visit = await plan(client, customer_id)
        where = {"latitude": HERE["latitude"] + metres / metres_per_degree, "longitude": HERE["longitude"]}
        clock = "2026-11-22T09:00:00+08:00"
        body = {"location": where | {"accuracy_m": accuracy}, "device_time": clock}
        check_in = (await act(client, visit, "start", body)).json()["check_in"]
        assert (check_in["accuracy_m"], check_in["position"]) == (accuracy, "not_consented")
        assert check_in["device_time"] == "2026-11-22T01:00:00.000000Z"
        assert (check_in["distance_m"], check_in["out_of_range"]) == (metres, out)
        await act(client, visit, "cancel", {"reason": "The next one"})


async def test_the_distance_follows_the_globe(client: Client) -> None:
    customer_id, _ = await place(client, address=HERE)
    visit = await plan(client, customer_id)
    beijing = {"latitude": 39.9042, "longitude": 116.4074}
    check_in = (await act(client, visit, "start", {"location": beijing})).json()["check_in"]
    assert check_in["distance_m"] == pytest.approx(1_067_300, abs=1_000)
    assert check_in["out_of_range"] is True


@pytest.mark.parametrize("address", [{}, {"address": None}, {"address": {"city": "Shanghai"}}])
async def test_a_distance_that_is_not_known_is_not_made_up(client: Client, address: dict[str, Any]) -> None:
    customer_id, _ = await place(client, **address)
    visit = await plan(client, customer_id)
    check_in = (await act(client, visit, "start", {"location": HERE})).json()["check_in"]
    assert (check_in["distance_m"], check_in["out_of_range"]) == (None, None)


async def test_a_device_time_alone_is_kept_too(client: Client) -> None:
    customer_id, _ = await place(client, address=HERE)
    visit = await plan(client, customer_id)
    started = (await act(client, visit, "start", {"device_time": "2020-01-01T00:00:00Z"})).json()
    assert started["check_in"] == {
        "device_time": "2020-01-01T00:00:00.000000Z",
        "server_time": started["started_at"],
        "clock_off": True,
        "position": None,
        "accuracy_m": None,
        "distance_m": None,
        "out_of_range": None,
        "out_of_range_reason": None,
    }
    began = datetime.fromisoformat(started["started_at"])
    assert abs(datetime.fromisoformat(started["updated_at"]) - began) < timedelta(seconds=1)


@pytest.mark.parametrize("start_first", [False, True])
async def test_an_open_visit_can_be_cancelled_and_stays_so(client: Client, events: Facts, start_first: bool) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    if start_first:
        await act(client, visit, "start")
    problem(await act(client, visit, "cancel", {}), 422, "unprocessable")
    cancelled = (await act(client, visit, "cancel", {"reason": "Ill"})).json()
    assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", "Ill")
    for verb, body, code in (
        ("cancel", {"reason": "Again"}, "visit_closed"),
        ("start", {}, "visit_not_planned"),
        ("complete", report(lei), "visit_closed"),
    ):
        assert problem(await act(client, visit, verb, body), 409, code)["state"] == "cancelled"
    assert (await events.types())[-1] == "visit.cancelled"
