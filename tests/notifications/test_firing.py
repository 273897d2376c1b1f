"""Firing: each reminder once, nobody starved, nothing said to those who are gone."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from crm.database import Statement
from crm.notifications import firing
from crm.task_rules.subjects import SUBJECTS
from crm.tasks.actions import cancel, complete, create, update
from crm.tasks.schemas import TaskCreate, TaskSubjectSent, TaskUpdate
from services.api.main import create_app
from services.api.openapi import document
from tests.conftest import Client, Running, problem
from tests.notifications.conftest import Round


async def test_what_is_due_is_fired_with_its_notification_and_its_fact(rounds: Round) -> None:
    home = await rounds.workspace()
    await rounds.plan(home.id, home.anna.id, 3)
    await rounds.plan(home.id, home.ben.id, 2, due=timedelta(hours=1))
    assert await rounds.fire() == 3
    assert await rounds.fire() == 0
    owner = rounds.stage.owner
    fired = {row["id"]: row for row in await owner.fetch("SELECT * FROM reminders WHERE state = 'fired'")}
    assert {row["user_id"] for row in fired.values()} == {home.anna.id}
    assert all(row["fired_at"] is not None and row["version"] == 2 for row in fired.values())
    said = await owner.fetch("SELECT * FROM notifications")
    assert {row["dedupe_key"] for row in said} == {f"reminder:{id_}" for id_ in fired}
    assert {(row["workspace_id"], row["user_id"], row["kind"]) for row in said} == {(home.id, home.anna.id, "reminder")}
    assert {row["subject_id"] for row in said} == {row["subject_id"] for row in fired.values()}
    facts = await rounds.fired()
    assert {fact["subject_id"] for fact in facts} == set(fired)
    for fact in facts:
        assert (fact["workspace_id"], fact["actor_kind"], fact["sequence"]) == (home.id, "system", 2)
        assert fact["payload"]["title"] == fired[fact["subject_id"]]["title"]
        assert fact["changes"]["state"] == ["scheduled", "fired"]


async def test_the_clock_of_a_test_may_run_ahead(rounds: Round) -> None:
    home = await rounds.workspace()
    await rounds.plan(home.id, home.anna.id, 1, due=timedelta(days=1))
    assert await rounds.fire() == 0
    assert await rounds.fire(now=datetime.now(UTC) + timedelta(days=2)) == 1


async def test_rounds_side_by_side_never_fire_twice_and_do_not_wait(rounds: Round) -> None:
    home = await rounds.workspace()
    await rounds.plan(home.id, home.anna.id, 60)
    async with rounds.worker.scanning() as first, rounds.worker.scanning() as second:
        one = await firing.fire_due(first, limit=40)
        other = await asyncio.wait_for(firing.fire_due(second, limit=40), 5)
    assert (one, other) == (40, 20)
    await rounds.plan(home.id, home.anna.id, 200)
    assert sum(await asyncio.gather(*(rounds.fire(limit=30) for _ in range(12)))) <= 200
    while await rounds.fire():
        pass
    facts = await rounds.fired()
    assert len(facts) == len({fact["subject_id"] for fact in facts}) == 260
    assert await rounds.count("notifications") == 260


async def test_without_the_lock_this_test_would_see_doubles(rounds: Round) -> None:
    """The control: the same statement, minus what keeps two rounds apart."""
    home = await rounds.workspace()
    await rounds.plan(home.id, home.anna.id, 5)
    careful, careless = firing._fire(100, firing.always_heard, firing.always_heard), Statement.__new__(Statement)
    careless.sql, careless.names = careful.sql.replace("FOR UPDATE SKIP LOCKED", ""), careful.names
    assert careless.sql != careful.sql
    given = {"now": None}
    async with rounds.worker.scanning() as second:
        async with rounds.worker.scanning() as first:
            assert len(await first.rows(careless, **given)) == 5
            waiting = asyncio.create_task(second.rows(careless, **given))
            await asyncio.sleep(0.3)
        await waiting
    facts = await rounds.fired()
    assert (len(facts), len({fact["subject_id"] for fact in facts})) == (10, 5)


async def test_a_round_that_fails_leaves_nothing_behind(rounds: Round) -> None:
    home = await rounds.workspace()
    await rounds.plan(home.id, home.anna.id, 5)
    try:
        async with rounds.worker.scanning() as tx:
            assert await firing.fire_due(tx, limit=100) == 5
            raise TimeoutError
    except TimeoutError:
        pass
    assert (await rounds.count("notifications"), await rounds.fired()) == (0, [])
    assert await rounds.fire() == 5


async def test_a_backlog_of_one_workspace_does_not_keep_the_others_waiting(rounds: Round) -> None:
    homes = [await rounds.workspace() for _ in range(6)]
    big, small = homes[2], [home for home in homes if home is not homes[2]]
    await rounds.plan(big.id, big.anna.id, 500, due=timedelta(hours=-1))
    for home in small:
        await rounds.plan(home.id, home.anna.id, 3)
    await rounds.fire(limit=120)
    facts = Counter(fact["workspace_id"] for fact in await rounds.fired())
    assert facts == {big.id: 20} | {home.id: 3 for home in small}


async def test_rounds_begin_at_another_workspace_each_time(rounds: Round) -> None:
    homes = [await rounds.workspace() for _ in range(6)]
    for home in homes:
        await rounds.plan(home.id, home.anna.id, 100)
    served: set[UUID] = set()
    for number in range(60):
        assert await rounds.fire(limit=5) == 5, number
        served = {fact["workspace_id"] for fact in await rounds.fired()}
        if len(served) == len(homes):
            break
    assert served == {home.id for home in homes}


async def test_nothing_is_said_to_someone_who_is_gone(rounds: Round) -> None:
    home = await rounds.workspace()
    await rounds.plan(home.id, home.anna.id, 2)
    await rounds.plan(home.id, home.ben.id, 3)
    await rounds.stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", home.ben.id)
    assert await rounds.fire() == 5
    assert len(await rounds.fired()) == 2
    cancelled = "reminders WHERE state = 'cancelled' AND cancelled_because = 'user_disabled' AND user_id = $1"
    assert await rounds.count(cancelled, home.ben.id) == 3
    assert await rounds.count("notifications WHERE user_id = $1", home.ben.id) == 0


async def test_a_task_closed_or_moved_before_its_moment_never_reminds(rounds: Round) -> None:
    home = await rounds.workspace()
    access = rounds.stage.database.writing(home.admin.actor)
    customer_id = await rounds.stage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', 'A', 'a') RETURNING id",
        home.id,
    )
    due = datetime.now(UTC) + timedelta(minutes=5)
    new = TaskCreate(title="Call", subject=TaskSubjectSent(type="customer", id=customer_id), due_at=due)
    done, cancelled, moved, kept = [await create(access, new, SUBJECTS["customer"]) for _ in range(4)]
    await complete(access, done.id, None)
    await cancel(access, cancelled.id, "No need")
    await update(access, moved.id, TaskUpdate(due_at=due + timedelta(days=1)))
    assert await rounds.fire(now=due + timedelta(minutes=1)) == 1
    (fact,) = await rounds.fired()
    assert fact["payload"]["subject"] == {"type": "task", "id": str(kept.id)}
    assert fact["customer_id"] == customer_id
    assert await rounds.fire(now=due + timedelta(days=2)) == 1


async def test_closing_a_task_while_its_reminder_fires_says_it_once_and_changes_nothing_said(rounds: Round) -> None:
    home = await rounds.workspace()
    access = rounds.stage.database.writing(home.admin.actor)
    customer_id = await rounds.stage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', 'A', 'a') RETURNING id",
        home.id,
    )
    due = datetime.now(UTC) - timedelta(minutes=5)
    new = TaskCreate(title="Call", subject=TaskSubjectSent(type="customer", id=customer_id), due_at=due)
    task = await create(access, new, SUBJECTS["customer"])
    async with rounds.worker.scanning() as tx:
        assert await firing.fire_due(tx, limit=10) == 1
        closing = asyncio.create_task(complete(access, task.id, None))
        await asyncio.sleep(0.2)
        assert not closing.done()
    await closing
    assert await rounds.count("reminders WHERE state = 'fired'") == 1
    assert await rounds.fire() == 0


async def test_a_worker_that_scans_sees_no_table_that_is_not_for_scanning(rounds: Round) -> None:
    await rounds.workspace()
    worker = await asyncpg.connect(rounds.stage.dsn("rapport_worker"))
    try:
        assert await worker.fetchval("SELECT count(*) FROM users") == 0
        assert await worker.fetchval("SELECT count(*) FROM tasks") == 0
    finally:
        await worker.close()


async def test_a_fired_reminder_is_in_the_inbox_and_explains_itself(rounds: Round) -> None:
    home = await rounds.workspace()
    app = create_app(rounds.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.anna.token) as client:
        customer = (await client.post("/v1/customers", json={"name": "Acme"})).json()
        subject = {"type": "customer", "id": customer["id"]}
        due = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
        task = (await client.post("/v1/tasks", json={"title": "Call", "subject": subject, "due_at": due})).json()
        (reminder,) = (await client.get("/v1/reminders", params={"subject_id": task["id"]})).json()["data"]
        path = f"/v1/reminders/{reminder['id']}/explain"
        assert (await client.get(path)).json()["because"] == "due_now"

        assert await rounds.fire() == 1
        assert (await client.get(f"/v1/reminders/{reminder['id']}")).json()["state"] == "fired"
        explained = (await client.get(path)).json()
        assert (explained["because"], explained["late_by_seconds"] >= 120) == ("its_moment_was_past", True)
        (notification,) = (await client.get("/v1/notifications")).json()["data"]
        assert notification["title"] == "Call"
        assert notification["subject"] == {"type": "task", "id": task["id"]}
        assert notification["customer_id"] == customer["id"]
        moved = {"due_at": task["due_at"], "title": "Call again"}
        assert (await client.patch(f"/v1/tasks/{task['id']}", json=moved)).status_code == 200
        assert await rounds.fire() == 0
        problem(await client.get(f"/v1/reminders/{task['id']}"), 404, "not_found")
