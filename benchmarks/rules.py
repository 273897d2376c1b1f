"""What a night of rules costs: ``python -m benchmarks.rules`` fills 100,000 customers and works a night, then another.

Writes ``RULES.md``. The work is the worker's own, under its role, batch by batch.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks.stage import Stage, stage
from crm.actor import Actor
from crm.calendars.founding import open_first_calendar
from crm.database import Database
from crm.task_rules import finding, nightly, shipped
from crm.task_rules.carrying import look_for
from crm.task_rules.queries import ruled
from crm.workspaces.acting import acting_in
from services.local.servers import SUPERUSER
from services.worker.ruling import MOST

RESULTS = Path(__file__).with_name("RULES.md")

CONTACTS = """
INSERT INTO contacts (workspace_id, customer_id, name, name_key, birthday, next_birthday_on)
SELECT workspace_id, id, 'Contact', 'contact', '{"calendar": "solar", "month": 1, "day": 1, "leap": false}',
       current_date + (row_number() OVER (ORDER BY id) % 365)::int
FROM customers WHERE workspace_id = $1
"""


@dataclass(frozen=True)
class Night:
    """How long it took, and what came of it."""

    seconds: float
    batches: int
    tasks: int


async def measure(on: Stage) -> tuple[Night, Night, dict[str, float], float, float]:
    """A first night, in which much is made; the next, in which all is there; each rule's look; an idle round."""
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    database = Database(on.dsn("rapport_worker"), name="bench-rules", size=4)
    actor = await acting_in(database, on.workspace_id)
    async with database.transaction(actor) as tx:
        calendar_id = await open_first_calendar(tx)
        await shipped.furnish(tx)
    home = on.workspace_id
    await owner.execute("UPDATE workspaces SET calendar_id = $2 WHERE workspace_id = $1", home, calendar_id)
    await owner.execute("UPDATE customers SET created_at = now() - interval '300 days' WHERE workspace_id = $1", home)
    await owner.execute("UPDATE task_rules SET enabled = true")
    await owner.execute(CONTACTS, home)
    await owner.execute("VACUUM ANALYZE")
    first = await _night(database, actor, owner)
    await owner.execute("UPDATE task_rule_rounds SET done_for = NULL")
    await owner.execute("UPDATE task_rule_runs SET day = day - 1")
    await owner.execute("VACUUM ANALYZE")
    second = await _night(database, actor, owner)
    looks = {}
    for rule in await owner.fetch("SELECT * FROM task_rules WHERE workspace_id = $1 AND key IS NOT NULL", home):
        if json.loads(rule["trigger"])["kind"] == "nightly":
            looks[rule["key"]] = await _look(database, actor, rule)
    idle = await _timed(lambda: _waiting(database))
    asked = await _timed(lambda: _ruled(database, on))
    await owner.close()
    await database.close()
    return first, second, looks, idle, asked


async def _night(database: Database, actor: Actor, owner: asyncpg.Connection) -> Night:
    before = await owner.fetchval("SELECT count(*) FROM tasks")
    began, batches, more = time.perf_counter(), 0, True
    while more:
        async with database.transaction(actor) as tx:
            more = await nightly.work(tx, most=MOST)
        batches += 1
    return Night(time.perf_counter() - began, batches, await owner.fetchval("SELECT count(*) FROM tasks") - before)


async def _look(database: Database, actor: Actor, rule: asyncpg.Record) -> float:
    trigger, action = json.loads(rule["trigger"]), json.loads(rule["action"])
    access = database.writing(actor)
    today = datetime.now(UTC).date()
    wanted = await look_for(access, rule["id"], trigger, action, today)
    return await _timed(lambda: finding.counted(access, wanted), 3)


async def _waiting(database: Database) -> None:
    async with database.scanning() as tx:
        await nightly.waiting(tx)


async def _ruled(database: Database, on: Stage) -> None:
    async with database.scanning() as tx:
        await ruled(tx, [on.workspace_id], ["customer.updated", "task.created", "visit.completed"])


async def _timed(run: Callable[[], Awaitable[object]], times: int = 50) -> float:
    """The median, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await run()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[len(took) // 2]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    chosen = parser.parse_args()
    with stage(chosen.customers) as on:
        first, second, looks, idle, asked = asyncio.run(measure(on))
    said = f"one workspace of {chosen.customers:,} customers with a contact each, all shipped rules enabled, one worker"
    made = f"{first.tasks:,} tasks with their reminders and facts, {first.batches} batches"
    again = f"{second.tasks:,} tasks, {second.batches} batches"
    lines = [
        "# What a night of rules costs",
        "",
        f"`python -m benchmarks.rules`, {datetime.now(UTC).date()}: {said}.",
        "",
        "| | |",
        "|---|---|",
        f"| the first night: {made} | {first.seconds:.1f} s |",
        f"| the next night, all made before: {again} | {second.seconds:.2f} s |",
        *(f"| one look of `{key}` over all of them | {ms:.0f} ms |" for key, ms in sorted(looks.items())),
        f"| an idle round: is it night anywhere? | {idle:.2f} ms |",
        f"| which facts of a published batch have a rule? | {asked:.2f} ms |",
        "",
        "A first night in which rules hold of everybody is the worst there is; such rules are shipped switched off.",
        "",
    ]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
