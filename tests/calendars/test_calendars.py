"""Calendars through the front door: their weeks, their days, deadlines, and who goes by which."""

from datetime import UTC
from typing import Any

import pytest

from tests.calendars.stage import local
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace

WEEK = [
    {"weekday": weekday, "opens": opens, "closes": closes}
    for weekday in range(1, 6)
    for opens, closes in (("09:00", "12:00"), ("13:30", "18:00"))
]
NEW = {"name": "Service", "timezone": "Asia/Shanghai", "week": WEEK}
CHINESE = NEW | {"country": "CN"}


async def made(client: Client, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/calendars", json=CHINESE | fields)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def due(client: Client, calendar: dict[str, Any], start: str, minutes: int, **more: Any) -> dict[str, Any]:
    query = {"start": local(start).isoformat(), "minutes": minutes, **more}
    response = await client.get(f"/v1/calendars/{calendar['id']}/deadline", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def utc(text: str) -> str:
    return local(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


async def test_a_calendar_of_china_knows_its_holidays_and_what_it_does_not_know_yet(
    client: Client, events: Facts
) -> None:
    calendar = await made(client)
    assert calendar["years"]["2026"] == "announced"
    assert calendar["years"]["2027"] == "provisional"
    found = await due(client, calendar, "2026-09-30 16:30", 24 * 60)
    assert found["deadline"] == utc("2026-10-10 18:00")
    assert found["provisional"] is False
    assert found["ledger"] is None
    assert await events.types() == ["calendar.created"]


async def test_a_deadline_in_a_year_without_a_notice_is_given_and_marked(client: Client) -> None:
    calendar = await made(client)
    found = await due(client, calendar, "2026-12-31 17:00", 120)
    assert found["deadline"] == utc("2027-01-04 10:00"), "the first of January is sure"
    assert found["provisional"] is True
    assert (await due(client, calendar, "2045-06-01 09:00", 60))["provisional"] is True
    plain = await made(client, country=None)
    assert plain["years"] == {}
    assert (await due(client, plain, "2026-12-31 17:00", 120))["deadline"] == utc("2027-01-01 10:00")


async def test_the_ledger_is_given_when_asked_for(client: Client) -> None:
    calendar = await made(client)
    found = await due(client, calendar, "2026-09-30 16:30", 960, explain=True)
    assert found["deadline"] == utc("2026-10-09 17:30")
    assert [(line["reason"], line["name"]) for line in found["ledger"][:4]] == [
        ("working", None),
        ("night", None),
        ("holiday", "国庆节"),
        ("night", None),
    ]
    query: dict[str, Any] = {"start": "2026-01-01T00:00:00Z", "minutes": 366 * 24 * 60, "explain": True}
    wrong = problem(await client.get(f"/v1/calendars/{calendar['id']}/deadline", params=query), 422, "unprocessable")
    assert wrong["errors"][0]["pointer"] == "query:explain"
    query = {"start": "2999-12-01T00:00:00Z", "minutes": 100_000}
    problem(await client.get(f"/v1/calendars/{calendar['id']}/deadline", params=query), 422, "unprocessable")


async def test_what_somebody_says_of_a_day_holds_and_no_import_replaces_it(client: Client, events: Facts) -> None:
    calendar = await made(client)
    day = f"/v1/calendars/{calendar['id']}/days"
    hours = [{"opens": "10:00", "closes": "11:00"}]
    changed = await client.put(f"{day}/2026-11-23", json={"kind": "hours", "name": "Stock", "hours": hours})
    assert changed.status_code == 200, changed.text
    assert (await client.put(f"{day}/2026-10-08", json={"kind": "holiday", "name": "Ours"})).status_code == 200
    fact = (await events("calendar.days_changed"))[0]
    assert fact["changes"]["first_day"] == [None, "2026-11-23"]
    assert fact["changes"]["last_day"] == [None, "2026-11-23"]
    assert (await due(client, calendar, "2026-11-23 08:00", 61))["deadline"] == utc("2026-11-24 09:01")
    again = await client.post(f"/v1/calendars/{calendar['id']}/import-holidays", json={"country": "CN", "year": 2026})
    assert again.status_code == 200, again.text
    listed = (await client.get(day, params={"day_gte": "2026-10-07", "day_lte": "2026-11-30"})).json()["data"]
    assert [(each["day"], each["kind"], each["source"]) for each in listed] == [
        ("2026-10-07", "holiday", "package"),
        ("2026-10-08", "holiday", "manual"),
        ("2026-10-10", "workday", "package"),
        ("2026-11-23", "hours", "manual"),
    ]
    assert (await client.delete(f"{day}/2026-11-23")).status_code == 200
    assert (await due(client, calendar, "2026-11-23 08:00", 61))["deadline"] == utc("2026-11-23 10:01")
    problem(await client.delete(f"{day}/2026-11-23"), 404, "not_found")
    assert len(await events("calendar.days_changed")) == 4, "what was refused is no fact"


NOTICE = """day,kind,name
2026-12-31,休,元旦
2027-01-01,休,元旦
2027-01-02,holiday,元旦
2027-01-03,班,元旦
"""


async def test_a_notice_replaces_what_was_provisional(client: Client, events: Facts) -> None:
    calendar = await made(client)
    sent = {"year": 2027, "csv": NOTICE}
    response = await client.post(f"/v1/calendars/{calendar['id']}/import-notice", json=sent)
    assert response.status_code == 200, response.text
    assert response.json()["years"]["2027"] == "announced"
    found = await due(client, calendar, "2026-12-30 17:00", 120)
    assert found["deadline"] == utc("2027-01-03 10:00")
    assert found["provisional"] is False
    (fact,) = await events("calendar.days_changed")
    assert fact["changes"]["first_day"] == [None, "2026-12-31"]
    assert fact["changes"]["last_day"] == [None, "2027-12-31"]
    days = f"/v1/calendars/{calendar['id']}/days"
    listed = (await client.get(days, params={"day_gte": "2026-12-01", "day_lte": "2027-12-31"})).json()["data"]
    assert [each["source"] for each in listed] == ["notice"] * 4
    as_list = {"year": 2027, "days": [{"day": "2027-01-01", "kind": "holiday", "name": "元旦"}]}
    assert (await client.post(f"/v1/calendars/{calendar['id']}/import-notice", json=as_list)).status_code == 200


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"csv": "2027-01-01,休,a\n2027-01-01,休,b"}, "#/csv/2"),
        ({"csv": "2027-01-01,party,a"}, "#/csv/1"),
        ({"csv": "tomorrow,休"}, "#/csv/1"),
        ({"csv": "2026-11-01,休"}, "#/csv/1"),
        ({"csv": "day,kind,name\n"}, "#/csv"),
        ({"days": [{"day": "2028-01-01", "kind": "holiday"}]}, "#/days/0"),
        ({}, "#/days"),
    ],
)
async def test_a_notice_that_cannot_be_one_is_refused_by_its_row(
    client: Client, events: Facts, sent: dict[str, Any], pointer: str
) -> None:
    calendar = await made(client)
    response = await client.post(f"/v1/calendars/{calendar['id']}/import-notice", json={"year": 2027} | sent)
    assert problem(response, 422, "unprocessable")["errors"][0]["pointer"] == pointer
    assert await events("calendar.days_changed") == []


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"week": []}, "#/week"),
        ({"week": [{"weekday": 1, "opens": "09:00", "closes": "09:00"}]}, "#/week"),
        ({"week": [{"weekday": 8, "opens": "09:00", "closes": "10:00"}]}, "#/week/0/weekday"),
        ({"week": [*WEEK, {"weekday": 1, "opens": "11:00", "closes": "12:30"}]}, "#/week"),
        ({"week": [{"weekday": 1, "opens": "9:00", "closes": "24:01"}]}, "#/week/0/opens"),
        ({"timezone": "Mars/Olympus"}, "#/timezone"),
        ({"country": "ZZ"}, "#/country"),
        ({"country": "DE", "subdivision": "XX"}, "#/subdivision"),
        ({"country": None, "subdivision": "BY"}, "#/subdivision"),
    ],
)
async def test_a_calendar_that_cannot_be_one_is_refused(client: Client, sent: dict[str, Any], pointer: str) -> None:
    wrong = problem(await client.post("/v1/calendars", json=CHINESE | sent), 422, "unprocessable")
    assert pointer in {each["pointer"] for each in wrong["errors"]}


