"""``python -m benchmarks.opportunities``: numbers of sales, the board and lists, with 200,000 sales in a workspace.

    python -m benchmarks.opportunities [--opportunities 200000] [--open-percent 25] [--times 200]

Eight stages, a hundred owners in ten teams, a fifth of the sales changed between two snapshots. Measured are the
product's own functions as ``rapport_api``. Writes ``OPPORTUNITIES.md``.
"""

import argparse
import asyncio
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.against import Contest, against_bare, overhear, signed_in
from benchmarks.bare_words import BODY, HERE
from benchmarks.contest import HEADINGS, PROCESSES, Operation, Pace, http, http_get
from benchmarks.large import Ask, Watched, row, timed
from crm import clock
from crm.actor import Actor, ActorKind, Role, Sight
from crm.boards import queries as boards
from crm.boards.schemas import BoardFilter
from crm.database import Database
from crm.forecasts import changes, forecast, nightly, reports, snapshots
from crm.forecasts.change_schemas import ChangeFilter
from crm.forecasts.schemas import OpenSlice, PeriodSlice
from crm.hygiene import queries as hygiene
from crm.hygiene.schemas import FlaggedFilter
from crm.opportunities import moves
from crm.opportunities import queries as opportunities
from crm.opportunities.move_schemas import OpportunityAdvance
from crm.opportunities.schemas import OpportunityFilter
from crm.workspaces.settings import DEFAULTS
from services import schema
from services.local.servers import SUPERUSER, DsnOf, embedded_postgres

RESULTS = Path(__file__).with_name("OPPORTUNITIES.md")
DATABASE = "bench"
ZONE = "Asia/Shanghai"
OWNERS = 100

STAGES = """
INSERT INTO pipeline_stages (workspace_id, pipeline_id, key, name, place, probability, forecast_category, progress_code,
                             expected_days, late)
SELECT $1, $2, 'stage_' || n, 'Stage ' || n, n, n / 10.0,
       (ARRAY['pipeline', 'pipeline', 'pipeline', 'pipeline', 'best_case', 'best_case', 'commit', 'commit'])[n],
       least(n, 5), 30, n > 5
FROM generate_series(1, 8) AS n
"""
SALES = """
INSERT INTO opportunities (workspace_id, customer_id, name, pipeline_id, stage_id, state, amount, currency,
                           expected_close_on, owner_id, team_id, opened_on, closed_at, closed_on, lost_reason, grade,
                           next_step, last_activity_at, stage_entered_at, created_at)
SELECT $1, c.ids[1 + n % cardinality(c.ids)], 'Sale ' || n, $2, s.ids[1 + n % 8],
       CASE WHEN n % 100 < $3::int THEN 'open' WHEN n % 2 = 0 THEN 'won' ELSE 'lost' END,
       (n % 997 + 1) * 100, 'CNY', current_date - 30 + n % 180,
       u.ids[1 + n % cardinality(u.ids)], u.teams[1 + n % cardinality(u.ids)], current_date - 200,
       CASE WHEN n % 100 >= $3::int THEN now() - make_interval(days => n % 300) END,
       CASE WHEN n % 100 >= $3::int THEN current_date - n % 300 END,
       CASE WHEN n % 100 >= $3::int AND n % 2 = 1 THEN 'price' END, 'B', 'Call',
       now() - make_interval(days => n % 40), now() - make_interval(days => n % 60), now() - make_interval(secs => n)
FROM generate_series(1, $4::int) AS n,
     (SELECT array_agg(id ORDER BY place) AS ids FROM pipeline_stages WHERE pipeline_id = $2) AS s,
     (SELECT array_agg(id) AS ids, array_agg(team_id) AS teams FROM users WHERE workspace_id = $1) AS u,
     (SELECT array_agg(id) AS ids FROM customers WHERE workspace_id = $1) AS c
"""
FIFTH = "abs(hashtext(opportunity_id::text)) % 5 = 0"
# How a fifth of them stood before: worth less, in the middle of the days looked at.
BEFORE = f"""
INSERT INTO opportunity_days (workspace_id, opportunity_id, from_day, until_day, standing, pipeline_id, stage_id,
                              owner_id, team_id, amount, currency, probability, category, expected_close_on)
SELECT d.workspace_id, d.opportunity_id, current_date - 60, current_date - 10, 'open', d.pipeline_id, d.stage_id,
       d.owner_id, d.team_id, d.amount / 2, d.currency, 0.5, 'pipeline', d.expected_close_on
FROM opportunity_days AS d
WHERE d.workspace_id = $1 AND {FIFTH}
"""


