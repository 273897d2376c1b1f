"""``python -m benchmarks.complaints``: the clocks of 200,000 open complaints; writes ``COMPLAINTS.md``.

    python -m benchmarks.complaints [--complaints 200000] [--crossed 10000] [--recounted 50000] [--only burst]

Measured are the worker's own round where nothing is due, the real worker process when thousands of promises run out
within a minute or at one moment, the same when a policy is edited while people are at work, and the list by due time
beside a bare one.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from benchmarks.contest import Operation, Pace, compare, http_get, serve, serve_product
from benchmarks.stage import SECRET_KEY, Stage, stage
from benchmarks.tidy import end_tidily, running
from crm.actor import Actor, ActorKind, Role, Sight, system
from crm.calendars.founding import open_first_calendar
from crm.complaints.clocks import turn
from crm.complaints.standing import locked
from crm.complaints.taking import timed
from crm.database import Database
from crm.sla import actions, defaults
from crm.sla.schemas import SlaPolicyUpdate
from crm.workspaces.settings import DEFAULTS
from services.local.servers import SUPERUSER
from services.settings import Settings
from services.worker.messages import open_queue
from services.worker.promising import watch_promises
from services.worker.rounds import Worker

RESULTS = Path(__file__).with_name("COMPLAINTS.md")
PATIENCE = 300.0

COMPLAINTS = """
INSERT INTO complaints (workspace_id, number, customer_id, channel, received_at, subject, description, category,
                        severity, state, team_id, assignee_id, acknowledged_at, due_at)
SELECT $1, '2026-' || lpad(n::text, 6, '0'), c.ids[1 + n % cardinality(c.ids)], 'phone',
       now() - make_interval(days => n % 20), 'Complaint ' || n, 'The pump leaks', 'quality',
       CASE WHEN n % $3::int = 0 THEN 'high' ELSE 'medium' END, 'investigating',
       c.team, ($4::uuid[])[1 + n % cardinality($4)], now() - make_interval(days => n % 20),
       now() + interval '2 days' + make_interval(secs => n)
FROM generate_series(1, $2::int) AS n,
     (SELECT array_agg(id) AS ids, min(team_id::text)::uuid AS team FROM customers WHERE workspace_id = $1) AS c
"""
CLOCKS = """
INSERT INTO sla_clocks (workspace_id, complaint_id, kind, state, policy_id, calendar_id, minutes, started_at, due_at,
                        stopped_at, thresholds, next_threshold_at)
SELECT c.workspace_id, c.id, k.kind, CASE WHEN k.ended THEN 'met' ELSE 'running' END, p.id, w.calendar_id, k.minutes,
       c.received_at, c.due_at + k.later, CASE WHEN k.ended THEN c.received_at END,
       (SELECT jsonb_agg(jsonb_build_object('percent', t.percent, 'crossed_at', NULL,
                                            'at', CASE WHEN NOT k.ended THEN c.due_at + k.later - t.sooner END))
        FROM (VALUES (80, interval '1 hour'), (100, interval '0')) AS t(percent, sooner)),
       CASE WHEN NOT k.ended THEN c.due_at + k.later - interval '1 hour' END
FROM complaints AS c
JOIN workspaces AS w ON w.workspace_id = c.workspace_id
JOIN sla_policies AS p ON p.workspace_id = c.workspace_id AND p.severity = c.severity
CROSS JOIN (VALUES ('acknowledge', 120, true, interval '0'), ('response', 480, false, interval '0'),
                   ('update', 900, false, interval '1 day'), ('resolution', 1440, false, interval '2 days'))
     AS k(kind, minutes, ended, later)
WHERE c.workspace_id = $1
"""
# The last share of the time of so many clocks is over one after the other, or all at one moment.
CROSSING = """
UPDATE sla_clocks AS k SET due_at = x.at, next_threshold_at = x.at, thresholds = jsonb_build_array(
    jsonb_build_object('percent', 100, 'at', x.at, 'crossed_at', NULL))
FROM (SELECT workspace_id, id, now() + make_interval(secs => $2 + $3::float8 * row_number() OVER () / $4::int) AS at
      FROM (SELECT workspace_id, id FROM sla_clocks
            WHERE workspace_id = $1 AND kind = $5 AND state = 'running' LIMIT $4::int) AS picked) AS x
