"""What nobody minds is told to the manager: once, after as long as the workspace says, to the nearest one above."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import pytest_asyncio

from crm.notifications.escalating import ignored, look_again
from crm.reminders.actions import acknowledge, snooze
from crm.reminders.queries import explain
from crm.workspaces.settings import effective
from services.api.main import create_app
from services.api.openapi import document
from services.worker.escalating import escalate, escalate_some
from services.worker.firing import fire
from services.worker.rounds import Worker
from tests.conftest import Client, Running
from tests.factories import Person
from tests.worker.conftest import Backstage

PLAN = (
    "INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, escalates, dedupe_key) "
    "SELECT $1, $2, 'task', uuidv7(), 'Call ' || n, now(), $3, 'x:' || uuidv7() FROM generate_series(1, $4::int) AS n"
)


async def lead(backstage: Backstage, team: UUID, manager: UUID | None) -> None:
    """Who leads a team."""
    await backstage.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", team, manager)


async def settings(backstage: Backstage, **values: Any) -> None:
    """The workspace's settings for reminders."""
    await backstage.owner.execute("UPDATE workspaces SET settings = $1", {"reminders": values})


async def ignored_for(backstage: Backstage, minutes: float) -> None:
    """As if so much time had passed since."""
    await backstage.owner.execute(
        "UPDATE reminders SET fired_at = fired_at - make_interval(mins => $1), "
        "escalate_at = escalate_at - make_interval(mins => $1)",
        minutes,
    )


async def told(backstage: Backstage) -> list[tuple[Any, ...]]:
    """Who was told of whose reminder."""
    rows = await backstage.owner.fetch(
        "SELECT user_id, ignored_by_id, title FROM notifications WHERE kind = 'escalation' ORDER BY title"
    )
    return [tuple(row) for row in rows]


@pytest_asyncio.fixture(autouse=True)
async def calendar_minutes(backstage: Backstage) -> None:
    """All minutes count, and the manager leads the north."""
    await settings(backstage, escalate_after_minutes=60, escalate_counts="calendar_minutes")
    await lead(backstage, backstage.home.north, backstage.home.manager.id)


async def test_it_is_told_once_and_only_when_its_time_has_come(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 2)
    await backstage.owner.execute(PLAN, home.id, home.anna.id, False, 1)
    await fire(worker)
    await ignored_for(backstage, 59)
    await escalate(worker)
    assert await told(backstage) == []
    await ignored_for(backstage, 2)
    await escalate(worker)
    expected = [(home.manager.id, home.anna.id, f"Call {n}") for n in (1, 2)]
    assert await told(backstage) == expected
    await ignored_for(backstage, 600)
    assert await escalate(worker) is False
    assert await told(backstage) == expected
    facts = await backstage.owner.fetch("SELECT * FROM events WHERE type = 'reminder.escalated'")
    assert [fact["payload"]["escalated_to_id"] for fact in facts] == [str(home.manager.id)] * 2
    assert set(facts[0]["changes"]) == {"escalated_at", "escalated_to_id"}


@pytest.mark.parametrize("what", ["acknowledged", "snoozed"])
async def test_what_was_minded_is_told_to_nobody(backstage: Backstage, worker: Worker, what: str) -> None:
    home = backstage.home
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 1)
    await fire(worker)
    reminder_id = await backstage.owner.fetchval("SELECT id FROM reminders")
    access = worker.database.writing(home.anna.actor)
    if what == "acknowledged":
        await acknowledge(access, reminder_id)
    else:
        await snooze(access, reminder_id, datetime.now(UTC) + timedelta(days=1))
    await ignored_for(backstage, 120)
    await escalate(worker)
    assert await told(backstage) == []