@dataclass(frozen=True)
class Stage:
    """What is measured in."""

    dsn_of: DsnOf
    home: UUID
    pipeline: UUID
    owner: UUID
    sales: int
    open_percent: int

    def dsn(self, role: str) -> str:
        """The address for a role."""
        return self.dsn_of(role, DATABASE)

    def actor(self, kind: ActorKind = ActorKind.USER) -> Actor:
        """Someone who sees all."""
        return Actor(self.home, self.owner, kind, Role.MANAGER, frozenset(), Sight.ALL, settings=DEFAULTS)


@contextmanager
def stage(sales: int, open_percent: int) -> Iterator[Stage]:
    """A workspace full of sales, with snapshots of two months."""
    with (
        TemporaryDirectory(prefix="rapport-bench-") as folder,
        embedded_postgres(Path(folder) / "postgres") as dsn_of,
    ):
        asyncio.run(_create(dsn_of(SUPERUSER, "postgres")))
        schema.upgrade(dsn_of(SUPERUSER, DATABASE))
        yield asyncio.run(_fill(dsn_of, sales, open_percent))


async def _create(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(f"CREATE DATABASE {DATABASE}")
    await owner.close()


async def _fill(dsn_of: DsnOf, sales: int, open_percent: int) -> Stage:
    owner = await asyncpg.connect(dsn_of(SUPERUSER, DATABASE))
    home = await owner.fetchval("INSERT INTO workspaces (name) VALUES ('Benchmark') RETURNING workspace_id")
    for team in range(10):
        team_id = await owner.fetchval(
            "INSERT INTO teams (workspace_id, name) VALUES ($1, $2) RETURNING id", home, f"Team {team}"
        )
        await owner.execute(
            "INSERT INTO users (workspace_id, email, email_key, name, role, team_id) "
            "SELECT $1, e, e, e, 'sales', $2 FROM (SELECT format('s%s-%s@example.com', $3::int, n) AS e "
            "FROM generate_series(1, $4::int) AS n) AS x",
            home, team_id, team, OWNERS // 10,
        )  # fmt: skip
    await owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key) "
        "SELECT $1, 'company', 'Customer ' || n, 'customer ' || n FROM generate_series(1, $2::int) AS n",
        home, max(sales // 10, 1),
    )  # fmt: skip
    pipeline = await owner.fetchval(
        "INSERT INTO pipelines (workspace_id, name, is_default) VALUES ($1, 'Sales', true) RETURNING id", home
    )
    await owner.execute(STAGES, home, pipeline)
    await owner.execute(SALES, home, pipeline, open_percent, sales)
    user = await owner.fetchval("SELECT min(id::text)::uuid FROM users WHERE workspace_id = $1", home)
    found = Stage(dsn_of, home, pipeline, user, sales, open_percent)
    await owner.execute("ANALYZE")
    worker = Database(found.dsn("rapport_worker"), name="bench-worker", size=1)
    day = clock.today(ZONE)
    for ago in (60, 10, 1):
        if ago == 10:
            await owner.execute(f"UPDATE opportunity_days SET from_day = current_date - 10 WHERE {FIFTH}")
            await owner.execute(BEFORE, home)
        async with worker.transaction(found.actor(ActorKind.SYSTEM)) as tx:
            while ago != 10 and await snapshots.take(tx, day - timedelta(days=ago), most=1_000_000):
                pass
            await nightly.finish(tx, day - timedelta(days=ago))
    await worker.close()
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    return found


