"""``python -m benchmarks.timeline``: a page of a customer's timeline among five million facts (``benchmarks.house``).

    python -m benchmarks.timeline --data /var/tmp/large-house

Facts lie in twelve months of partitions: most customers have about fifty, twenty have thousands.
Writes ``TIMELINE.md``.
"""

import os
import platform
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from benchmarks.asking import ask_the_house
from benchmarks.filling import BUSY, MONTHS, WITH_FACTS
from benchmarks.house import House
from benchmarks.large import Ask, Watched, actor_of, row, timed
from crm.actor import Sight
from crm.database import Database
from crm.timeline import queries
from crm.timeline.schemas import TimelineFilter
from services.local.servers import SUPERUSER

RESULTS = Path(__file__).with_name("TIMELINE.md")


async def customers_of(of: House) -> tuple[list[UUID], list[UUID]]:
    """The customers with thousands of facts, and a thousand of the usual ones."""
    owner = await asyncpg.connect(of.dsn(SUPERUSER))
    rows = await owner.fetch(
        "SELECT customer_id FROM events WHERE workspace_id = $1 AND customer_id IN "
        "(SELECT id FROM customers WHERE workspace_id = $1 ORDER BY created_at DESC LIMIT 2000) "
        "GROUP BY 1 ORDER BY count(*) DESC, 1", of.home,
    )  # fmt: skip
    await owner.close()
    touched = [row["customer_id"] for row in rows]
    return touched[:BUSY], touched[BUSY : BUSY + 1000]


async def questions(of: House, database: Database) -> list[tuple[str, str, Ask]]:
    """Each page: who asks, which, and how."""
    busy, usual = await customers_of(of)
    found: list[tuple[str, str, Ask]] = []
    for who, sight in (("all", Sight.ALL), ("team", Sight.TEAM)):
        access = Watched(database._pool, actor_of(of, of.sellers[0], sight, of.team))

        def asking(of_these: list[UUID], access: Any = access, **query: Any) -> Ask:
            wanted = TimelineFilter(**query)
            return lambda number: queries.page(
                access, of_these[number % len(of_these)], wanted, chinese=bool(number % 2)
            )

        for customer in usual:
            await queries.page(access, customer, TimelineFilter(), chinese=False)
        deep = orjson.loads(await queries.page(access, busy[0], TimelineFilter(limit=200), chinese=False))
        found += [
            (who, "usual customer, all 49 facts", asking(usual)),
            (who, "busy customer, page 1", asking(busy)),
            (who, "busy customer, after 200", asking(busy[:1], cursor=deep["next_cursor"])),
            (who, "busy customer, one kind of fact", asking(busy, type=["visit.*"])),
            (who, "busy customer, nothing matches", asking(busy, type=["import.*"])),
            (who, "usual customer, nothing matches", asking(usual, type=["import.*"])),
            (who, "usual customer, before an old month", asking(usual, occurred_at_lte=_days_ago(300))),
        ]
    return found


def _days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def measure(of: House, times: int, only: str | None) -> list[str]:
    """The rows of the table."""
    database = Database(of.dsn("rapport_api"), name="bench-timeline", size=1)
    lines = []
    for who, what, ask in await questions(of, database):
        if only is None or only in f"{who}: {what}":
            lines.append(row(who, what, *await timed(ask, times, database)))
            print(lines[-1], flush=True)
    await database.close()
    return lines


def report(of: House, lines: list[str], load: str) -> str:
    """The page that is committed."""
    return f"""# Timeline

Made by `python -m benchmarks.timeline` on {datetime.now(UTC):%Y-%m-%d}: {of.facts:,} facts over {MONTHS} months, of
{WITH_FACTS:,} customers among {of.customers:,}; a usual one has {of.facts * 49 // 50 // WITH_FACTS}, the {BUSY} busy
ones {of.facts // 50 // BUSY:,} each; {os.cpu_count()} cores, Python {platform.python_version()}, embedded Postgres 18
with 2 GB of shared buffers; load average {load}.

Milliseconds for a page of 50 as `rapport_api` in one process, one at a time: in all, with Python, the sentences and the
socket, and the part that was waiting for Postgres. CPU is the mean of this process and its Postgres process together:
what it takes with nothing else on the machine. The thousand usual customers are read once before. Bar: 5.

| sees | page | CPU | p50 | p95 | p99 | Postgres: p50 | p95 | p99 |
|---|---|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(lines)}
"""


def main() -> None:
    """Write ``TIMELINE.md``."""
    ask_the_house("timeline", __doc__, measure, report, times=1000, out=RESULTS)


if __name__ == "__main__":
    main()
