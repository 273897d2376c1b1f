"""Birthdays in both calendars: the rules, what stands with a contact, and the round that keeps it in the future."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import clock
from crm.contacts.birthdays import lunar_birthday, lunar_months, next_birthday, solar_birthday, upcoming_birthday
from crm.contacts.rules import last_day
from services.worker.birthdays import turn_birthdays
from services.worker.rounds import Worker
from tests.conftest import Client, Facts
from tests.contacts.test_contacts import create, customer_of, names
from tests.worker.conftest import Backstage, backstage, until_idle, worker

__all__ = ["backstage", "worker"]


def lunar(month: int, day: int, *, leap: bool = False) -> dict[str, Any]:
    return {"calendar": "lunar", "year": None, "month": month, "leap": leap, "day": day}


def solar(month: int, day: int) -> dict[str, Any]:
    return {"calendar": "solar", "year": None, "month": month, "leap": False, "day": day}


def kept_in(birthday: dict[str, Any], year: int) -> list[str]:
    """The days of a Gregorian year on which the birthday is kept, one after another."""
    found: list[str] = []
    day = next_birthday(birthday, after=date(year - 1, 12, 31))
    while day.year == year:
        found.append(day.isoformat())
        day = next_birthday(birthday, after=day)
    return found


# domain.md D8, row by row.
@pytest.mark.parametrize(
    ("birthday", "in_2026", "in_2027", "in_2028"),
    [
        pytest.param(lunar(8, 15), ["2026-09-25"], ["2027-09-15"], ["2028-10-03"], id="plain"),
        pytest.param(lunar(1, 1), ["2026-02-17"], ["2027-02-06"], ["2028-01-26"], id="new year"),
        pytest.param(lunar(12, 30), ["2026-02-16"], ["2027-02-05"], ["2028-01-25"], id="only 29 days: the 29th"),
        pytest.param(lunar(6, 30), ["2026-08-12"], ["2027-08-01"], ["2028-08-19"], id="29 days in 2027 and 2028"),
        pytest.param(lunar(4, 10, leap=True), ["2026-05-26"], ["2027-05-15"], ["2028-05-04"], id="no leap 4th month"),
        pytest.param(lunar(6, 1, leap=True), ["2026-07-14"], ["2027-07-04"], ["2028-07-22"], id="no leap 6th month"),
        pytest.param(lunar(11, 25), ["2026-01-13"], ["2027-01-02", "2027-12-22"], [], id="twice, or not at all"),
    ],
)
def test_lunar_birthdays_fall_as_the_domain_says(
    birthday: dict[str, Any], in_2026: list[str], in_2027: list[str], in_2028: list[str]
) -> None:
    assert [kept_in(birthday, year) for year in (2026, 2027, 2028)] == [in_2026, in_2027, in_2028]


@pytest.mark.parametrize(
    ("born", "birthday"),
    [
        (date(1980, 9, 23), (1980, lunar(8, 15))),
        (date(1985, 2, 20), (1985, lunar(1, 1))),
        (date(1984, 2, 1), (1983, lunar(12, 30))),
        (date(2020, 6, 1), (2020, lunar(4, 10, leap=True))),
    ],
)
def test_the_lunar_day_of_a_birth_is_the_day_of_that_birth(born: date, birthday: tuple[int, dict[str, Any]]) -> None:
    year, kept = birthday
    assert lunar_birthday(kept, year) == born


def test_the_next_after_a_birthday_kept_twice_may_be_two_years_off() -> None:
    assert next_birthday(lunar(11, 25), after=date(2027, 1, 3)) == date(2027, 12, 22)
    assert next_birthday(lunar(11, 25), after=date(2027, 12, 22)).year == 2029


def test_a_leap_month_is_kept_where_the_year_has_it() -> None:
    leap, plain = (next_birthday(lunar(5, 10, leap=leap), after=date(2028, 1, 26)) for leap in (True, False))
    assert (leap, plain) == (date(2028, 7, 2), date(2028, 6, 2))


def test_the_29th_of_february_is_the_28th_in_common_years() -> None:
    assert [solar_birthday(solar(2, 29), year) for year in (2027, 2028, 2100)] == [
        date(2027, 2, 28),
        date(2028, 2, 29),
        date(2100, 2, 28),
    ]


def test_today_is_the_upcoming_birthday_until_it_is_over() -> None:
    day = date(2026, 9, 25)
    assert upcoming_birthday(lunar(8, 15), today=day) == day
    assert upcoming_birthday(lunar(8, 15), today=day + timedelta(days=1)) == date(2027, 9, 15)
    assert upcoming_birthday(None, today=day) is None


days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
lunar_birthdays = st.builds(lunar, st.integers(1, 12), st.integers(1, 30), leap=st.booleans())
solar_birthdays = st.integers(1, 12).flatmap(
    lambda month: st.integers(1, last_day("solar", month, None)).map(lambda day: solar(month, day))
)


@given(lunar_birthdays, days)
def test_the_next_lunar_birthday_is_in_the_future_and_at_most_13_lunar_months_away(
    birthday: dict[str, Any], after: date
) -> None:
    found = next_birthday(birthday, after=after)
    months = {
        month.begins_on for year in range(after.year - 1, after.year + 3) for month in lunar_months(year).values()
    }
    assert found > after
    assert len([begins for begins in months if after < begins <= found]) <= 13
    # Nothing is skipped: the same birthday in the lunar year before was over by then.
    assert (
        max(day for year in range(after.year - 2, after.year + 3) if (day := lunar_birthday(birthday, year)) < found)
        <= after
    )


@given(solar_birthdays, days)
def test_the_next_solar_birthday_is_within_a_year(birthday: dict[str, Any], after: date) -> None:
    assert timedelta(0) < next_birthday(birthday, after=after) - after <= timedelta(days=366)


async def test_a_contact_tells_its_next_birthday_and_forgets_it_with_the_birthday(
    client: Client, events: Facts
) -> None:
    today = clock.today("Asia/Shanghai")
    kept = lunar(8, 15)
    created = await create(client, await customer_of(client), birthday=kept)
    assert created["next_birthday_on"] == str(upcoming_birthday(kept, today=today))
    path = f"/v1/contacts/{created['id']}"
    moved = (await client.patch(path, json={"birthday": {"month": today.month, "day": today.day}})).json()
    assert moved["next_birthday_on"] == str(today)
    assert moved["birthday"] == solar(today.month, today.day)
    forgotten = (await client.patch(path, json={"birthday": None})).json()
    assert (forgotten["birthday"], forgotten["next_birthday_on"]) == (None, None)
    changes = [fact["changes"] for fact in await events("contact.updated")]
    assert all("next_birthday_on" in change for change in changes)


async def test_contacts_are_found_and_sorted_by_their_next_birthday(client: Client) -> None:
    customer_id = await customer_of(client)
    today = clock.today("Asia/Shanghai")
    for name, days_off in (("Soon", 3), ("Today", 0), ("Later", 40)):
        day = today + timedelta(days=days_off)
        await create(client, customer_id, name=name, birthday={"month": day.month, "day": day.day})
    await create(client, customer_id, name="Unknown")
    assert await names(client, sort="next_birthday_on") == ["Today", "Soon", "Later", "Unknown"]
    assert await names(client, sort="-next_birthday_on", limit=1) == ["Unknown"]
    soon = {"next_birthday_on_gte": str(today), "next_birthday_on_lte": str(today + timedelta(days=14))}
    assert await names(client, sort="next_birthday_on", **soon) == ["Today", "Soon"]
    assert await names(client, sort="next_birthday_on", next_birthday_on_gte=str(today + timedelta(days=1))) == [
        "Soon",
        "Later",
    ]
    assert len(await names(client, next_birthday_on_lte="9999-12-31")) == 3
    page = (await client.get("/v1/contacts", params={"sort": "next_birthday_on", "limit": 2})).json()
    assert await names(client, sort="next_birthday_on", cursor=page["next_cursor"]) == ["Later", "Unknown"]


async def born(backstage: Backstage, many: int, next_on: date | None) -> None:
    """People at a customer, all of them born on the Mid-Autumn Festival."""
    customer_id = await backstage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', 'A', 'a') RETURNING id",
        backstage.home.id,
    )
    await backstage.owner.execute(
        "INSERT INTO contacts (workspace_id, customer_id, name, name_key, birthday, next_birthday_on) "
        "SELECT $1, $2, 'P' || n, 'p' || n, $3, $4 FROM generate_series(1, $5::int) AS n",
        backstage.home.id,
        customer_id,
        lunar(8, 15),
        next_on,
        many,
    )


async def test_what_has_passed_is_turned_to_the_next_day_once_each(backstage: Backstage, worker: Worker) -> None:
    today = clock.local_date(datetime.now(UTC), "Asia/Shanghai")
    await born(backstage, 700, today - timedelta(days=1))
    await born(backstage, 1, None)
    await born(backstage, 2, today)
    await born(backstage, 1, date(2999, 1, 1))
    await until_idle(turn_birthdays, worker)
    found = await backstage.owner.fetch("SELECT next_birthday_on, count(*) FROM contacts GROUP BY 1 ORDER BY 1")
    expected = {today: 2, date(2999, 1, 1): 1}
    turned = upcoming_birthday(lunar(8, 15), today=today)
    assert turned is not None
    expected[turned] = expected.get(turned, 0) + 701
    assert {row[0]: row[1] for row in found} == expected
    assert await backstage.types() == ["contact.birthday_passed"] * 701
    fact = await backstage.owner.fetchrow("SELECT payload, changes FROM events LIMIT 1")
    assert fact is not None
    assert fact["payload"]["next_birthday_on"] == str(turned)
    assert fact["changes"]["next_birthday_on"][1] == str(turned)


async def test_a_day_that_is_done_is_not_looked_at_again_until_the_next(backstage: Backstage, worker: Worker) -> None:
    today = clock.local_date(datetime.now(UTC), "Asia/Shanghai")
    await until_idle(turn_birthdays, worker)
    await born(backstage, 1, today - timedelta(days=1))
    await until_idle(turn_birthdays, worker)
    assert await backstage.types() == []
    await backstage.owner.execute("UPDATE birthday_rounds SET done_for = done_for - 1")
    await until_idle(turn_birthdays, worker)
    assert await backstage.types() == ["contact.birthday_passed"]


async def test_a_batch_that_failed_is_done_again_and_spoils_nobody_elses_day(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = clock.local_date(datetime.now(UTC), "Asia/Shanghai")
    await born(backstage, 3, today - timedelta(days=1))
    await backstage.owner.execute("UPDATE contacts SET birthday = '{\"calendar\": \"lunar\"}' WHERE name = 'P2'")
    await backstage.owner.execute("INSERT INTO workspaces (name) VALUES ('Other')")
    await until_idle(turn_birthdays, worker)
    assert await backstage.types() == []
    assert await backstage.owner.fetchval("SELECT count(*) FROM birthday_rounds WHERE done_for IS NOT NULL") == 1
    await backstage.owner.execute("UPDATE contacts SET birthday = $1 WHERE name = 'P2'", lunar(8, 15))
    await until_idle(turn_birthdays, worker)
    assert await backstage.types() == ["contact.birthday_passed"] * 3