async def test_the_nearest_manager_above_who_is_somebody_else_is_told(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    for whose in (home.ben, home.anna, home.manager, home.admin):
        await backstage.owner.execute(PLAN, home.id, whose.id, True, 1)
    # Ben's own team is led by himself; the manager's by the manager; the admin is in none.
    await lead(backstage, home.south, home.ben.id)
    await fire(worker)
    await ignored_for(backstage, 61)
    await escalate(worker)
    assert {row[:2] for row in await told(backstage)} == {
        (home.manager.id, home.ben.id),
        (home.manager.id, home.anna.id),
    }
    assert await backstage.owner.fetchval("SELECT count(*) FROM reminders WHERE escalate_at IS NOT NULL") == 0
    why = [await escalation_of(backstage, whose) for whose in (home.ben, home.manager)]
    assert why == ["escalated", "nobody_above"]


async def escalation_of(backstage: Backstage, whose: Person) -> str:
    """What their one reminder says of its way to the manager, by the settings that hold."""
    overrides = await backstage.owner.fetchval("SELECT settings FROM workspaces")
    access = backstage.stage.database.writing(replace(whose.actor, settings=effective(overrides)))
    reminder_id = await backstage.owner.fetchval("SELECT id FROM reminders WHERE user_id = $1 LIMIT 1", whose.id)
    state: str = orjson.loads((await explain(access, reminder_id)).body)["escalation"]["state"]
    return state


async def test_a_manager_who_is_gone_is_passed_over(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await lead(backstage, home.south, home.anna.id)
    await backstage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", home.anna.id)
    await backstage.owner.execute(PLAN, home.id, home.ben.id, True, 1)
    await fire(worker)
    await ignored_for(backstage, 61)
    await escalate(worker)
    assert [row[0] for row in await told(backstage)] == [home.manager.id]


async def test_where_it_is_switched_off_nobody_is_told(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 1)
    await fire(worker)
    await settings(backstage, escalate_after_minutes=0)
    await ignored_for(backstage, 120)
    await escalate(worker)
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 1)
    await fire(worker)
    assert await backstage.owner.fetchval("SELECT count(*) FROM reminders WHERE escalate_at IS NOT NULL") == 0
    assert await told(backstage) == []
    assert await escalation_of(backstage, home.anna) == "switched_off"


async def test_by_default_it_takes_eight_hours(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await backstage.owner.execute("UPDATE workspaces SET settings = '{}'")
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 1)
    await fire(worker)
    waits = await backstage.owner.fetchval("SELECT escalate_at - fired_at FROM reminders")
    assert waits == timedelta(hours=8)


async def test_working_minutes_are_those_of_the_persons_calendar(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await settings(backstage, escalate_after_minutes=60)
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 2)
    await fire(worker)
    # One was said on a Friday half an hour before closing time, the other long ago.
    friday = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    await backstage.owner.execute(
        "UPDATE reminders SET fired_at = CASE title WHEN 'Call 1' THEN $1::timestamptz "
        "ELSE $1::timestamptz - interval '9 days' END, escalate_at = now()",
        friday,
    )
    async with worker.database.transaction(await worker.actor(home.id)) as tx:
        assert await escalate_some(tx, await ignored(tx, 10), friday + timedelta(days=2)) == 1
    assert [row[2] for row in await told(backstage)] == ["Call 2"]
    waits = "SELECT escalate_at FROM reminders WHERE title = 'Call 1'"
    # The rest of the hour counts from Monday morning, nine o'clock in Shanghai.
    assert await backstage.owner.fetchval(waits) == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    await settings(backstage, escalate_after_minutes=30)
    async with worker.database.transaction(await worker.actor(home.id)) as tx:
        await look_again(tx)
    assert await backstage.owner.fetchval(waits) == friday + timedelta(minutes=30)


async def test_two_workers_tell_of_each_once(backstage: Backstage, worker: Worker) -> None:
    home, another = backstage.home, await backstage.hire()
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 40)
    await fire(worker)
    await ignored_for(backstage, 61)
    await asyncio.gather(*(escalate(each) for each in (worker, another, worker, another)))
    assert len(await told(backstage)) == 40
    assert await backstage.owner.fetchval("SELECT count(*) FROM events WHERE type = 'reminder.escalated'") == 40


async def test_the_manager_reads_why_and_everybody_can_ask(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await backstage.owner.execute(PLAN, home.id, home.anna.id, True, 1)
    await fire(worker)
    app = create_app(backstage.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.manager.token) as client:
        (reminder,) = (await client.get("/v1/reminders")).json()["data"]
        path = f"/v1/reminders/{reminder['id']}/explain"
        waiting = (await client.get(path)).json()["escalation"]
        assert (waiting["state"], waiting["to_user_id"]) == ("waiting", None)
        await ignored_for(backstage, 61)
        await escalate(worker)
        found = (await client.get(path)).json()["escalation"]
        assert (found["state"], found["to_user_id"]) == ("escalated", str(home.manager.id))
        (said,) = (await client.get("/v1/notifications", params={"kind": "escalation"})).json()["data"]
        assert (said["title"], said["reminder_id"]) == ("Call 1", reminder["id"])
        assert said["ignored_by"] == {"id": str(home.anna.id), "name": "Anna Sales"}
