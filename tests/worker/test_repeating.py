"""Series and chains that go on by themselves: the next task once, whoever notices first."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from crm.customers.queries import CUSTOMER
from crm.task_chains import starting
from crm.task_chains.schemas import TaskChainStart
from crm.task_series import actions
from crm.task_series.schemas import TaskSeriesCreate
from crm.tasks import actions as tasks
from services.worker.repeating import repeat
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, settle, until_idle
from tests.worker.test_care import as_anna, new_customer

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def begin(backstage: Backstage, customer_id: UUID, **more: Any) -> UUID:
    tomorrow = (datetime.now(UTC).astimezone(SHANGHAI) + timedelta(days=1)).date()
    new = {
        "title": "Look", "subject": {"type": "customer", "id": customer_id}, "rrule": "FREQ=DAILY",
        "first_at": f"{tomorrow}T09:00",
    } | more  # fmt: skip
    async with backstage.stage.database.transaction(backstage.home.anna.actor) as tx:
        return (await actions.create(tx, TaskSeriesCreate.model_validate(new), CUSTOMER)).id


async def made(backstage: Backstage) -> list[asyncpg.Record]:
    return await backstage.owner.fetch("SELECT * FROM tasks WHERE series_id IS NOT NULL ORDER BY due_at, id")


async def past(backstage: Backstage, days: int = 1) -> None:
    """So much time goes by, for the series and its tasks."""
    await backstage.owner.execute(
        "UPDATE task_series SET next_look_at = next_look_at - make_interval(days => $1), "
        "last_at = to_char(last_at::timestamp - make_interval(days => $1), 'YYYY-MM-DD\"T\"HH24:MI')",
        days,
    )
    await backstage.owner.execute("UPDATE tasks SET due_at = due_at - make_interval(days => $1)", days)


async def test_the_next_one_comes_when_the_last_is_done_and_only_then(backstage: Backstage, worker: Worker) -> None:
    await begin(backstage, await new_customer(backstage))
    (first,) = await made(backstage)
    await tasks.complete(as_anna(backstage), first["id"], None)
    for _ in range(2):
        await settle(worker)
        await until_idle(repeat, worker)
    found = await made(backstage)
    assert [row["state"] for row in found] == ["done", "open"]
    assert found[1]["due_at"] - found[0]["due_at"] == timedelta(days=1)


async def test_the_next_one_comes_when_its_moment_does_however_many_look(backstage: Backstage, worker: Worker) -> None:
    await begin(backstage, await new_customer(backstage))
    await past(backstage, 2)
    await asyncio.gather(until_idle(repeat, worker), until_idle(repeat, await backstage.hire()))
    first, second = await made(backstage)
    assert (first["state"], second["state"]) == ("open", "open")
    # The last one is done late: there is a next one already.
    await tasks.complete(as_anna(backstage), first["id"], None)
    await settle(worker)
    assert len(await made(backstage)) == 2


async def test_after_a_long_absence_one_is_made_and_not_hundreds(backstage: Backstage, worker: Worker) -> None:
    await begin(backstage, await new_customer(backstage))
    await past(backstage, 300)
    await until_idle(repeat, worker)
    found = await made(backstage)
    assert len(found) == 2
    assert timedelta(0) < found[1]["due_at"] - datetime.now(UTC) <= timedelta(days=1)


async def test_a_series_ends_with_its_rule_or_its_assignee(backstage: Backstage, worker: Worker) -> None:
    acme = await new_customer(backstage)
    short = await begin(backstage, acme, rrule="FREQ=DAILY;COUNT=1")
    long = await begin(backstage, acme)
    for row in await made(backstage):
        if row["series_id"] == short:
            await tasks.complete(as_anna(backstage), row["id"], None)
    await settle(worker)
    await backstage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", backstage.home.anna.id)
    await past(backstage, 2)
    await until_idle(repeat, worker)
    rows = await backstage.owner.fetch("SELECT * FROM task_series")
    assert {row["id"]: row["ended_because"] for row in rows} == {short: "no_more", long: "assignee_gone"}
    assert len(await made(backstage)) == 2
    assert (await backstage.types()).count("task_series.ended") == 2


async def test_a_step_follows_when_the_one_before_was_done(backstage: Backstage, worker: Worker) -> None:
    acme = await new_customer(backstage)
    steps = [
        {"title": "Call {customer}", "kind": "follow_up", "after": "start", "count": 1, "unit": "days", "at": None},
        {"title": "Visit {customer}", "kind": "visit", "after": "previous", "count": 2, "unit": "days", "at": "10:00"},
        {"title": "Write", "kind": "follow_up", "after": "previous", "count": 0, "unit": "days", "at": None},
    ]
    chain_id = await backstage.owner.fetchval(
        "INSERT INTO task_chains (workspace_id, name, steps) VALUES ($1, 'C', $2) RETURNING id",
        backstage.home.id,
        steps,
    )
    wanted = TaskChainStart.model_validate({"chain_id": chain_id, "subject": {"type": "customer", "id": acme}})
    async with backstage.stage.database.transaction(backstage.home.anna.actor) as tx:
        await starting.start(tx, wanted, CUSTOMER, CUSTOMER)
    of_chain = "SELECT * FROM tasks WHERE chain_id IS NOT NULL ORDER BY chain_step"
    (call,) = await backstage.owner.fetch(of_chain)
    await tasks.complete(as_anna(backstage), call["id"], None)
    await settle(worker)
    _, visit = await backstage.owner.fetch(of_chain)
    assert (visit["title"], visit["kind"], visit["assignee_id"]) == ("Visit Acme", "visit", backstage.home.anna.id)
    due = visit["due_at"].astimezone(SHANGHAI)
    assert due.date() == (datetime.now(UTC).astimezone(SHANGHAI) + timedelta(days=2)).date()
    assert due.hour == 10
    await tasks.cancel(as_anna(backstage), visit["id"], "no need")
    await settle(worker)
    assert len(await backstage.owner.fetch(of_chain)) == 2
