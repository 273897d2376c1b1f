"""What reminders cost when very many fall due at one moment, and when very many wait: the figures of one run each."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import psutil

from benchmarks.stage import SECRET_KEY
from benchmarks.tidy import running
from services import schema
from services.local.servers import SUPERUSER, DsnOf, embedded_postgres, embedded_valkey

DATABASE = "bursts"
PATIENCE = 300.0

PLAN = """
INSERT INTO reminders
    (workspace_id, user_id, subject_type, subject_id, customer_id, title, fire_at, escalates, dedupe_key)
SELECT $1, ($2::uuid[])[1 + n % cardinality($2)], 'task', task, uuidv7(), 'Send the quotation for the second line',
       $4::timestamptz, true, 'task:' || task || ':2026-11-22T01:00:00.000000Z'
FROM (SELECT n, uuidv7() AS task FROM generate_series(1, $3::int) AS n) AS planned
"""
NONE_LEFT = "SELECT (SELECT fire_at FROM reminders WHERE state = 'scheduled' ORDER BY fire_at LIMIT 1) IS NULL"
# By when it could be read that it was fired, not by when the worker began to.
LATENESS = """
WITH late AS MATERIALIZED (
    SELECT workspace_id, extract(epoch FROM pg_xact_commit_timestamp(xmin) - fire_at)::float8 AS seconds
    FROM reminders WHERE state = 'fired'
)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS p99,
       max(seconds) AS most, max(seconds) FILTER (WHERE workspace_id = $1) AS of_one
FROM late
"""
CHECK = """
SELECT (SELECT count(*) FROM reminders WHERE state = 'fired') AS fired, (SELECT count(*) FROM notifications) AS told,
       (SELECT count(DISTINCT reminder_id) FROM notifications) AS different,
       (SELECT count(*) FROM events WHERE type = 'reminder.fired') AS facts
"""

SERVERS = """
SELECT pid, CASE WHEN application_name = 'rapport-worker' THEN 'backends' ELSE 'server' END FROM pg_stat_activity
WHERE application_name = 'rapport-worker'
   OR backend_type IN ('checkpointer', 'background writer', 'walwriter', 'io worker')
"""

Spent = dict[str, dict[int, float]]


@dataclass(frozen=True)
class Burst:
    """Reminders that fell due at one moment: how late they were said (s), what was lost or twice, and what it took.

    ``cpu_each`` is in microseconds, ``elsewhere`` what of the processors was in use before, in percent.
    """

    number: int
    p50: float
    p99: float
    most: float
    of_one: float | None
    wrong: int
    cpu_each: float
    elsewhere: float


@dataclass(frozen=True)
class Waiting:
    """Reminders that only wait: what share of one processor the worker and its connections take, in percent."""

    number: int
    worker: float
    backends: float
    elsewhere: float


@dataclass(frozen=True)
class Place:
    """A database with workspaces in it, and where a worker finds it."""

    dsn_of: DsnOf
    environment: dict[str, str]

    async def connect(self) -> asyncpg.Connection:
        """As somebody who sees everything."""
        return await asyncpg.connect(self.dsn_of(SUPERUSER, DATABASE), command_timeout=600)


@contextmanager
def place() -> Iterator[Place]:
    """Embedded servers, safe against power cuts as in production."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-bench-")))
        with embedded_postgres(folder / "postgres") as dsn_of:
            asyncio.run(_keep_commit_times(dsn_of(SUPERUSER, "postgres")))
        dsn_of = stack.enter_context(embedded_postgres(folder / "postgres"))
        redis_url = stack.enter_context(embedded_valkey(folder / "valkey"))
        environment = {
            **os.environ,
            "DATABASE_URL": dsn_of("rapport_worker", DATABASE),
            "REDIS_URL": redis_url,
            "RAPPORT_SECRET_KEY": SECRET_KEY,
            "RAPPORT_DATA_DIR": str(folder / "data"),
            "RAPPORT_LOG_LEVEL": "warning",
        }
        yield Place(dsn_of, environment)


