"""What a day holds for a person, and the way through it."""

from datetime import timedelta
from math import isclose
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.care.ways import length, metres, short_way
from crm.clock import today
from tests.care.people import at, chinese_calendar, customer
from tests.conftest import Client, Clients, problem
from tests.factories import Workspace

DAY = "2027-03-04"
CHONGQING = (29.56, 106.55)


async def visit(client: Client, customer_id: str, clock: str, day: str = DAY) -> str:
    start = at(day, clock)
    body = {
        "customer_id": customer_id, "purpose": "care", "planned_start": start.isoformat(),
        "planned_end": (start + timedelta(minutes=30)).isoformat(),
    }  # fmt: skip
    response = await client.post("/v1/visits", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def task(client: Client, customer_id: str, title: str, day: str) -> None:
    subject = {"type": "customer", "id": customer_id}
    body = {"title": title, "subject": subject, "due_at": at(day, "23:59").isoformat()}
    response = await client.post("/v1/tasks", json=body)
    assert response.status_code == 201, response.text


async def asked(client: Client, path: str, **query: Any) -> dict[str, Any]:
    response = await client.get(path, params={"date": DAY, **query})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_day_holds_its_visits_tasks_what_is_overdue_and_its_calls(client: Client, queries: list[str]) -> None:
    acme, key = await customer(client, "Acme"), await customer(client, "Key", **{"class": "key"})
    late, early = await visit(client, acme, "23:00"), await visit(client, key, "00:00")
    await visit(client, acme, "00:00", "2027-03-05")
    for who, title, day in ((acme, "today", DAY), (key, "today, key", DAY), (key, "late, key", "2027-03-03")):
        await task(client, who, title, day)
    await task(client, acme, "tomorrow", "2027-03-05")
    await client.patch(f"/v1/call-list/{acme}", json={"next_call_on": DAY})
    await client.patch(f"/v1/call-list/{key}", json={"next_call_on": "2027-03-05"})
    queries.clear()
    found = await asked(client, "/v1/day")
    assert len(queries) == 1
    assert [one["id"] for one in found["visits"]] == [early, late]
    assert sorted(one["title"] for one in found["tasks"]) == ["today", "today, key"]
    assert [one["title"] for one in found["overdue"]] == ["late, key"]
    assert [one["title"] for one in found["key_follow_ups"]] == ["late, key", "today, key"]
    assert [one["customer"]["name"] for one in found["calls"]] == ["Acme"]
    assert found["counts"] == {"visits": 2, "tasks": 2, "overdue": 1, "key_follow_ups": 2, "calls": 1, "complaints": 0}


async def test_without_a_date_it_is_the_next_working_day(client: Client) -> None:
    await chinese_calendar(client)
    response = await client.get("/v1/day")
    found = response.json()["date"]
    assert found > today("Asia/Shanghai").isoformat()
    month = (await client.get("/v1/call-list", params={"date": found})).json()["month"]
    assert month["working_days"] > 0


async def test_one_sees_the_days_of_those_one_looks_after(clients: Clients, workspace: Workspace) -> None:
    anna, ben, manager = (clients(getattr(workspace, who).token) for who in ("anna", "ben", "manager"))
    await visit(anna, await customer(anna), "10:00")
    for path, part in (("/v1/day", "visits"), ("/v1/route", "stops")):
        assert len((await asked(manager, path, user_id=str(workspace.anna.id)))[part]) == 1
        problem(await ben.get(path, params={"user_id": str(workspace.anna.id)}), 422, "unprocessable")


async def test_whoever_goes_along_has_the_visit_in_their_day(clients: Clients, workspace: Workspace) -> None:
    anna, ben, manager = (clients(getattr(workspace, who).token) for who in ("anna", "ben", "manager"))
    planned = await visit(anna, await customer(anna), "10:00")
    alone = await visit(anna, await customer(anna, "Alone"), "12:00")
    joint = {"supervisor_id": str(workspace.manager.id), "participant_ids": [str(workspace.ben.id)]}
    assert (await anna.patch(f"/v1/visits/{planned}", json=joint)).status_code == 200
    for client in (manager, ben):
        (one,) = (await asked(client, "/v1/day"))["visits"]
        assert (one["id"], one["owner_id"]) == (planned, str(workspace.anna.id))
        assert (await asked(client, "/v1/day"))["counts"]["visits"] == 1
    (stop,) = (await asked(manager, "/v1/route"))["stops"]
    assert stop["visit_id"] == planned
    assert [one["id"] for one in (await asked(anna, "/v1/day"))["visits"]] == [planned, alone]


async def placed(client: Client, workspace: Workspace, name: str, north_km: float, due_on: str | None) -> str:
    """So far north of the middle of Chongqing."""
    address = {"latitude": CHONGQING[0] + north_km / 111.195, "longitude": CHONGQING[1]}
    made = await customer(client, name, address=address)
    await workspace.owner.execute(
        "UPDATE customers SET next_contact_due_on = $2::text::date WHERE id = $1", UUID(made), due_on
    )
    return made


async def test_the_way_has_the_visits_in_order_and_due_customers_nearby(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    first, second = [await placed(client, workspace, name, km, DAY) for name, km in (("First", 0), ("Second", 5))]
    nowhere = await customer(client, "Nowhere")
    await visit(client, second, "14:00")
    await visit(client, first, "09:00")
    await visit(client, nowhere, "11:00")
    await placed(client, workspace, "Near", 6, "2027-03-01")
    await placed(client, workspace, "Far", 30, DAY)
    await placed(client, workspace, "Later", 1, "2027-03-05")
    await placed(client, workspace, "Beside", 1, DAY)
    lost = await customer(client, "Lost")
    await workspace.owner.execute(
        "UPDATE customers SET next_contact_due_on = $2::text::date WHERE id = $1", UUID(lost), DAY
    )
    queries.clear()
    found = await asked(client, "/v1/route")
    assert len(queries) == 1
    assert [stop["customer"]["name"] for stop in found["stops"]] == ["First", "Nowhere", "Second"]
    assert [stop["metres_from_previous"] for stop in found["stops"]][:2] == [None, None]
    assert isclose(found["stops"][2]["metres_from_previous"], 5000, abs_tol=10)
    suggested = {one["customer"]["name"]: one for one in found["suggestions"]}
    assert suggested.keys() == {"Near", "Beside"}
    assert isclose(suggested["Near"]["metres_away"], 1000, abs_tol=5)
    assert (suggested["Near"]["days_over"], suggested["Near"]["reasons"]) == (3, ["overdue", "never"])
    assert suggested["Beside"]["reasons"] == ["due", "never"]
    assert (suggested["Beside"]["place"], suggested["Near"]["place"]) == (1, 2)
    assert isclose(found["suggested_metres"], 6000, abs_tol=20)
    assert (found["stops_without_position"], found["due_without_position"]) == (1, 1)


async def test_a_day_without_visits_begins_where_one_stands(client: Client, workspace: Workspace) -> None:
    await placed(client, workspace, "Beside", 1, DAY)
    assert (await asked(client, "/v1/route"))["suggestions"] == []
    found = await asked(client, "/v1/route", start="29.56,106.55", radius_km=2)
    assert [one["customer"]["name"] for one in found["suggestions"]] == ["Beside"]
    assert (await asked(client, "/v1/route", start="29.56,106.55", radius_km=0.5))["suggestions"] == []
    for wrong in ("99,1", "here", "1;2", "1,181"):
        problem(await client.get("/v1/route", params={"start": wrong}), 422, "unprocessable")


PLACES = st.lists(st.tuples(st.floats(20, 50), st.floats(80, 120)), max_size=7)


@given(places=PLACES, start=st.one_of(st.none(), st.tuples(st.floats(20, 50), st.floats(80, 120))))
def test_a_short_way_goes_through_every_place_once_and_no_turn_shortens_it(
    places: list[tuple[float, float]], start: tuple[float, float] | None
) -> None:
    order = short_way(start, places)
    assert sorted(order) == list(range(len(places)))
    way = length(start, [places[index] for index in order])
    for first in range(0 if start else 1, len(order)):
        for last in range(first + 1, len(order)):
            turned = [*order[:first], *reversed(order[first : last + 1]), *order[last + 1 :]]
            assert way <= length(start, [places[index] for index in turned]) + 0.002


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [((0, 0), (0, 1), 111_195), ((31.23, 121.47), (39.9, 116.4), 1_067_000), ((1, 1), (1, 1), 0)],
)
def test_ways_are_measured_along_the_globe(a: tuple[float, float], b: tuple[float, float], expected: float) -> None:
    assert isclose(metres(a, b), expected, rel_tol=0.002, abs_tol=0.1)


@pytest.mark.parametrize("path", ["/v1/day", "/v1/route", "/v1/call-list"])
async def test_the_day_of_somebody_whose_records_one_does_not_see_is_refused(
    clients: Clients, workspace: Workspace, path: str
) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    for stranger in (workspace.ben.id, "01a1fcb0-3a00-7000-8000-000000000002"):
        refused = problem(await anna.get(path, params={"user_id": str(stranger)}), 422, "unprocessable")
        assert [error["pointer"] for error in refused["errors"]] == ["query:user_id"]
    for seen in (workspace.anna, workspace.ben, workspace.manager):
        assert (await manager.get(path, params={"user_id": str(seen.id)})).status_code == 200
    problem(await manager.get(path, params={"user_id": str(workspace.admin.id)}), 422, "unprocessable")
