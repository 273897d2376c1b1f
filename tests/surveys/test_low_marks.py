"""A bad mark makes a task for whoever answers for the one who handled it, within one working day."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.calendars.hours import OFFICE, SpecialDay
from crm.calendars.working_time import WorkingTime, around_the_clock
from crm.surveys.following import is_low, one_working_day_after
from tests.surveys.conftest import House

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("csat", "nps", "low"),
    [(1, None, True), (2, None, True), (3, None, False), (5, 6, True), (5, 7, False), (3, 10, False), (5, 0, True)],
)
def test_two_or_less_or_a_detractor_is_low(csat: int, nps: int | None, low: bool) -> None:
    assert is_low(csat, nps) is low


def local(text: str) -> datetime:
    """A moment by the clocks of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("answered", "due"),
    [
        ("2026-11-25T15:00", "2026-11-26T15:00"),  # Wednesday
        ("2026-11-27T15:00", "2026-11-30T15:00"),  # Friday
        ("2026-11-28T10:00", "2026-11-30T18:00"),  # Saturday
        ("2026-11-25T22:00", "2026-11-26T18:00"),  # after work
        ("2026-11-25T08:00", "2026-11-25T18:00"),  # before work
    ],
)
def test_one_working_day_later_by_the_calendar(answered: str, due: str) -> None:
    calendar = WorkingTime("Asia/Shanghai", OFFICE)
    found = one_working_day_after(calendar, local(answered), calendar.zone).astimezone(SHANGHAI)
    assert found == local(due)


def test_a_holiday_in_between_does_not_count() -> None:
    friday = local("2026-11-27T15:00")
    calendar = WorkingTime("Asia/Shanghai", OFFICE, {local("2026-11-30T00:00").date(): SpecialDay("holiday", "x", ())})
    assert one_working_day_after(calendar, friday, calendar.zone).astimezone(SHANGHAI) == local("2026-12-01T15:00")


def test_around_the_clock_it_is_a_day() -> None:
    moment = datetime(2026, 11, 28, 10, tzinfo=UTC)
    assert one_working_day_after(around_the_clock(), moment, "UTC") == moment + timedelta(days=1)


async def answer(house: House, said: dict[str, Any], **complaint: Any) -> Any:
    """Somebody says this of how it went; the tasks that come of it."""
    closed = await house.resolved(None, **complaint)
    await house.owner.execute(
        "UPDATE complaints SET state = 'closed', closed_at = now(), closed_because = 'confirmed' WHERE id = $1", closed
    )
    admin = house.office.client(house.office.home.admin)
    url = (await admin.post(f"/v1/complaints/{closed}/survey")).json()["url"]
    token = url.rsplit("/", 2)[1]
    sent = await house.stranger().post(f"/v1/public/surveys/{token}", json=said)
    assert sent.status_code == 204, sent.text
    await house.settle()
    return await house.owner.fetch("SELECT * FROM tasks WHERE subject_id = $1", closed)


async def test_the_assignees_manager_is_to_call_within_one_working_day(house: House) -> None:
    home = house.office.home
    await house.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.north, home.manager.id)
    (task,) = await answer(house, {"csat": 2, "nps": 3}, assignee_id=home.anna.id)
    assert (task["assignee_id"], task["kind"], task["subject_type"]) == (home.manager.id, "callback", "complaint")
    assert task["title"].endswith("satisfaction 2 of 5, recommendation 3 of 10")
    assert datetime.now(UTC) < task["due_at"] <= datetime.now(UTC) + timedelta(days=14)
    await house.owner.execute("UPDATE reactions SET state = 'pending', next_attempt_at = now(), attempts = 0")
    await house.settle()
    assert await house.owner.fetchval("SELECT count(*) FROM tasks WHERE kind = 'callback'") == 1


async def test_a_good_mark_makes_no_task(house: House) -> None:
    assert await answer(house, {"csat": 3, "nps": 7}) == []
    assert await answer(house, {"csat": 5}) == []


async def test_without_a_manager_the_task_goes_up_and_never_to_whom_it_is_about(house: House) -> None:
    home = house.office.home
    (task,) = await answer(house, {"csat": 1}, assignee_id=home.service.id)
    assert task["assignee_id"] == home.admin.id
    await house.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.north, home.manager.id)
    (task,) = await answer(
        house, {"csat": 5, "nps": 6}, assignee_id=home.anna.id, team_id=home.north, responsible_id=home.manager.id
    )
    assert task["assignee_id"] == home.admin.id


async def test_whom_it_is_about_and_whoever_is_gone_are_passed_over_on_the_way_up(house: House) -> None:
    home = house.office.home
    lead = "UPDATE teams SET manager_id = $2 WHERE id = $1"
    await house.owner.execute(lead, home.south, home.anna.id)
    await house.owner.execute(lead, home.north, home.manager.id)
    (task,) = await answer(house, {"csat": 1}, assignee_id=home.ben.id, responsible_id=home.anna.id)
    assert task["assignee_id"] == home.manager.id
    await house.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", home.anna.id)
    (task,) = await answer(house, {"csat": 1}, assignee_id=home.service.id, team_id=home.south)
    assert task["assignee_id"] == home.manager.id


async def test_whoever_handled_it_does_not_call_about_it_where_somebody_else_leads(house: House) -> None:
    home = house.office.home
    await house.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.south, home.ben.id)
    await house.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.north, home.manager.id)
    (task,) = await answer(house, {"csat": 1}, assignee_id=home.ben.id, team_id=home.south)
    assert task["assignee_id"] == home.manager.id
    (task,) = await answer(house, {"csat": 1}, assignee_id=home.manager.id, team_id=home.north)
    assert task["assignee_id"] == home.admin.id
