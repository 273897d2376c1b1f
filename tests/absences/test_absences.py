"""Days on which somebody is away: who says so, and what follows."""

from datetime import date
from typing import Any

import pytest

from crm.calendars.prepared import calendar_of, calendars_of
from crm.clock import today
from crm.database import Access
from tests.care.people import chinese_calendar, customer
from tests.care.test_coverage import visited
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace


async def away(client: Client, first: str | date, last: str | date | None = None, **values: Any) -> dict[str, Any]:
    body = {"first_day": str(first), "last_day": str(last or first), **values}
    response = await client.post("/v1/absences", json=body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_one_says_when_one_is_away_and_cancels_it(client: Client, workspace: Workspace, events: Facts) -> None:
    made = await away(client, "2026-12-24", "2026-12-31")
    assert (made["user"], made["cancelled_at"]) == ({"id": str(workspace.admin.id), "name": "Ada Admin"}, None)
    path = f"/v1/absences/{made['id']}"
    assert (await client.get(path)).json() == made
    over = (await client.post(f"{path}/cancel")).json()
    assert over["cancelled_at"] is not None
    assert (await client.post(f"{path}/cancel")).json() == over
    assert (await client.get("/v1/absences")).json()["data"] == []
    assert (await client.get("/v1/absences?cancelled=true")).json()["data"] == [over]
    assert await events.types() == ["absence.planned", "absence.cancelled"]


async def test_each_day_counts_once(client: Client) -> None:
    first = await away(client, "2026-12-24", "2026-12-31")
    for days in (("2026-12-31", "2027-01-02"), ("2026-12-20", "2026-12-24"), ("2026-12-25", "2026-12-25")):
        body = {"first_day": days[0], "last_day": days[1]}
        problem(await client.post("/v1/absences", json=body), 409, "absence_overlaps")
    await away(client, "2027-01-01")
    await client.post(f"/v1/absences/{first['id']}/cancel")
    await away(client, "2026-12-25")
    near = {"first_day_lte": "2026-12-31", "last_day_gte": "2026-12-01"}
    found = (await client.get("/v1/absences", params=near)).json()["data"]
    assert [one["first_day"] for one in found] == ["2026-12-25"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_day": "2026-12-23"},
        {"last_day": "2028-01-01"},
        {"last_day": None},
        {"first_day": "soon"},
        {"first_day": "0001-01-01"},
        {"user_id": "01a1fcb0-3a00-7000-8000-000000000002"},
        {"reason": "ill"},
    ],
)
async def test_wrong_input_is_told(client: Client, wrong: dict[str, Any]) -> None:
    body = {"first_day": "2026-12-24", "last_day": "2026-12-31", **wrong}
    problem(await client.post("/v1/absences", json=body), 422, "unprocessable")


async def test_managers_speak_for_their_people_and_nobody_for_strangers(clients: Clients, workspace: Workspace) -> None:
    manager, anna, ben, service = (
        clients(getattr(workspace, who).token) for who in ("manager", "anna", "ben", "service")
    )
    of_anna = {"user_id": str(workspace.anna.id)}
    made = await away(manager, "2026-12-24", **of_anna)
    path = f"/v1/absences/{made['id']}"
    assert (await anna.get(path)).json() == made
    problem(await ben.get(path), 404, "not_found")
    body = {"first_day": "2026-12-28", "last_day": "2026-12-28"}
    for who in (ben, service):
        problem(await who.post("/v1/absences", json=body | of_anna), 422, "unprocessable")
    # A service agent sees everybody, and speaks for nobody else.
    problem(await service.post(f"{path}/cancel"), 409, "absence_of_another")
    of_admin = {"user_id": str(workspace.admin.id)}
    problem(await manager.post("/v1/absences", json=body | of_admin), 422, "unprocessable")
    assert (await anna.post(f"{path}/cancel")).json()["cancelled_at"] is not None
    program = clients(await workspace.key("absences:write"))
    problem(await program.post("/v1/absences", json=body), 422, "unprocessable")
    await away(program, "2026-12-28", **of_anna)


async def test_a_plan_leaves_room_for_fewer_visits_and_a_month_for_fewer_calls(client: Client) -> None:
    await chinese_calendar(client)
    # Monday to Sunday: five working days of December's 23. The first of January is nobody's.
    await away(client, "2026-12-07", "2026-12-13")
    await away(client, "2026-12-31", "2027-01-04")
    plan = (await client.post("/v1/visit-plans", json={"month": "2026-12-01"})).json()
    assert (plan["working_days"], plan["capacity"]) == (17, 51)
    # Leave that was planned after the plan: it is made anew.
    await away(client, "2026-12-14")
    anew = (await client.post(f"/v1/visit-plans/{plan['id']}/regenerate")).json()
    assert (anew["working_days"], anew["capacity"], anew["version"]) == (16, 48, plan["version"] + 1)
    month = (await client.get("/v1/call-list", params={"date": "2026-12-01"})).json()["month"]
    assert month["working_days"] == 16
    november = (await client.post("/v1/visit-plans", json={"month": "2026-11-01"})).json()
    assert november["working_days"] == 21


async def test_a_call_rate_counts_the_days_that_somebody_was_there(clients: Clients, workspace: Workspace) -> None:
    admin, anna = clients(workspace.admin.token), clients(workspace.anna.token)
    await chinese_calendar(admin)
    await away(anna, "2026-10-12", "2026-10-16")
    acme = await customer(anna)
    for who in (workspace.anna, workspace.admin):
        await visited(workspace, who, acme, "2026-10-20")
    found = (await admin.get("/v1/coverage", params={"from": "2026-10-01", "to": "2026-10-31"})).json()["data"]
    # October 2026 has 18 working days.
    assert {one["name"]: one["call_rate"]["n"] for one in found} == {"Anna Sales": 13, "Ada Admin": 18}


async def test_the_next_working_day_is_one_on_which_they_are_there(client: Client) -> None:
    day = today("Asia/Shanghai")
    usual = date.fromisoformat((await client.get("/v1/day")).json()["date"])
    assert usual > day
    planned = await away(client, day, usual)
    later = date.fromisoformat((await client.get("/v1/day")).json()["date"])
    assert later > usual
    await client.post(f"/v1/absences/{planned['id']}/cancel")
    assert (await client.get("/v1/day")).json()["date"] == str(usual)


async def test_only_what_asks_when_somebody_works_goes_by_it(
    client: Client, access: Access, workspace: Workspace
) -> None:
    monday, home = date(2027, 3, 1), workspace.admin.id
    planned = await away(client, monday, "2027-03-05")
    there = await calendar_of(access, home)
    assert there.working_days_after(monday, 0) == date(2027, 3, 8)
    assert there.working_days_before(date(2027, 3, 8), 1) == date(2027, 2, 26)
    assert await calendar_of(access, home) is not None
    # Whoever waits for somebody who is away waits by the calendar alone: their manager is told in time.
    assert (await calendars_of(access, [home]))[home].working_days_after(monday, 0) == monday
    await client.post(f"/v1/absences/{planned['id']}/cancel")
    assert (await calendar_of(access, home)).working_days_after(monday, 0) == monday
