"""How long a call list and the figures of coverage take in the server.

    python -m benchmarks.care

One workspace of 200 people with 1,000 customers each, every customer with a line in the month's plan, a
completed visit, and three interactions of the last month. Bars: a call list in 20 ms, coverage in 500 ms.
"""

import argparse
import asyncio
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.stage import DATABASE
from crm.actor import Actor, ActorKind, Role, Sight
from crm.care import call_list, coverage, day, route
from crm.care.call_schemas import CallListQuery
from crm.care.coverage_schemas import CoverageQuery
from crm.care.day_schemas import DayQuery, RouteQuery
from crm.database import Database
from crm.workspaces.settings import DEFAULTS
from services import schema
from services.local.servers import SUPERUSER, embedded_postgres

RESULTS = Path(__file__).parent / "CARE.md"
FILL = (
    """
    INSERT INTO users (workspace_id, email, email_key, name, role, team_id)
    SELECT $1, 'u' || n || '@example.com', 'u' || n || '@example.com', 'User ' || n, 'sales', t.id
    FROM generate_series(1, $2::int) AS n JOIN (SELECT id, row_number() OVER () AS r FROM teams WHERE workspace_id = $1)
        AS t ON t.r = 1 + n % 10
    """,
    """
    INSERT INTO customers (workspace_id, kind, name, name_key, region, class, owner_id, team_id, address,
                           last_contact_at, next_contact_due_on, warmth_band, created_at)
    SELECT $1, 'company', 'C' || n, 'c' || n, 'Region ' || n % 30, (ARRAY['key', 'potential', 'ordinary'])[1 + n % 3],
           u.id, u.team_id, jsonb_build_object('latitude', 29 + (n % 100) / 100.0, 'longitude', 106 + (n % 90) / 90.0),
           now() - make_interval(days => n % 100), current_date + n % 60 - 10, 'warm', now() - make_interval(secs => n)
    FROM users AS u, generate_series(1, $2::int * 0 + 1000) AS n WHERE u.workspace_id = $1
    """,
    """
    INSERT INTO customer_calls (workspace_id, id, progress_code, intention, next_call_on)
    SELECT $1, id, abs(hashtext(id::text)) % 8, 'possible', current_date - 1 FROM customers WHERE workspace_id = $1
        AND $2::int > 0
    """,
    """
    INSERT INTO interactions (workspace_id, customer_id, user_id, channel, direction, outcome, counts_as_contact,
                              occurred_at)
    SELECT $1, id, owner_id, 'call', 'outbound', 'left_message', false, now() - make_interval(days => 8 * n)
    FROM customers, generate_series(1, 3) AS n WHERE workspace_id = $1 AND $2::int > 0
    """,
    """
    INSERT INTO visits (workspace_id, customer_id, owner_id, team_id, purpose, state, planned_start, planned_end,
                        started_at, completed_at, result, met_contact_ids)
    SELECT $1, id, owner_id, team_id, 'care', 'completed', s, s + interval '1 hour', s, s, 'x', ARRAY[id]
    FROM (SELECT *, now() - make_interval(days => 1 + abs(hashtext(id::text)) % 60) AS s FROM customers) AS c
    WHERE workspace_id = $1 AND $2::int > 0
    """,
    """
    INSERT INTO visit_plans (workspace_id, owner_id, team_id, month, working_days, capacity)
    SELECT $1, id, team_id, date_trunc('month', now())::date, 21, 63 FROM users WHERE workspace_id = $1 AND $2::int > 0
    """,
    """
    INSERT INTO visit_plan_lines (workspace_id, plan_id, customer_id, required, planned)
    SELECT $1, p.id, c.id, 1, 1 FROM visit_plans AS p
    JOIN customers AS c ON c.workspace_id = $1 AND c.owner_id = p.owner_id
    WHERE p.workspace_id = $1 AND $2::int > 0
    """,
)