async def _keep_commit_times(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await owner.close()


async def anew(at: Place) -> None:
    """An empty database."""
    owner = await asyncpg.connect(at.dsn_of(SUPERUSER, "postgres"))
    await owner.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await owner.execute(f"CREATE DATABASE {DATABASE}")
    await owner.close()
    await asyncio.to_thread(schema.upgrade, at.dsn_of(SUPERUSER, DATABASE))


async def burst(at: Place, numbers: list[int], *, listened: bool = False, seconds: float = 10.0) -> Burst:
    """So many reminders in as many workspaces, due at one moment while a worker runs; the last workspace is ``of_one``.

    ``listened``: each workspace has a webhook endpoint, so that every fact has to be published. ``seconds``: from when
    planning them begins to that moment; ``TimeoutError`` where that is too short.
    """
    await anew(at)
    owner = await at.connect()
    homes = [await workspace(owner, listened=listened) for _ in numbers]
    with running("services.worker.main", environment=at.environment) as worker:
        await until(owner, "SELECT EXISTS (SELECT FROM worker_heartbeats)")
        elsewhere = await asyncio.to_thread(psutil.cpu_percent, 2.0)
        # Planned for one moment from the start, as they are in life: to move them there would leave a dead row and dead
        # entries beside each of them.
        moment = await owner.fetchval("SELECT now() + make_interval(secs => $1)", seconds)
        for (home, people), number in zip(homes, numbers, strict=True):
            await owner.execute(PLAN, home, people, number, moment)
        await owner.execute("VACUUM ANALYZE reminders")
        await owner.execute("CHECKPOINT")
        left = await owner.fetchval("SELECT extract(epoch FROM $1::timestamptz - now())::float8", moment)
        if left < 1:
            raise TimeoutError(f"planning took {seconds - left:.0f} s: give it more than {seconds:.0f} s")
        await asyncio.sleep(left - 0.5)
        before = await _spent(owner, worker.pid)
        await until(owner, NONE_LEFT)
        after = await _spent(owner, worker.pid)
    late = await owner.fetchrow(LATENESS, homes[-1][0])
    row = await owner.fetchrow(CHECK)
    assert late is not None
    assert row is not None
    await owner.close()
    wrong = sum(abs(sum(numbers) - found) for found in row.values())
    spent = sum(sum(_difference(before, after, kind)) for kind in before)
    cpu_each = 1e6 * spent / sum(numbers)
    return Burst(sum(numbers), late["p50"], late["p99"], late["most"], late["of_one"], wrong, cpu_each, elsewhere)


async def waiting(at: Place, number: int, *, seconds: float = 30.0) -> Waiting:
    """So many reminders that wait in 50 workspaces, and a worker that has nothing to do for so many seconds."""
    await anew(at)
    owner = await at.connect()
    for _ in range(50):
        home, people = await workspace(owner)
        await owner.execute(PLAN, home, people, number // 50, datetime.now(UTC) + timedelta(days=1))
    await owner.execute("VACUUM ANALYZE")
    with running("services.worker.main", environment=at.environment) as worker:
        await until(owner, "SELECT EXISTS (SELECT FROM worker_heartbeats)")
        await asyncio.sleep(10)
        before, began = await _spent(owner, worker.pid), time.monotonic()
        elsewhere = await asyncio.to_thread(psutil.cpu_percent, seconds)
        after, took = await _spent(owner, worker.pid), time.monotonic() - began
    await owner.close()
    of_worker, of_backends = (100 * sum(_difference(before, after, kind)) / took for kind in ("worker", "backends"))
    return Waiting(number, of_worker, of_backends, elsewhere)


def _difference(before: Spent, after: Spent, kind: str) -> list[float]:
    return [seconds - before[kind].get(pid, 0.0) for pid, seconds in after[kind].items()]


async def _spent(owner: asyncpg.Connection, worker: int) -> Spent:
    """Processor seconds so far, by process."""
    rows = await owner.fetch(SERVERS)
    pids = {"worker": [worker], **{kind: [row[0] for row in rows if row[1] == kind] for kind in ("backends", "server")}}
    return {kind: {pid: sum(psutil.Process(pid).cpu_times()[:2]) for pid in found} for kind, found in pids.items()}


async def workspace(owner: asyncpg.Connection, *, listened: bool = False) -> tuple[UUID, list[UUID]]:
    """A workspace with twenty people."""
    home = await owner.fetchval("INSERT INTO workspaces (name) VALUES ('Burst') RETURNING workspace_id")
    people = await owner.fetch(
        "INSERT INTO users (workspace_id, email, email_key, name, role) "
        "SELECT $1, mail, mail, 'User', 'sales' FROM (SELECT 'u' || n || '@example.com' AS mail "
        "FROM generate_series(1, 20) AS n) AS mails RETURNING id",
        home,
    )
    if listened:
        await owner.execute(
            "INSERT INTO webhook_endpoints (workspace_id, url, types, secret) "
            "VALUES ($1, 'https://example.com/', ARRAY['complaint.*'], 'x')",
            home,
        )
    return home, [row[0] for row in people]


async def until(owner: asyncpg.Connection, reached: str, *arguments: Any) -> None:
    """Ask until it is so; raises ``TimeoutError`` when it takes too long."""
    began = time.monotonic()
    while not await owner.fetchval(reached, *arguments):
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError(reached)
        await asyncio.sleep(0.1)