WHERE k.workspace_id = x.workspace_id AND k.id = x.id
"""
BROKEN = """
SELECT id, changes -> 'due_at' ->> 1 AS due_at, clock_timestamp() AS now FROM events
WHERE workspace_id = $1 AND id > $2 AND type = 'complaint.sla_breached' ORDER BY id
"""


class Bench:
    """What the measurements share."""

    def __init__(self, on: Stage, complaints: int) -> None:
        """On this stage, with so many complaints."""
        self.on, self.complaints = on, complaints
        self.home = on.workspace_id
        self.environment = {
            "DATABASE_URL": on.dsn("rapport_worker"),
            "REDIS_URL": on.redis_url,
            "RAPPORT_SECRET_KEY": SECRET_KEY,
            "RAPPORT_LOG_LEVEL": "warning",
        }

    def actor(self) -> Actor:
        """An administrator."""
        admin = self.on.owners[0]
        return Actor(self.home, admin, ActorKind.USER, Role.ADMIN, frozenset(), Sight.ALL, settings=DEFAULTS)

    async def owner(self) -> asyncpg.Connection:
        """A connection that sees everything."""
        return await asyncpg.connect(self.on.dsn(SUPERUSER))

    async def fill(self, recounted: int) -> None:
        """Policies and a calendar, complaints with their clocks; every so manieth is a severe one."""
        api = Database(self.on.dsn("rapport_api"), name="bench-fill", size=1)
        async with api.transaction(system(self.home, timezone="Asia/Shanghai", language="zh-CN")) as tx:
            calendar = await open_first_calendar(tx)
            await defaults.promise(tx)
        await api.close()
        owner = await self.owner()
        await owner.execute("UPDATE workspaces SET calendar_id = $2 WHERE workspace_id = $1", self.home, calendar)
        await owner.execute("UPDATE sla_recounts SET finished_at = now()")
        await owner.execute("UPDATE teams SET manager_id = $2 WHERE workspace_id = $1", self.home, self.on.owners[-1])
        every = max(1, self.complaints * 3 // max(recounted, 1))
        await owner.execute(COMPLAINTS, self.home, self.complaints, every, list(self.on.owners))
        await owner.execute(CLOCKS, self.home)
        await owner.execute("VACUUM ANALYZE")
        await owner.close()

    async def idle(self) -> str:
        """The round where nothing is due."""
        database = Database(self.on.dsn("rapport_worker"), name="bench-worker", size=2)
        settings = Settings.model_validate({**self.environment, "RAPPORT_DATA_DIR": "."})
        queue = open_queue(self.on.redis_url)
        worker = Worker(settings, database, queue)
        took = []
        for _ in range(320):
            began = time.perf_counter()
            if await watch_promises(worker):
                raise RuntimeError("something is due")
            took.append((time.perf_counter() - began) * 1000)
        await queue.aclose(close_connection_pool=True)
        await database.close()
        cuts = statistics.quantiles(took[20:], n=100, method="inclusive")
        return f"| a round where nothing is due | ≤ 20 ms | {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms |"

    async def burst(self, number: int, spread: float, kind: str) -> str:
        """So many promises run out, within so many seconds: how late each was told, at the latest."""
        owner = await self.owner()
        last = await owner.fetchval("SELECT uuidv7()")
        before = await owner.fetchval("SELECT count(*) FROM notifications WHERE workspace_id = $1", self.home)
        await owner.execute(CROSSING, self.home, 5.0 + number / 2000, spread, number, kind)
        late: list[float] = []
        until = time.monotonic() + spread + PATIENCE
        while len(late) < number and time.monotonic() < until:
            rows = await owner.fetch(BROKEN, self.home, last)
            late += [(row["now"] - datetime.fromisoformat(row["due_at"])).total_seconds() for row in rows]
            last = rows[-1]["id"] if rows else last
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        told = await owner.fetchval(
            "SELECT count(*) FROM events WHERE workspace_id = $1 AND type = 'complaint.sla_breached' "
            "AND changes -> 'clock' ->> 1 = $2", self.home, kind,
        )  # fmt: skip
        heard = await owner.fetchval("SELECT count(*) FROM notifications WHERE workspace_id = $1", self.home)
        await owner.close()
        cuts = statistics.quantiles(late, n=100, method="inclusive")
        when = f"within {spread:.0f} s" if spread else "at one moment"
        return (
            f"| {number:,} promises run out {when} | each once, p99 ≤ 10 s late | p50 {cuts[49]:.1f} s, "
            f"p99 {cuts[98]:.1f} s, at most {max(late):.1f} s; {told - number} twice or lost; "
            f"{heard - before:,} notifications |"
        )

    async def recount(self) -> str:
        """A policy is edited while people take steps of the very complaints."""
        api = Database(self.on.dsn("rapport_api"), name="bench-people", size=4)
        owner = await self.owner()
        policy = await owner.fetchval(
            "SELECT id FROM sla_policies WHERE workspace_id = $1 AND severity = 'high'", self.home
        )
        ids = [
            row["id"]
            for row in await owner.fetch(
                "SELECT id FROM complaints WHERE workspace_id = $1 AND severity = 'high'", self.home
            )
        ]
        clocks = await owner.fetchval(
            "SELECT count(*) FROM sla_clocks AS k JOIN complaints AS c ON c.id = k.complaint_id "
            "WHERE k.workspace_id = $1 AND c.severity = 'high' AND k.stopped_at IS NULL", self.home,
        )  # fmt: skip
        quiet = await self._at_work(api, ids, 3.0, owner, None)
        began = time.perf_counter()
        await actions.update(
            api.writing(self.actor()),
            policy,
            SlaPolicyUpdate(response_minutes=150, update_minutes=480, resolution_minutes=990),
        )
        edited = time.perf_counter() - began
        busy = await self._at_work(
            api, ids, PATIENCE, owner, "SELECT count(*) FROM sla_recounts WHERE finished_at IS NULL"
        )
        took = time.perf_counter() - began
        (job,) = await owner.fetch("SELECT looked_at, changed FROM sla_recounts ORDER BY asked_at DESC LIMIT 1")
        await owner.close()
        await api.close()
        waits = "p50 {:.0f} ms, p99 {:.0f} ms, at most {:.0f} ms"
        return (
            f"| a policy with {clocks:,} open clocks is edited | < 60 s, blocks nobody | "
            f"the edit {edited * 1000:.0f} ms; all anew after {took:.1f} s ({job['looked_at']:,} complaints, "
            f"{job['changed']:,} clocks changed); steps of the same complaints meanwhile {waits.format(*busy)} "
            f"(before: {waits.format(*quiet)}) |"
        )

    async def _at_work(
        self, api: Database, ids: list[UUID], seconds: float, owner: asyncpg.Connection, still: str | None
    ) -> tuple[float, float, float]:
        """Steps at chance complaints, ten a second, until nothing is left to do or the time is over: milliseconds."""
        took, chance, until = [], random.Random(7), time.monotonic() + seconds
        while time.monotonic() < until and (still is None or await owner.fetchval(still)):
            complaint, began = chance.choice(ids), time.perf_counter()
            async with api.transaction(self.actor()) as tx:
                _, row = await locked(tx, complaint)
                now = timed(row)
                await turn(tx, "inform", now, now)
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.1)
        cuts = statistics.quantiles(took, n=100, method="inclusive")
        return cuts[49], cuts[98], max(took)


def by_due_time(bench: Bench, given: argparse.Namespace) -> str:
    """The list by due time beside the bare one."""
    on = bench.on
    bare = {"BENCH_DATABASE_URL": on.dsn(SUPERUSER), "BENCH_WORKSPACE": str(on.workspace_id)}
    by_due = Operation("list of 50 by due time", 0.55, http_get("/v1/complaints?limit=50&sort=due_at"))
    with ExitStack() as stack:
        yardstick = stack.enter_context(serve(["benchmarks.complaints_yardstick:app"], bare))
        ours = stack.enter_context(serve_product(on.dsn("rapport_api"), on.redis_url, SECRET_KEY))
        return compare(by_due, on.token, yardstick, ours, Pace(given.seconds, given.rounds, given.connections))


def report(given: argparse.Namespace, lines: list[str], listed: str, load: str) -> str:
    """The page that is committed."""
    return f"""# Clocks of complaints

