"""How late reminders are that all fall due at one moment: the real worker process against a real Postgres.

``measure`` is the part of ``make bench``; ``python -m benchmarks.reminders`` is for the large numbers and writes
``REMINDERS.md``, on a quiet machine in about seven minutes. Where time is short: ``--large 300000`` instead of the
million, or one row with ``--only large``, which is printed and not written down.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks import bursts
from benchmarks.bursts import Burst, Place, Waiting
from benchmarks.stage import SECRET_KEY, Stage
from benchmarks.tidy import end_tidily, running
from services.local.servers import SUPERUSER

REMINDERS = Path(__file__).with_name("REMINDERS.md")
HEAD = """# Reminders in large numbers

`python -m benchmarks.reminders`, {when:%Y-%m-%d %H:%M} UTC, {processors} processors, load average {load}. One worker
process, embedded Postgres with fsync; each row on a new database. Lateness is from the moment at which all are due to
the commit after which it can be read that a reminder was said. *CPU* is what the worker and all of Postgres used of one
processor for each reminder, writing down included; two processors with nothing else to do need half of it. The share of
what else ran is in the last column, and 100 % there means that nothing was left.

| what | bar | late p50 / p99 / max (s) | lost or twice | CPU each (µs) | busy before |
|---|---|---|---|---|---|"""

RUNS = ("many", "listened", "large", "one", "waiting")
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
    with running("services.worker.main", environment=environment):
        return asyncio.run(_measure(on, number, rounds))


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


def main() -> int:
    """All of the large runs, and the page about them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=1_000_000, help="how many in the largest runs")
    parser.add_argument("--only", choices=RUNS, help="just this row")
    asked = parser.parse_args()
    end_tidily()
    page = "\n".join([*_page(asked.large, [asked.only] if asked.only else RUNS), ""])
    if not asked.only:
        REMINDERS.write_text(page, encoding="utf-8")
    return 0


def _page(large: int, wanted: Sequence[str]) -> Iterator[str]:
    load = f"{os.getloadavg()[1]:.1f}"
    head = HEAD.format(when=datetime.now(UTC), processors=os.cpu_count(), load=load)
    print(head, flush=True)
    yield head
    runs = {
        "many": ("{} in 50 workspaces", "p99 ≤ 6 s", [2_000] * 50, False),
        "listened": ("the same, each workspace listening by a webhook", "", [2_000] * 50, True),
        "large": ("{} in 50 workspaces", "a million within 60 s", [large // 50] * 50, False),
        "one": ("one behind the {} of another workspace", "≤ 2 s", [50_000, 1], False),
    }
    with bursts.place() as at:
        for name in wanted:
            if name == "waiting":
                line = _waiting(asyncio.run(bursts.waiting(at, large)))
            else:
                what, bar, numbers, listened = runs[name]
                found = _in_time(at, numbers, listened=listened)
                line = _burst(what.format(f"{sum(each for each in numbers if each > 1):,}"), bar, found)
            print(line, flush=True)
            yield line


def _in_time(at: Place, numbers: list[int], *, listened: bool) -> Burst:
    """Planned as early as this machine needs it: how fast it can plan is only seen by trying."""
    lead = 10.0 + sum(numbers) / 12_000
    for further in (lead, 2.5 * lead):
        with suppress(TimeoutError):
            return asyncio.run(bursts.burst(at, numbers, listened=listened, seconds=further))
    return asyncio.run(bursts.burst(at, numbers, listened=listened, seconds=6 * lead))


def _burst(what: str, bar: str, found: Burst) -> str:
    late = f"{found.p50:.2f} / {found.p99:.2f} / {found.most:.2f}"
    if "behind" in what:
        late = f"{found.of_one:.2f} (the others {late})"
    return f"| {what} | {bar} | {late} | {found.wrong} | {found.cpu_each:.0f} | {found.elsewhere:.0f} % |"


def _waiting(found: Waiting) -> str:
    both = f"{found.worker + found.backends:.2f} %: worker {found.worker:.2f} %, its connections {found.backends:.2f} %"
    return f"| {found.number:,} that wait | under 2 % of a processor | {both} | | | {found.elsewhere:.0f} % |"


if __name__ == "__main__":
    raise SystemExit(main())
