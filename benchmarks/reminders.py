"""How late reminders are that all fall due at one moment: the real worker process against a real Postgres."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import asyncpg

from benchmarks.stage import SECRET_KEY, Stage
from services.local.servers import SUPERUSER

DUE_IN = 1.0
PATIENCE = 60.0

PLAN = """
INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, dedupe_key)
SELECT $1, $2, 'task', gen_random_uuid(), 'Call', now() + make_interval(secs => $4), 'bench:' || $5 || ':' || n
FROM generate_series(1, $3::int) AS n
"""


@dataclass(frozen=True)
class Lateness:
    """Seconds from the moment at which all were due to the last one fired."""

    number: int
    seconds: list[float]
    wrong: int


def measure(on: Stage, *, number: int, rounds: int) -> Lateness:
    """Start a worker, plan so many reminders for one moment, wait for the last; several times."""
    environment = {
        **os.environ,
        "DATABASE_URL": on.dsn("rapport_worker"),
        "REDIS_URL": on.redis_url,
        "RAPPORT_SECRET_KEY": SECRET_KEY,
        "RAPPORT_LOG_LEVEL": "warning",
    }
    worker = subprocess.Popen([sys.executable, "-m", "services.worker.main"], env=environment)
    try:
        return asyncio.run(_measure(on, number, rounds))
    finally:
        worker.terminate()
        worker.wait(30)


async def _measure(on: Stage, number: int, rounds: int) -> Lateness:
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    await _until(owner, "SELECT count(*) = 0 FROM worker_heartbeats")
    await _until(owner, "SELECT EXISTS (SELECT FROM events WHERE published_at IS NULL)")
    took = []
    for attempt in range(rounds):
        await owner.execute(PLAN, on.workspace_id, on.owners[0], number, DUE_IN, str(attempt))
        due_at = await owner.fetchval("SELECT max(fire_at) FROM reminders WHERE dedupe_key LIKE 'bench:%'")
        await _until(
            owner, "SELECT EXISTS (SELECT FROM reminders WHERE state = 'scheduled' AND dedupe_key LIKE 'bench:%')"
        )
        fired_at = await owner.fetchval("SELECT clock_timestamp()")
        took.append((fired_at - due_at).total_seconds())
    twice = "SELECT count(*) - count(DISTINCT subject_id) FROM events WHERE type = 'reminder.fired'"
    told = "SELECT count(*) FROM notifications AS n JOIN reminders AS r ON n.dedupe_key = 'reminder:' || r.id"
    told += " WHERE r.dedupe_key LIKE 'bench:%'"
    wrong = await owner.fetchval(twice) + abs(rounds * number - await owner.fetchval(told))
    await owner.close()
    return Lateness(number, took, wrong)


async def _until(owner: asyncpg.Connection, still: str) -> None:
    began = time.monotonic()
    while await owner.fetchval(still):
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError(still)
        await asyncio.sleep(0.02)


def sentence(found: Lateness) -> str:
    """What the page says of it."""
    median, worst = statistics.median(found.seconds), max(found.seconds)
    return (
        f"{found.number:,} reminders due at one moment: the last one fired {median:.2f} s later (worst of "
        f"{len(found.seconds)} runs {worst:.2f} s; bar: 3 s), {found.wrong} twice or lost."
    )
