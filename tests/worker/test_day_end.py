"""At the end of a working day people are told what is left and what is ahead, once."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from crm.care.digest import due_for
from services.worker.digesting import tell_day_ends
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage
from tests.worker.test_care import new_customer
from tests.worker.test_rhythm import day_off, furnished

EVENING = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "settings", "day"),
    [
        (EVENING, {}, date(2026, 11, 30)),
        (EVENING - timedelta(seconds=1), {}, None),
        (EVENING + timedelta(hours=6), {}, date(2026, 11, 30)),
        (EVENING + timedelta(hours=7), {}, None),
        (EVENING, {"day_end": {"digest": "off"}}, None),
        (EVENING, {"day_end": {"time": "18:00"}}, None),
    ],
)
def test_the_hour_is_that_of_the_workspaces_clock(now: datetime, settings: dict[str, object], day: date | None) -> None:
    assert due_for(now, "Asia/Shanghai", settings) == day


async def told(backstage: Backstage) -> list[tuple[UUID, str]]:
    rows = await backstage.owner.fetch("SELECT * FROM notifications WHERE kind = 'day_end_digest' ORDER BY title")
    return [(row["user_id"], row["title"]) for row in rows]


async def task(backstage: Backstage, user_id: UUID, days: int, state: str = "open") -> None:
    """Due at noon, so many days from the workspace's today."""
    await backstage.owner.execute(
        "INSERT INTO tasks (workspace_id, title, subject_type, subject_id, assignee_id, due_at, state) VALUES ($1, "
        "'x', 'customer', uuidv7(), $2, (date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') + $3 * interval '1 day' "
        "+ interval '12 hours') AT TIME ZONE 'Asia/Shanghai', $4)",
        backstage.home.id, user_id, days, state,
    )  # fmt: skip


async def a_working_day(backstage: Backstage) -> UUID:
    """It is a working day from midnight on, and so is the next."""
    calendar_id = await furnished(backstage)
    await backstage.owner.execute("UPDATE working_days SET is_working = false")
    await backstage.owner.execute(
        "UPDATE working_days SET number = n.number FROM (SELECT day, row_number() OVER (ORDER BY day) AS number "
        "FROM working_days) AS n WHERE n.day = working_days.day"
    )
    await backstage.owner.execute("UPDATE working_days SET is_working = true")
    await backstage.owner.execute(
        """UPDATE workspaces SET settings = settings || '{"day_end": {"time": "00:00"}}'::jsonb"""
    )
    return calendar_id


async def test_whoever_has_something_left_or_ahead_is_told_once_with_the_numbers(
    backstage: Backstage, worker: Worker
) -> None:
    await a_working_day(backstage)
    home = backstage.home
    for days in (-3, 0, 1, 2):
        await task(backstage, home.anna.id, days)
    await task(backstage, home.anna.id, 0, "cancelled")
    await task(backstage, home.ben.id, 2)
    customer_id = await new_customer(backstage)
    await backstage.owner.execute(
        "INSERT INTO visits (workspace_id, customer_id, owner_id, purpose, planned_start, planned_end) "
        "SELECT $1, $2, $3, 'care', s, s + interval '1 hour' FROM (SELECT (date_trunc('day', now() AT TIME ZONE "
        "'Asia/Shanghai') + interval '12 hours') AT TIME ZONE 'Asia/Shanghai' AS s) AS today",
        home.id, customer_id, home.anna.id,
    )  # fmt: skip
    expected = [(home.anna.id, "Unfinished today: 2 tasks, 1 visits. Next working day: 1 tasks, 0 visits.")]
    await tell_day_ends(worker)
    assert await told(backstage) == expected
    await task(backstage, home.ben.id, 0)
    await tell_day_ends(worker)
    assert await told(backstage) == expected, "the day was told"
    await backstage.owner.execute("UPDATE warmth_rounds SET digest_for = NULL")
    await tell_day_ends(worker)
    assert len(await told(backstage)) == 2, "whoever was told is not told again; whoever was not is"


async def test_on_a_day_off_nobody_is_told_and_where_it_is_switched_off_neither(
    backstage: Backstage, worker: Worker
) -> None:
    calendar_id = await a_working_day(backstage)
    await task(backstage, backstage.home.anna.id, 0)
    today = await backstage.owner.fetchval("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")
    await day_off(backstage, calendar_id, today)
    await tell_day_ends(worker)
    assert await told(backstage) == []
    await backstage.owner.execute("UPDATE warmth_rounds SET digest_for = NULL")
    await backstage.owner.execute("UPDATE working_days SET is_working = true, number = -1 WHERE day = $1", today)
    await backstage.owner.execute(
        """UPDATE workspaces SET settings = settings || '{"day_end": {"digest": "off", "time": "00:00"}}'::jsonb"""
    )
    await tell_day_ends(worker)
    assert await told(backstage) == []


async def test_it_is_told_in_the_language_of_the_workspace(backstage: Backstage, worker: Worker) -> None:
    await a_working_day(backstage)
    await backstage.owner.execute("UPDATE workspaces SET language = 'zh-CN'")
    await task(backstage, backstage.home.anna.id, 0)
    await tell_day_ends(worker)
    assert await told(backstage) == [
        (backstage.home.anna.id, "今日未完成：任务1项，拜访0次。下一工作日：任务0项，拜访0次。")
    ]


async def test_whoever_is_away_is_not_told_and_the_next_day_is_one_on_which_they_are_there(
    backstage: Backstage, worker: Worker
) -> None:
    await a_working_day(backstage)
    home = backstage.home
    absent = (
        "INSERT INTO absences (workspace_id, user_id, first_day, last_day) "
        "SELECT $1, $2, day + $3::integer, day + $4::integer "
        "FROM (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day) AS today"
    )
    await backstage.owner.execute(absent, home.id, home.anna.id, 1, 2)
    await backstage.owner.execute(absent, home.id, home.ben.id, -1, 0)
    for days in (0, 1, 2, 3, 3):
        for who in (home.anna, home.ben):
            await task(backstage, who.id, days)
    await tell_day_ends(worker)
    assert await told(backstage) == [
        (home.anna.id, "Unfinished today: 1 tasks, 0 visits. Next working day: 2 tasks, 0 visits.")
    ]


async def test_a_visit_is_ahead_of_whoever_goes_along_too(backstage: Backstage, worker: Worker) -> None:
    await a_working_day(backstage)
    home = backstage.home
    customer_id = await new_customer(backstage)
    await backstage.owner.execute(
        "INSERT INTO visits (workspace_id, customer_id, owner_id, supervisor_id, participant_ids, purpose, "
        "planned_start, planned_end) "
        "SELECT $1, $2, $3, $4, ARRAY[$5::uuid, $4::uuid], 'care', s, s + interval '1 hour' "
        "FROM (SELECT (date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') + interval '36 hours') "
        "AT TIME ZONE 'Asia/Shanghai' AS s) AS tomorrow",
        home.id, customer_id, home.anna.id, home.manager.id, home.ben.id,
    )  # fmt: skip
    await tell_day_ends(worker)
    words = "Unfinished today: 0 tasks, 0 visits. Next working day: 0 tasks, 1 visits."
    assert sorted(await told(backstage)) == sorted((who.id, words) for who in (home.anna, home.manager, home.ben))