def questions(of: Stage, database: Database, names: list[UUID]) -> list[tuple[str, str, Ask]]:
    """Each question with its bar."""
    access = Watched(database._pool, of.actor())  # To watch it, not to change it.
    day, waiting = clock.today(ZONE), iter(names)
    since, until = day - timedelta(days=30), day - timedelta(days=5)

    def asking(ask: Any, wanted: Any, *first: Any) -> Ask:
        return lambda _: ask(access, *first, wanted)

    async def advance(_: int) -> Any:
        return await moves.advance(access, next(waiting), OpportunityAdvance())

    by_date = OpportunityFilter(state=["open"], sort="expected_close_on")
    of_one = OpportunityFilter(state=["open"], owner_id=[of.owner], sort="expected_close_on")
    between = ChangeFilter.model_validate({"from": since, "to": until})
    return [
        ("15", "board of 8 columns × 20 cards", asking(boards.board, BoardFilter(), of.pipeline)),
        ("100", "forecast by owner, this quarter", asking(forecast.forecast, PeriodSlice(by="owner"))),
        ("100", "forecast by owner, all days", asking(forecast.forecast, PeriodSlice(by="owner", period="all"))),
        ("", "forecast by team, this quarter", asking(forecast.forecast, PeriodSlice(by="team"))),
        ("300", "changes between two snapshots", asking(changes.changes, between)),
        ("", "changes from a snapshot to now", asking(changes.changes, ChangeFilter.model_validate({"from": since}))),
        ("", "win rate and cycle by owner, this quarter", asking(reports.sales, PeriodSlice(by="owner"))),
        ("", "pipeline by stage", asking(reports.pipeline, OpenSlice(by="stage"))),
        ("", "flagged sales, 50 by expected close", asking(hygiene.page, FlaggedFilter())),
        ("", "open sales, 50 by expected close", asking(opportunities.page, by_date)),
        ("", "one owner's open sales, 50 by expected close", asking(opportunities.page, of_one)),
        ("", "advance, with gates, history and fact", advance),
    ]


async def measure(of: Stage, times: int, only: str | None) -> list[str]:
    """The rows of the table."""
    database = Database(of.dsn("rapport_api"), name="bench-opportunities", size=1)
    owner = await asyncpg.connect(of.dsn(SUPERUSER))
    rows = await owner.fetch(
        "SELECT o.id FROM opportunities AS o JOIN pipeline_stages AS s ON s.id = o.stage_id "
        "WHERE o.state = 'open' AND s.place = 1 ORDER BY o.id LIMIT $1",
        times + 100,
    )
    await owner.close()
    lines = []
    for bar, what, ask in questions(of, database, [found["id"] for found in rows]):
        if only is None or only in what:
            lines.append(row(what, bar, *await timed(ask, times, database)))
            print(lines[-1], flush=True)
    await database.close()
    return lines


NEXT = """
UPDATE opportunities AS o SET stage_id = s.id, stage_entered_at = now(), last_activity_at = now(),
       version = o.version + 1, updated_at = now()
FROM pipeline_stages AS at, pipeline_stages AS s
WHERE o.workspace_id = $1 AND o.id = $2 AND at.workspace_id = $1 AND at.id = o.stage_id
  AND s.workspace_id = $1 AND s.pipeline_id = at.pipeline_id AND s.place = at.place + 1
RETURNING NULL
"""
MOVE = """
INSERT INTO opportunity_moves (workspace_id, opportunity_id, move, from_state, from_stage_id, to_state, to_stage_id,
                               seconds_in_stage, actor_kind, actor_id)
SELECT $1, id, 'advance', 'open', stage_id, 'open', stage_id, 86400, 'user', $3 FROM opportunities
WHERE workspace_id = $1 AND id = $2 RETURNING NULL
"""
FACT = """
INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, actor_id, payload,
                    changes)
VALUES ($1, 'opportunity.stage_changed', 'opportunity', $2, ($4::json ->> 'version')::bigint,
        ($4::json ->> 'customer_id')::uuid, 'user', $3, $4, '{"stage": [null, "next"]}')
RETURNING payload::text
"""