async def fill(url: str, people: int) -> tuple[UUID, UUID, UUID]:
    """The workspace, one of its people, and the team of that person."""
    owner = await asyncpg.connect(url)
    home = await owner.fetchval("INSERT INTO workspaces (name) VALUES ('Benchmark') RETURNING workspace_id")
    await owner.execute(
        "INSERT INTO teams (workspace_id, name) SELECT $1, 'Team ' || n FROM generate_series(1, 10) AS n", home
    )
    for part in FILL:
        await owner.execute(part, home, people)
    await owner.execute("VACUUM ANALYZE")
    person = await owner.fetchrow("SELECT id, team_id FROM users WHERE workspace_id = $1 LIMIT 1", home)
    assert person is not None
    await owner.close()
    return UUID(str(home)), UUID(str(person["id"])), UUID(str(person["team_id"]))


async def measured(what: Callable[[], Awaitable[Any]], times: int) -> tuple[float, float, float]:
    """Median, 95th of a hundred, and CPU of this process, in milliseconds."""
    for _ in range(3):
        await what()
    took, cpu = [], time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        await what()
        took.append((time.perf_counter() - began) * 1000)
    spent = (time.process_time() - cpu) * 1000 / times
    return statistics.median(took), statistics.quantiles(took, n=20)[-1], spent


async def measure(url: str, found: tuple[UUID, UUID, UUID]) -> list[str]:
    """A line for each question."""
    home, user, team = found
    database = Database(url, name="bench", size=2)
    actors = {
        "own": Actor(home, user, ActorKind.USER, Role.SALES, frozenset(), Sight.OWN, (team,), settings=DEFAULTS),
        "all": Actor(home, user, ActorKind.USER, Role.ADMIN, frozenset(), Sight.ALL, (team,), settings=DEFAULTS),
    }
    now = datetime.now(UTC).date()
    lines = []
    for sees, actor in actors.items():
        access = database.reading(actor)
        questions: list[tuple[str, int, Callable[[], Awaitable[Any]]]] = [
            ("call list of 60 among 1,000", 60, lambda a=access: call_list.read(a, CallListQuery())),  # type: ignore[misc]  # defaults of a lambda
            ("day", 60, lambda a=access: day.read(a, DayQuery(date=now))),  # type: ignore[misc]  # defaults of a lambda
            (
                "route",
                60,
                lambda a=access: route.read(a, RouteQuery(date=now, start="29.5,106.5")),  # type: ignore[misc]  # defaults of a lambda
            ),
        ]
        for group in ("user", "team", "region"):
            query = CoverageQuery.model_validate({"group_by": group, "from": now.replace(day=1), "to": now})
            questions.append((f"coverage by {group}", 12, lambda a=access, q=query: coverage.read(a, q)))  # type: ignore[misc]  # defaults of a lambda
        for name, times, ask in questions:
            p50, p95, cpu = await measured(ask, times)
            lines.append(f"| {sees} | {name} | {p50:.1f} | {p95:.1f} | {cpu:.1f} |")
            print(lines[-1], flush=True)
    await database.close()
    return lines


def main() -> None:
    """Fill, measure, write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    given = parser.parse_args()
    before = os.getloadavg()[0]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-bench-")))
        dsn_of = stack.enter_context(embedded_postgres(folder / "postgres"))

        async def create() -> None:
            owner = await asyncpg.connect(dsn_of(SUPERUSER, "postgres"))
            await owner.execute(f"CREATE DATABASE {DATABASE}")
            await owner.close()

        asyncio.run(create())
        schema.upgrade(dsn_of(SUPERUSER, DATABASE))
        found = asyncio.run(fill(dsn_of(SUPERUSER, DATABASE), given.people))
        lines = asyncio.run(measure(dsn_of("rapport_api", DATABASE), found))
    text = f"""# Care

Made by `python -m benchmarks.care` on {datetime.now(UTC).date()}: {given.people} people with 1,000 customers
each; 2 cores, Python {platform.python_version()}, embedded Postgres 18; load average {before:.1f} before,
{os.getloadavg()[0]:.1f} after.

Milliseconds as `rapport_api` in one process, one at a time; CPU is this process alone. Bars: a call list 20,
coverage 500.

| sees | question | p50 | p95 | CPU |
|---|---|---:|---:|---:|
"""
    RESULTS.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
