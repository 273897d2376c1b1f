"""Who goes by which calendar, and counting working days for many people in one statement."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from sqlalchemy import Date, Integer, Select, bindparam, func, select

from crm.calendars.hours import OFFICE
from crm.calendars.prepared import calendar_of, calendars_of, workspace_calendar
from crm.calendars.whose import is_working_day, user_calendars, working_days_after, working_days_before
from crm.clock import today
from crm.database import Access, Database, statement
from tests.calendars.stage import CHINA, local
from tests.calendars.test_calendars import made
from tests.conftest import Client, Stage
from tests.factories import Workspace

NIGHT = [{"weekday": 6, "opens": "20:00", "closes": "24:00"}]


@pytest_asyncio.fixture
async def as_worker(stage: Stage, workspace: Workspace) -> AsyncIterator[Access]:
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=1)
    yield database.writing(workspace.admin.actor)
    await database.close()


async def chosen(client: Client, path: str, calendar_id: str | None) -> None:
    response = await client.patch(path, json={"calendar_id": calendar_id})
    assert response.status_code == 200, response.text
    assert response.json()["calendar_id"] == calendar_id


async def test_a_person_goes_by_their_own_calendar_else_the_teams_above_else_the_workspaces(
    client: Client, workspace: Workspace, access: Access
) -> None:
    ben, service = workspace.ben.id, workspace.service.id
    plain = await calendar_of(access, ben)
    assert (plain.zone, plain.week, plain.days) == ("Asia/Shanghai", OFFICE, {}), "a workspace without any"
    zones = ["Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Oslo"]
    of_workspace, of_north, of_south, of_ben = [
        (await made(client, timezone=zone, country=None))["id"] for zone in zones
    ]
    expected = {ben: "Europe/Berlin", service: "Europe/Berlin"}

    async def zones_now() -> dict[UUID, str]:
        return {user_id: time.zone for user_id, time in (await calendars_of(access, [ben, service])).items()}

    await chosen(client, "/v1/workspace", of_workspace)
    assert await zones_now() == expected
    await chosen(client, f"/v1/teams/{workspace.north}", of_north)
    assert await zones_now() == expected | {ben: "Europe/Paris"}, "the team above Ben's"
    await chosen(client, f"/v1/teams/{workspace.south}", of_south)
    assert await zones_now() == expected | {ben: "Europe/Rome"}
    await chosen(client, f"/v1/users/{ben}", of_ben)
    assert await zones_now() == expected | {ben: "Europe/Oslo"}
    await chosen(client, f"/v1/users/{ben}", None)
    assert await zones_now() == expected | {ben: "Europe/Rome"}
    assert (await calendar_of(access, uuid4())).zone == "Europe/Berlin", "for somebody who is not there"
    assert (await workspace_calendar(access)).zone == "Europe/Berlin"


async def test_a_calendar_is_prepared_once_and_anew_when_it_changes(
    client: Client, workspace: Workspace, access: Access, queries: list[str]
) -> None:
    calendar = await made(client)
    await chosen(client, "/v1/workspace", calendar["id"])
    first = await calendar_of(access, workspace.anna.id)
    queries.clear()
    assert await calendar_of(access, workspace.anna.id) is first
    assert len([each for each in queries if "set_config" not in each]) == 1
    day = f"/v1/calendars/{calendar['id']}/days/2026-11-23"
    assert (await client.put(day, json={"kind": "holiday", "name": "Ours"})).status_code == 200
    again = await calendar_of(access, workspace.anna.id)
    assert again.deadline(local("2026-11-23 10:00"), 60) == local("2026-11-24 10:00")
    assert first.deadline(local("2026-11-23 10:00"), 60) == local("2026-11-23 11:00"), "a value does not change"


@statement
def _counted() -> Select[Any]:
    """Every day of a range for one person, with the days so many working days away."""
    of = user_calendars()
    series = func.generate_series(
        bindparam("first", type_=Date), bindparam("last", type_=Date), func.make_interval(0, 0, 0, 1)
    )
    days = select(func.date(series).label("day")).cte("days")
    of_calendar, day, n = of.c.calendar_id, days.c.day, bindparam("n", type_=Integer)
    return (
        select(
            days.c.day,
            is_working_day(of_calendar, day).label("worked"),
            working_days_before(of_calendar, day, n).label("before"),
            working_days_after(of_calendar, day, n).label("after"),
        )
        .select_from(days.join(of, of.c.user_id == bindparam("user_id")))
        .order_by(days.c.day)
    )


async def test_statements_count_as_the_calendar_does(client: Client, workspace: Workspace, as_worker: Access) -> None:
    await chosen(client, "/v1/workspace", (await made(client))["id"])
    time = await calendar_of(as_worker, workspace.anna.id)
    assert time.days.items() >= CHINA.days.items()
    for n in (0, 1, 3, 15):
        rows = await as_worker.rows(
            _counted(), first=date(2026, 1, 1), last=date(2026, 12, 31), n=n, user_id=workspace.anna.id
        )
        assert len(rows) == 365
        for row in rows:
            assert row["worked"] == time.is_working_day(row["day"])
            assert row["before"] == time.working_days_before(row["day"], n), (row["day"], n)
            assert row["after"] == time.working_days_after(row["day"], n), (row["day"], n)


async def test_statements_say_nothing_of_years_that_are_not_kept(
    client: Client, workspace: Workspace, as_worker: Access
) -> None:
    await chosen(client, "/v1/workspace", (await made(client))["id"])
    year = today("Asia/Shanghai").year
    last = date(year + 2, 12, 31)
    beyond, edge = last + timedelta(days=1), last - timedelta(days=1)
    rows = await as_worker.rows(_counted(), first=edge, last=beyond, n=5, user_id=workspace.anna.id)
    assert [row["before"] is None for row in rows] == [False, False, True]
    assert [row["after"] for row in rows] == [None, None, None]


async def test_a_change_of_days_or_week_numbers_them_anew(
    client: Client, workspace: Workspace, as_worker: Access
) -> None:
    calendar = await made(client)
    await chosen(client, "/v1/workspace", calendar["id"])
    path = f"/v1/calendars/{calendar['id']}"

    async def after(day: date) -> date:
        rows = await as_worker.rows(_counted(), first=day, last=day, n=1, user_id=workspace.anna.id)
        found: date = rows[0]["after"]
        return found

    friday = date(2026, 11, 20)
    assert await after(friday) == date(2026, 11, 23)
    await client.put(f"{path}/days/2026-11-22", json={"kind": "workday"})
    assert await after(friday) == date(2026, 11, 22)
    await client.delete(f"{path}/days/2026-11-22")
    assert await after(friday) == date(2026, 11, 23)
    await client.patch(path, json={"week": NIGHT})
    assert await after(friday) == date(2026, 11, 21)