def contests(of: Stage, ids: list[UUID]) -> list[Contest]:
    """The sales' list and the advance of a sale over HTTP, with the shares of the yardstick that they must reach."""
    api, actor, waiting = of.dsn("rapport_api"), of.actor(), iter(ids)
    page, path = http_get("/v1/opportunities?limit=50"), f"/v1/opportunities/{HERE}/advance"
    listed = overhear(api, actor, lambda access: opportunities.page(access, OpportunityFilter()))
    ((sql, values),) = overhear(api, actor, lambda access: opportunities.get(access, ids[0]))
    shown = f"SELECT x.item FROM ({sql}) AS x", [HERE if value == ids[0] else value for value in values]
    moved = (NEXT, [of.home, HERE]), (MOVE, [of.home, HERE, of.owner]), shown, (FACT, [of.home, HERE, of.owner, BODY])

    def advance(token: str) -> Iterator[bytes]:
        return (http("POST", path.replace(HERE, str(found)), token, {}) for found in waiting)

    return [
        Contest(Operation("sales, a page of 50", 0.55, page), "GET /v1/opportunities?limit=50", listed),
        Contest(Operation("advance a sale", 0.35, advance), f"POST {path}", moved),
    ]


def over_http(of: Stage, pace: Pace) -> list[str]:
    """The rows of the table of ratios."""
    token, ids = asyncio.run(_entered(of))
    return against_bare(of.dsn(SUPERUSER), of.dsn("rapport_api"), token, contests(of, ids), pace)


async def _entered(of: Stage) -> tuple[str, list[UUID]]:
    """A token for whoever sees all, and the open sales that can go further: each is moved once."""
    owner = await asyncpg.connect(of.dsn(SUPERUSER))
    await owner.execute("UPDATE users SET role = 'manager' WHERE id = $1", of.owner)
    await owner.execute('UPDATE workspaces SET settings = settings || \'{"visibility": "all"}\' WHERE id = $1', of.home)
    rows = await owner.fetch(
        "SELECT o.id FROM opportunities AS o JOIN pipeline_stages AS s ON s.id = o.stage_id "
        "WHERE o.state = 'open' AND s.place < 8 ORDER BY o.id"
    )
    await owner.close()
    return await signed_in(of.dsn(SUPERUSER), of.home, of.owner), [found["id"] for found in rows]


def report(of: Stage, lines: list[str], ratios: list[str], load: str) -> str:
    """The page that is committed."""
    return f"""# Opportunities

Made by `python -m benchmarks.opportunities` on {datetime.now(UTC):%Y-%m-%d}: {of.sales:,} opportunities in one
workspace, {of.open_percent} % of them open, {OWNERS} owners, 8 stages, a fifth changed between the two snapshots;
{os.cpu_count()} cores, Python {platform.python_version()}, embedded Postgres 18; load average {load}.

Milliseconds of one call as `rapport_api` in one process, one at a time: in all, and the part that was waiting for
Postgres. CPU is the mean of this process and its Postgres process together.

| what | bar | CPU | p50 | p95 | p99 | Postgres: p50 | p95 | p99 |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(lines)}

Over HTTP, 16 connections, {PROCESSES} processes each, against the same SQL served bare (`benchmarks/bare.py`: no
rights, no row-level security, no rules, no frame), in turn. Requests per second (median/p99 in ms).

{HEADINGS}
{chr(10).join(ratios)}
"""


def main() -> None:
    """Write ``OPPORTUNITIES.md``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opportunities", description=__doc__)
    parser.add_argument("--opportunities", type=int, default=200_000)
    parser.add_argument("--open-percent", type=int, default=25)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--only", help="Only questions with these words, or http; writes nothing.")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run over HTTP")
    parser.add_argument("--rounds", type=int, default=5, help="runs over HTTP of each contestant")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    with stage(given.opportunities, given.open_percent) as of:
        before = os.getloadavg()
        lines = [] if given.only == "http" else asyncio.run(measure(of, given.times, given.only))
        ratios = over_http(of, Pace(given.seconds, given.rounds, 16)) if given.only in {None, "http"} else []
        print("\n".join(ratios))
        load = f"{before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
        if given.only is None:
            given.out.write_text(report(of, lines, ratios, load), encoding="utf-8")
        print(load)


if __name__ == "__main__":
    main()
