"""An owner is in one place at a time, whoever asks at the same moment."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.visits.steps import act, asked, place, plan

NINE = datetime(2027, 2, 1, 1, tzinfo=UTC)


def hours(start: float, end: float) -> dict[str, str]:
    """From so many hours after nine to so many."""
    return {
        "planned_start": (NINE + timedelta(hours=start)).isoformat(),
        "planned_end": (NINE + timedelta(hours=end)).isoformat(),
    }


@pytest.mark.parametrize(
    ("start", "end", "free"), [(1, 2, True), (-1, 0, True), (0.5, 1.5, False), (0.2, 0.8, False), (-1, 3, False)]
)
async def test_whose_time_is_taken_is_told_by_what(client: Client, start: float, end: float, free: bool) -> None:
    customer_id, _ = await place(client)
    first = await plan(client, customer_id, **hours(0, 1))
    second = await client.post("/v1/visits", json=asked(customer_id, **hours(start, end)))
    if free:
        assert second.status_code == 201
        return
    refused = problem(second, 409, "owner_double_booked")
    told = ("id", "state", "planned_start", "planned_end")
    assert refused["other"] == {name: first[name] for name in told}


async def test_another_owner_or_another_workspace_is_free_at_that_time(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    customer_id, _ = await place(client)
    await plan(client, customer_id, **hours(0, 1))
    await plan(client, customer_id, owner_id=str(workspace.anna.id), **hours(0, 1))
    there = clients(elsewhere.admin.token)
    await plan(there, (await place(there))[0], **hours(0, 1))


async def test_what_one_does_not_see_is_in_the_way_without_a_name(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    hers, _ = await place(anna)
    await plan(client, hers, owner_id=str(workspace.anna.id), **hours(0, 1))
    bens, _ = await place(ben)
    refused = await ben.post("/v1/visits", json=asked(bens, owner_id=str(workspace.anna.id), **hours(0, 1)))
    assert "other" not in problem(refused, 409, "owner_double_booked")


async def test_what_is_closed_takes_no_time(client: Client) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id, **hours(0, 1))
    await act(client, visit, "cancel", {"reason": "Ill"})
    await plan(client, customer_id, **hours(0, 1))


async def test_of_two_at_one_time_only_one_can_be_confirmed(client: Client, events: Facts) -> None:
    customer_id, _ = await place(client)
    first = await plan(client, customer_id, **hours(0, 1))
    beside = await plan(client, customer_id, allow_overlap=True, **hours(0, 1))
    assert beside["overlap_allowed"] is True
    refused = problem(await act(client, beside, "confirm"), 409, "owner_double_booked")
    assert refused["other"]["id"] == first["id"]
    await act(client, first, "cancel", {"reason": "Ill"})
    confirmed = (await act(client, beside, "confirm")).json()
    assert (confirmed["state"], confirmed["overlap_allowed"]) == ("confirmed", False)
    (fact,) = await events("visit.confirmed")
    assert fact["changes"]["state"] == ["planned", "confirmed"]


async def test_a_visit_is_moved_only_to_where_there_is_time(client: Client) -> None:
    customer_id, _ = await place(client)
    first = await plan(client, customer_id, **hours(0, 1))
    second = await plan(client, customer_id, **hours(2, 3))
    refused = problem(await act(client, second, "reschedule", hours(0.5, 1.5)), 409, "owner_double_booked")
    assert refused["other"]["id"] == first["id"]
    key = {"Idempotency-Key": "inside a transaction"}
    refused = problem(await act(client, second, "reschedule", hours(0.5, 1.5), headers=key), 409, "owner_double_booked")
    assert refused["other"]["id"] == first["id"]
    moved = (await act(client, second, "reschedule", hours(0.5, 1.5) | {"allow_overlap": True})).json()
    assert (moved["overlap_allowed"], moved["reschedule_count"]) == (True, 1)
    moved = (await act(client, second, "reschedule", hours(1, 2))).json()
    assert moved["overlap_allowed"] is False


async def test_a_confirmed_visit_that_is_moved_is_to_be_confirmed_anew(client: Client) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id, **hours(0, 1))
    await act(client, visit, "confirm")
    changed = (await client.patch(f"/v1/visits/{visit['id']}", json={"subject": "New"})).json()
    assert changed["state"] == "confirmed"
    assert (await act(client, visit, "reschedule", hours(3, 4))).json()["state"] == "planned"


async def test_of_many_who_plan_at_once_one_has_the_time(client: Client, events: Facts) -> None:
    customer_id, _ = await place(client)
    for day in range(3):
        at_once = [hours(day * 24 + offset / 10, day * 24 + 1 + offset / 10) for offset in range(6)]
        answers = await asyncio.gather(
            *(client.post("/v1/visits", json=asked(customer_id, **times)) for times in at_once)
        )
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"owner_double_booked"}
    assert len(await events("visit.planned")) == 3


async def test_of_many_who_move_to_one_time_at_once_one_gets_it(client: Client) -> None:
    customer_id, _ = await place(client)
    visits = [await plan(client, customer_id, **hours(2 * n, 2 * n + 1)) for n in range(5)]
    there = hours(100, 101)
    answers = await asyncio.gather(*(act(client, visit, "reschedule", there) for visit in visits))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 4]
    (moved,) = [answer.json() for answer in answers if answer.status_code == 200]
    others = [answer.json()["other"]["id"] for answer in answers if answer.status_code == 409]
    assert set(others) == {moved["id"]}


async def test_planning_and_moving_at_once_never_double_books(client: Client, workspace: Workspace) -> None:
    customer_id, _ = await place(client)
    visits = [await plan(client, customer_id, **hours(2 * n, 2 * n + 1)) for n in range(3)]
    there: dict[str, Any] = hours(200, 201)
    answers = await asyncio.gather(
        *(act(client, visit, "reschedule", there) for visit in visits),
        *(client.post("/v1/visits", json=asked(customer_id, **there)) for _ in range(3)),
    )
    assert sorted(answer.status_code for answer in answers).count(409) == 5
    taken = await workspace.owner.fetchval(
        "SELECT count(*) FROM visits WHERE workspace_id = $1 AND planned_start = $2",
        workspace.id,
        NINE + timedelta(hours=200),
    )
    assert taken == 1


async def test_nobody_is_at_two_visits_at_once(client: Client, workspace: Workspace) -> None:
    customer_id, _ = await place(client)
    first, second = await plan(client, customer_id), await plan(client, customer_id)
    answers = await asyncio.gather(*(act(client, visit, "start") for visit in (first, second)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (begun,) = [answer.json() for answer in answers if answer.status_code == 200]
    (refused,) = [answer for answer in answers if answer.status_code == 409]
    assert problem(refused, 409, "another_visit_in_progress")["other"]["id"] == begun["id"]
    unplanned = {"customer_id": customer_id, "purpose": "care"}
    refused = await client.post("/v1/visits/start", json=unplanned)
    assert problem(refused, 409, "another_visit_in_progress")["other"]["id"] == begun["id"]
    other = unplanned | {"owner_id": str(workspace.anna.id)}
    assert (await client.post("/v1/visits/start", json=other)).status_code == 201
