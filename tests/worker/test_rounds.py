"""Publishing and reacting: each fact once, each effect once, and nobody held up by another."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crm.events import reacting
from crm.events.reacting import Claim, Fact
from services.worker import reacting as round_
from services.worker.housekeeping import beat, forget, make_room
from services.worker.publishing import publish_facts
from services.worker.reacting import carry_out, react
from services.worker.rounds import Round, Worker, keep_running
from tests.conftest import SECRET_KEY
from tests.factories import Workspace, found_workspace
from tests.worker.conftest import Backstage, settle, until_idle

NEW_FACTS = """
INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, actor_kind, actor_id, payload)
SELECT $1, $2, 'customer', id, 1, 'system', gen_random_uuid(), '{}' FROM customers WHERE workspace_id = $1
"""


async def many_customers(backstage: Backstage, home: Workspace, number: int) -> None:
    """Customers of Anna, and the fact that each was created."""
    await backstage.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, $2 FROM generate_series(1, $3::int) AS n",
        home.id,
        home.anna.id,
        number,
    )
    await backstage.owner.execute(NEW_FACTS, home.id, "customer.created")


async def counts(backstage: Backstage) -> tuple[int, int]:
    """How many tasks there are, and for how many customers."""
    row = await backstage.owner.fetchrow("SELECT count(*), count(DISTINCT customer_id) FROM tasks")
    assert row is not None
    return row[0], row[1]


async def claim_one(worker: Worker) -> Claim:
    async with worker.database.scanning() as tx:
        (claim,) = await reacting.claim(tx, after=UUID(int=0), share=10, most=10)
    return claim


async def test_two_workers_side_by_side_do_everything_once(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 300)
    another = await backstage.hire()
    await asyncio.gather(settle(worker), settle(another))
    await settle(worker)
    assert await counts(backstage) == (300, 300)
    assert await backstage.owner.fetchval("SELECT count(*) FROM reactions WHERE attempts > 1") == 0


async def test_a_fact_is_published_whatever_its_place_in_time(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 1)
    await settle(worker)
    # A transaction that began long ago commits only now: its id is older than all that is published.
    await backstage.owner.execute(
        "INSERT INTO events "
        "(workspace_id, id, type, subject_type, subject_id, sequence, actor_kind, actor_id, payload) "
        "SELECT workspace_id, uuidv7('-1 second'), 'customer.restored', 'customer', id, 2, 'system', id, '{}' "
        "FROM customers"
    )
    await publish_facts(worker)
    assert await backstage.owner.fetchval("SELECT count(*) FROM events WHERE published_at IS NULL") == 0


async def test_a_poisonous_reaction_dies_visibly_and_holds_up_nobody(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 20)
    await until_idle(publish_facts, worker)
    poisoned = await backstage.owner.fetchval("SELECT event_id FROM reactions LIMIT 1")
    await backstage.owner.execute("UPDATE reactions SET name = 'gone.away' WHERE event_id = $1", poisoned)
    await settle(worker)
    assert await counts(backstage) == (19, 19)
    for attempts in range(1, 11):
        row = await backstage.owner.fetchrow("SELECT * FROM reactions WHERE event_id = $1", poisoned)
        assert row is not None
        assert (row["attempts"], row["last_error"]) == (attempts, "KeyError")
        wait = timedelta(seconds=min(3600, 5 * 2 ** (attempts - 1)))
        waits = await backstage.owner.fetchval(
            "SELECT next_attempt_at - now() FROM reactions WHERE event_id = $1", poisoned
        )
        assert 0.7 * wait < waits < 1.25 * wait
        await backstage.owner.execute("UPDATE reactions SET next_attempt_at = now() WHERE event_id = $1", poisoned)
        await settle(worker)
    row = await backstage.owner.fetchrow("SELECT * FROM reactions WHERE event_id = $1", poisoned)
    assert row is not None
    assert (row["state"], row["attempts"]) == ("dead", 10)
    assert row["settled_at"] is not None


async def test_a_reaction_that_kills_its_worker_runs_out_of_attempts(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 1)
    await until_idle(publish_facts, worker)
    for _ in range(10):
        await claim_one(worker)  # And the worker is gone.
        await backstage.owner.execute("UPDATE reactions SET next_attempt_at = now()")
    await settle(worker)
    assert await backstage.owner.fetchval("SELECT state FROM reactions") == "dead"
    assert await counts(backstage) == (0, 0)


async def test_who_comes_back_late_finds_the_claim_taken(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 1)
    await until_idle(publish_facts, worker)
    late = await claim_one(worker)
    await backstage.owner.execute("UPDATE reactions SET next_attempt_at = now()")
    punctual = await claim_one(worker)
    async with worker.database.transaction(await worker.actor(late.workspace_id)) as tx:
        assert await reacting.take(tx, late) is None
    await carry_out(worker, punctual)
    await carry_out(worker, late)
    assert await counts(backstage) == (1, 1)
    row = await backstage.owner.fetchrow("SELECT state, attempts, last_error FROM reactions")
    assert row is not None
    assert tuple(row) == ("done", 2, None)


async def test_an_effect_is_undone_with_a_failure_after_it(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "care.plan_contact"
    whole = round_.BY_NAME[name]

    async def fails_at_the_end(tx: Any, fact: Fact) -> None:
        await whole(tx, fact)
        raise RuntimeError

    await many_customers(backstage, backstage.home, 1)
    await until_idle(publish_facts, worker)
    monkeypatch.setattr(round_, "BY_NAME", {name: fails_at_the_end})
    await until_idle(react, worker)
    assert await backstage.owner.fetchval("SELECT last_error FROM reactions") == "RuntimeError"
    assert await counts(backstage) == (0, 0)
    monkeypatch.undo()
    await backstage.owner.execute("UPDATE reactions SET next_attempt_at = now()")
    await settle(worker)
    assert await counts(backstage) == (1, 1)


async def test_a_backlog_does_not_keep_another_workspace_waiting(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 1500)
    others = [await found_workspace(backstage.owner, SECRET_KEY) for _ in range(3)]
    for other in others:
        await many_customers(backstage, other, 1)
    await until_idle(publish_facts, worker)
    worker.turns["react"].after = UUID(int=0)
    await react(worker)
    served = await backstage.owner.fetch("SELECT workspace_id, count(*) FROM tasks GROUP BY 1")
    assert {row[0] for row in served} == {backstage.home.id, *(other.id for other in others)}
    assert {row[0]: row[1] for row in served}[backstage.home.id] == round_.SHARE


async def test_what_a_stopping_worker_has_not_begun_is_due_at_once(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 3)
    await until_idle(publish_facts, worker)
    worker.stopping.set()
    await until_idle(react, worker)
    assert await counts(backstage) == (0, 0)
    another = await backstage.hire()
    await settle(another)
    assert await counts(backstage) == (3, 3)
    assert await backstage.owner.fetchval("SELECT max(attempts) FROM reactions") == 1


async def test_a_round_goes_on_when_its_database_connections_are_cut(backstage: Backstage, worker: Worker) -> None:
    running = asyncio.create_task(keep_running(worker, Round("publish", publish_facts, (0.01, 0.02))))
    try:
        for _ in range(3):
            await asyncio.sleep(0.1)
            await backstage.owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'test-worker' AND datname = current_database()"
            )
        await many_customers(backstage, backstage.home, 1)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if await backstage.owner.fetchval("SELECT count(*) FROM reactions"):
                break
        else:
            pytest.fail("nothing was published any more")
        assert not running.done()
    finally:
        worker.stopping.set()
        await running


async def test_keeping_house_beats_makes_room_and_forgets_what_is_old(backstage: Backstage, worker: Worker) -> None:
    await many_customers(backstage, backstage.home, 2)
    await settle(worker)
    await backstage.owner.execute("UPDATE reactions SET settled_at = now() - interval '31 days'")
    await backstage.owner.execute(
        "UPDATE reactions SET state = 'dead' WHERE event_id = (SELECT event_id FROM reactions LIMIT 1)"
    )
    await backstage.owner.execute(
        "INSERT INTO worker_heartbeats (workspace_id, name, beat_at) "
        "VALUES ('00000000-0000-0000-0000-000000000000', 'old', now() - interval '2 days')"
    )
    for age in ("71 hours", "73 hours"):
        await backstage.owner.execute(
            "INSERT INTO idempotency_keys "
            "(workspace_id, actor_id, key, fingerprint, status, headers, body, created_at) "
            f"VALUES ($1, $1, '{age}', 'x', 200, '{{}}', 'x', now() - interval '{age}')",
            backstage.home.id,
        )
    await beat(worker)
    await beat(worker)
    await make_room(worker)
    await forget(worker)
    assert [row["state"] for row in await backstage.owner.fetch("SELECT state FROM reactions")] == ["dead"]
    assert [row["name"] for row in await backstage.owner.fetch("SELECT name FROM worker_heartbeats")] == [worker.name]
    assert [row["key"] for row in await backstage.owner.fetch("SELECT key FROM idempotency_keys")] == ["71 hours"]
