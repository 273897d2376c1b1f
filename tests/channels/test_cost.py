"""What channels cost while nothing is to be told: the plan, not the clock, is what a test can hold on to."""

import json
from datetime import timedelta
from typing import Any

import pytest

from crm.actor import NOBODY
from crm.channels import leases, owing
from crm.channels.forgetting import forget_sent
from crm.database import Statement
from services.worker.dispatching import owe_messages, send_messages
from tests.channels.conftest import Office

WAITING = """
INSERT INTO notification_channels
    (workspace_id, user_id, kind, name, hint, target, state, timezone, per_minute, next_at)
SELECT $1, $2, 'email', 'x', 'x', uuid_send(gen_random_uuid()), 'active', 'UTC', 10, now() + interval '1 day'
FROM generate_series(1, 20000)
"""

SAID = """
INSERT INTO notifications (workspace_id, user_id, kind, title, subject_type, subject_id, dedupe_key, dispatched_at)
SELECT $1, $2, 'reminder', 'x', 'task', gen_random_uuid(), gen_random_uuid()::text, now()
FROM generate_series(1, 20000)
"""


async def pages_of(office: Office, mode: str, wanted: Statement, *arguments: str) -> tuple[int, str]:
    """How many pages a statement reads, and its plan, as the worker runs it."""
    async with office.worker.database.scanning() as tx:
        connection = tx._connection
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE wanted AS {wanted.sql}")
        given = f"({', '.join(arguments)})" if arguments else ""
        (row,) = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE wanted {given}")
        await connection.execute("DEALLOCATE wanted")
    plan: Any = row[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], json.dumps(plan)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_an_idle_look_reads_a_handful_of_pages_whatever_waits_for_tomorrow(
    office: Office, queries: list[str], mode: str
) -> None:
    for statement in (WAITING, SAID):
        await office.owner.execute(statement, office.home.id, office.home.anna.id)
    for table in ("notification_channels", "notifications"):
        await office.owner.execute(f"VACUUM ANALYZE {table}")
    pages, plan = await pages_of(office, mode, leases._anything_due())
    assert "Seq Scan" not in plan
    assert pages <= 10
    take = owing._take()
    values = {"after": f"'{NOBODY}'", "share": "500", "most": "2000"}
    pages, plan = await pages_of(office, mode, take, *(values[name] for name in take.names))
    assert "Seq Scan" not in plan
    assert pages <= 20
    queries.clear()
    await send_messages(office.worker)
    assert len([sent for sent in queries if "notification" in sent]) == 1
    await owe_messages(office.worker)
    await office.owner.execute(
        "UPDATE notification_channels SET next_at = now() WHERE id IN (SELECT id FROM notification_channels LIMIT 5)"
    )
    claim = leases._claim()
    values |= {"kinds": "'{email}'"}
    pages, plan = await pages_of(office, mode, claim, *(values[name] for name in claim.names))
    assert "Seq Scan" not in plan
    assert pages <= 150


async def test_what_was_sent_long_ago_is_forgotten_and_what_is_dead_is_not(office: Office) -> None:
    await office.channel()
    task_id = await office.task()
    await office.remind("Sent", task_id=task_id)
    await office.work()
    office.robot.says(40058)
    await office.remind("Dead", task_id=task_id)
    await office.work()
    async with office.worker.database.scanning() as tx:
        assert await forget_sent(tx, most=10) == 0
    await office.owner.execute(
        "UPDATE notification_messages SET settled_at = settled_at - $1::interval", timedelta(days=91)
    )
    async with office.worker.database.scanning() as tx:
        assert await forget_sent(tx, most=10) == 1
    assert (await office.message())["state"] == "dead"
    assert await office.owner.fetchval("SELECT count(*) FROM notification_items") == 1
    # Its notification is not taken anew: it was looked after once.
    await office.work()
    assert len(office.robot.got) == 2