async def test_a_day_of_other_hours_says_which_and_a_holiday_has_none(client: Client) -> None:
    calendar = await made(client)
    day = f"/v1/calendars/{calendar['id']}/days/2026-11-23"
    problem(await client.put(day, json={"kind": "hours"}), 422, "unprocessable")
    hours = [{"opens": "10:00", "closes": "11:00"}]
    problem(await client.put(day, json={"kind": "holiday", "hours": hours}), 422, "unprocessable")
    problem(await client.put(day.replace("2026", "1800"), json={"kind": "holiday"}), 422, "unprocessable")


async def test_other_countries_have_their_own_holidays(client: Client) -> None:
    munich = await made(client, country="DE", subdivision="BY", timezone="Europe/Berlin")
    listed = await client.get(f"/v1/calendars/{munich['id']}/days", params={"day_gte": "2026-06-01", "limit": 1})
    assert listed.json()["data"][0]["day"] == "2026-06-04", "Corpus Christi"
    assert munich["years"]["2027"] == "announced"


async def test_a_new_week_holds_at_once(client: Client, events: Facts) -> None:
    calendar = await made(client)
    path = f"/v1/calendars/{calendar['id']}"
    assert (await due(client, calendar, "2026-11-23 17:00", 120))["deadline"] == utc("2026-11-24 10:00")
    week = [{"weekday": weekday, "opens": "00:00", "closes": "24:00"} for weekday in range(1, 8)]
    changed = await client.patch(path, json={"week": week, "name": "Always"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert (await due(client, calendar, "2026-11-23 17:00", 120))["deadline"] == utc("2026-11-23 19:00")
    problem(await client.patch(path, json={"name": "Late"}, headers={"If-Match": '"1"'}), 412, "stale")
    assert (await client.patch(path, json={"timezone": "Europe/Berlin"})).json()["timezone"] == "Europe/Berlin"
    assert await events.types() == ["calendar.created", "calendar.updated", "calendar.updated"]


async def test_a_calendar_in_use_is_not_archived_and_an_archived_one_not_used(
    client: Client, workspace: Workspace
) -> None:
    calendar = await made(client)
    path = f"/v1/calendars/{calendar['id']}"
    team = f"/v1/teams/{workspace.north}"
    assert (await client.patch(team, json={"calendar_id": calendar["id"]})).json()["calendar_id"] == calendar["id"]
    in_use = problem(await client.post(f"{path}/archive"), 409, "calendar_in_use")
    assert in_use["used_by"] == [{"type": "team", "id": str(workspace.north), "name": "North"}]
    await client.patch(team, json={"calendar_id": None})
    assert (await client.post(f"{path}/archive")).json()["archived_at"] is not None
    assert (await client.post(f"{path}/archive")).status_code == 200
    wrong = problem(await client.patch(team, json={"calendar_id": calendar["id"]}), 422, "unprocessable")
    assert wrong["errors"][0]["pointer"] == "#/calendar_id"
    for refused in (
        await client.patch(path, json={"name": "x"}),
        await client.put(f"{path}/days/2026-11-23", json={"kind": "holiday"}),
        await client.post(f"{path}/import-holidays", json={"country": "CN", "year": 2027}),
    ):
        problem(refused, 409, "calendar_archived")
    assert (await client.get("/v1/calendars", params={"archived": True})).json()["data"][0]["id"] == calendar["id"]
    assert (await client.get("/v1/calendars")).json()["data"] == []
    assert (await client.post(f"{path}/restore")).json()["archived_at"] is None


async def test_only_administrators_change_calendars_and_everyone_reads_them(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    calendar = await made(client)
    anna = clients(workspace.anna.token)
    assert (await anna.get(f"/v1/calendars/{calendar['id']}")).status_code == 200
    problem(await anna.patch(f"/v1/calendars/{calendar['id']}", json={"name": "Mine"}), 403, "scope_missing")


async def test_a_stranger_finds_no_calendar(client: Client, clients: Clients, elsewhere: Workspace) -> None:
    calendar = await made(client)
    stranger, path = clients(elsewhere.admin.token), f"/v1/calendars/{calendar['id']}"
    query: dict[str, Any] = {"start": "2026-11-23T01:00:00Z", "minutes": 5}
    problem(await stranger.get(path), 404, "not_found")
    problem(await stranger.get(f"{path}/deadline", params=query), 404, "not_found")
    problem(await stranger.put(f"{path}/days/2026-11-23", json={"kind": "holiday"}), 404, "not_found")
    problem(await stranger.get(f"{path}/days"), 404, "not_found")
    for place in ("workspace", f"teams/{elsewhere.north}", f"users/{elsewhere.anna.id}"):
        chosen = await stranger.patch(f"/v1/{place}", json={"calendar_id": calendar["id"]})
        assert problem(chosen, 422, "unprocessable")["errors"][0]["pointer"] == "#/calendar_id"
    assert (await stranger.get("/v1/calendars")).json()["data"] == []


async def test_lists_and_deadlines_take_one_statement_once_prepared(client: Client, queries: list[str]) -> None:
    calendar = await made(client)
    await due(client, calendar, "2026-11-23 17:00", 120)
    for path in (
        "/v1/calendars",
        f"/v1/calendars/{calendar['id']}/days",
        f"/v1/calendars/{calendar['id']}/deadline?start=2026-11-23T01:00:00Z&minutes=60",
    ):
        queries.clear()
        assert (await client.get(path)).status_code == 200
        assert len([each for each in queries if "set_config" not in each]) == 1, queries
