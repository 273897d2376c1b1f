"""The real worker process under fire: killed, its queue emptied, its queue gone. Nothing lost, nothing twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from services.local.processes import Child
from services.local.servers import SUPERUSER, embedded_valkey
from services.worker.messages import open_queue
from tests.conftest import SECRET_KEY
from tests.factories import Workspace, found_workspace
from tests.worker.conftest import Backstage

pytestmark = pytest.mark.process

ALL = 10_000


@dataclass
class Processes:
    """Starts processes and sees to it that none outlives the test."""

    log: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
            )
        self.started.append(process)
        return process

    def worker(self, backstage: Backstage, redis_url: str | None = None) -> subprocess.Popen[bytes]:
        return self.start(
            sys.executable,
            "-m",
            "services.worker.main",
            DATABASE_URL=backstage.stage.dsn("rapport_worker"),
            REDIS_URL=redis_url or backstage.stage.redis_url,
            RAPPORT_SECRET_KEY=SECRET_KEY,
        )


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path / "worker.log")
    yield found
    for process in found.started:
        if process.poll() is None:
            process.kill()
        process.wait()
    print(found.log.read_text()[-5000:] if found.log.exists() else "")


async def plan_reminders(backstage: Backstage, home: Workspace, number: int, *, in_seconds: float = 0) -> None:
    """So many reminders for Anna, all due at one moment."""
    await backstage.owner.execute(
        "INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, dedupe_key) "
        "SELECT $1, $2, 'task', gen_random_uuid(), 'Call', now() + make_interval(secs => $4), 'test:' || n "
        "FROM generate_series(1, $3::int) AS n",
        home.id,
        home.anna.id,
        number,
        in_seconds,
    )


async def fired(backstage: Backstage) -> int:
    number: int = await backstage.owner.fetchval("SELECT count(*) FROM reminders WHERE state = 'fired'")
    return number


async def told(backstage: Backstage) -> tuple[int, int, int, int]:
    """Reminders fired, notifications made, facts written, and for how many different reminders."""
    row = await backstage.owner.fetchrow(
        "SELECT (SELECT count(*) FROM reminders WHERE state = 'fired'), (SELECT count(*) FROM notifications), "
        "count(*), count(DISTINCT subject_id) FROM events WHERE type = 'reminder.fired'"
    )
    assert row is not None
    return tuple(row)


async def until(what: Callable[[], Awaitable[bool]], *, within: float = 30, every: float = 0.005) -> float:
    """Wait until it is so; how long that took."""
    began = time.monotonic()
    while not await what():
        assert time.monotonic() - began < within, "it did not happen in time"
        await asyncio.sleep(every)
    return time.monotonic() - began


async def test_a_worker_killed_again_and_again_fires_every_reminder_once(
    backstage: Backstage, processes: Processes
) -> None:
    homes = [backstage.home, *[await found_workspace(backstage.owner, SECRET_KEY) for _ in range(3)]]
    for home in homes:
        await plan_reminders(backstage, home, ALL // 4)
    killed_in_the_middle = 0
    for _ in range(2):
        before = await fired(backstage)
        process = processes.worker(backstage)
        await until(lambda before=before: _more_than(backstage, before))  # type: ignore[misc]  # defaults of a lambda
        process.kill()
        process.wait()
        killed_in_the_middle += await fired(backstage) < ALL
        with redis.Redis.from_url(backstage.stage.redis_url) as queue:
            queue.flushall()
    assert killed_in_the_middle > 0
    processes.worker(backstage)
    await until(lambda: _published(backstage, ALL))
    assert await told(backstage) == (ALL, ALL, ALL, ALL)


async def _more_than(backstage: Backstage, number: int) -> bool:
    now = await fired(backstage)
    return now > number or now == ALL


async def _published(backstage: Backstage, number: int) -> bool:
    open_ones = await backstage.owner.fetchval("SELECT count(*) FROM events WHERE published_at IS NULL")
    return await fired(backstage) == number and open_ones == 0


async def test_control_without_the_fence_somebody_is_told_twice(backstage: Backstage, processes: Processes) -> None:
    await plan_reminders(backstage, backstage.home, 2_000)

    def unfenced() -> subprocess.Popen[bytes]:
        dsn = backstage.stage.dsn_of(SUPERUSER, backstage.stage.name)
        return processes.start(sys.executable, "-m", "tests.worker.unfenced", dsn)

    async def some_told_and_not_remembered() -> bool:
        made: int = await backstage.owner.fetchval("SELECT count(*) FROM notifications")
        return made > await fired(backstage)

    process = unfenced()
    await until(some_told_and_not_remembered, every=0.001)
    process.kill()
    process.wait()
    assert await fired(backstage) < 2_000
    assert unfenced().wait(30) == 0
    assert await backstage.owner.fetchval("SELECT count(*) FROM notifications") > 2_000


async def test_ten_thousand_reminders_due_at_one_moment_all_fire_once(
    backstage: Backstage, processes: Processes
) -> None:
    processes.worker(backstage)
    await until(lambda: _beats(backstage), within=30)
    await plan_reminders(backstage, backstage.home, ALL, in_seconds=1)
    await until(lambda: _none_waits(backstage), every=0.05, within=60)
    assert await told(backstage) == (ALL, ALL, ALL, ALL)


async def _none_waits(backstage: Backstage) -> bool:
    waiting = await backstage.owner.fetchval("SELECT count(*) FROM reminders WHERE state = 'scheduled'")
    return bool(waiting == 0)


async def _beats(backstage: Backstage) -> bool:
    return bool(await backstage.owner.fetchval("SELECT count(*) FROM worker_heartbeats"))


async def test_with_the_queue_dead_firing_goes_on_and_the_queue_is_worked_when_it_is_back(
    backstage: Backstage, processes: Processes, tmp_path: Path
) -> None:
    children: list[Child] = []
    with embedded_valkey(tmp_path / "valkey", children=children) as url:
        process = processes.worker(backstage, url)
        await until(lambda: _takes_jobs(url))
        program = str(children[0].process.args[0])  # type: ignore[index]  # a list, as it was started
        children[0].process.kill()
        children[0].process.wait()
        await plan_reminders(backstage, backstage.home, 500)
        await until(lambda: _published(backstage, 500))
        assert process.poll() is None
        address = redis.Redis.from_url(url).connection_pool.connection_kwargs
        processes.start(
            program,
            "--port",
            str(address["port"]),
            "--requirepass",
            address["password"],
            "--save",
            "",
            "--bind",
            "127.0.0.1",
        )
        await until(lambda: _takes_jobs(url), within=20)
    assert await told(backstage) == (500, 500, 500, 500)


async def _takes_jobs(url: str) -> bool:
    """Whether somebody takes what is put into the queue."""
    queue = open_queue(url)
    try:
        await queue.enqueue_job("deliver", str(uuid4()), str(uuid4()))
        for _ in range(40):
            await asyncio.sleep(0.05)
            if await queue.zcard("rapport:queue") == 0:
                return True
    except (redis.ConnectionError, redis.TimeoutError):
        await asyncio.sleep(0.1)
    finally:
        await queue.aclose(close_connection_pool=True)
    return False


async def test_sigterm_ends_a_busy_worker_cleanly_and_another_goes_on(
    backstage: Backstage, processes: Processes
) -> None:
    await plan_reminders(backstage, backstage.home, ALL)
    await backstage.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, $2 FROM generate_series(1, 100) AS n",
        backstage.home.id,
        backstage.home.anna.id,
    )
    await backstage.owner.execute(
        "INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, actor_kind, actor_id, payload) "
        "SELECT workspace_id, 'customer.created', 'customer', id, 1, 'system', id, '{}' FROM customers"
    )
    process = processes.worker(backstage)
    await until(lambda: _has_tasks(backstage))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(25) == 0
    assert time.monotonic() - began < 25
    left = await backstage.owner.fetch(
        "SELECT attempts, next_attempt_at > now() FROM reactions WHERE state = 'pending'"
    )
    assert all(tuple(row) == (0, False) for row in left)
    processes.worker(backstage)
    await until(lambda: _whole(backstage))
    assert await told(backstage) == (ALL, ALL, ALL, ALL)
    assert await backstage.owner.fetchval("SELECT count(DISTINCT customer_id) FROM tasks") == 100
    assert await backstage.owner.fetchval("SELECT max(attempts) FROM reactions") == 1


async def _has_tasks(backstage: Backstage) -> bool:
    return bool(await backstage.owner.fetchval("SELECT count(*) FROM tasks"))


async def _whole(backstage: Backstage) -> bool:
    tasks = await backstage.owner.fetchval("SELECT count(*) FROM tasks")
    return tasks == 100 and await fired(backstage) == ALL