Made by `python -m benchmarks.complaints` on {datetime.now(UTC):%Y-%m-%d}: {given.complaints:,} open complaints
with three running clocks each in one workspace, one worker process, embedded Postgres 18; {os.cpu_count()} cores,
Python {platform.python_version()}; load average {load}. How late a breach was told is up to when it could be read.

| what | bar | found |
|---|---|---|
{chr(10).join(lines)}

| list | yardstick/s (median/p99 ms) | Rapport/s (median/p99 ms) | share | bar | met |
|---|---:|---:|---:|---:|---|
{listed}
"""


def main() -> None:
    """Write ``COMPLAINTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.complaints", description=__doc__)
    parser.add_argument("--complaints", type=int, default=200_000)
    parser.add_argument("--crossed", type=int, default=10_000)
    parser.add_argument("--recounted", type=int, default=50_000, help="open clocks of the policy that is edited")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", choices=("idle", "burst", "recount", "list"), help="Writes nothing.")
    given = parser.parse_args()
    end_tidily()
    with stage(20_000) as on:
        bench = Bench(on, given.complaints)
        asyncio.run(bench.fill(given.recounted))
        before, lines, listed = os.getloadavg(), [], ""
        if given.only in {None, "idle"}:
            lines.append(asyncio.run(bench.idle()))
        if given.only in {None, "list"}:
            listed = by_due_time(bench, given)
        with running("services.worker.main", environment={**os.environ, **bench.environment}):
            time.sleep(5)
            if given.only in {None, "burst"}:
                lines.append(asyncio.run(bench.burst(given.crossed, 60.0, "response")))
                lines.append(asyncio.run(bench.burst(given.crossed, 0.0, "update")))
            if given.only in {None, "recount"}:
                lines.append(asyncio.run(bench.recount()))
        print("\n".join([*lines, listed]))
        load = f"{before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
        if given.only is None:
            RESULTS.write_text(report(given, lines, listed, load), encoding="utf-8")


if __name__ == "__main__":
    main()
