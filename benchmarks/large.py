"""``python -m benchmarks.large``: a million customers in a hundred workspaces, one holding half; writes ``LARGE.md``.

What is measured is the product's own functions as ``rapport_api``, in this process and over a socket to Postgres: a
little more than the time in the server. Smaller: ``--customers 100000``.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.names import CITIES, SYLLABLES, TRADES, name
from benchmarks.stage import DATABASE, _create
from crm.actor import Actor, ActorKind, Role, Sight
from crm.customers import actions, duplicates, queries
from crm.customers.queries import FINDING
from crm.customers.schemas import CustomerCreate, CustomerFilter
from crm.database import Database
from crm.search import normalized
from crm.workspaces.settings import DEFAULTS
from services import schema
from services.local.servers import SUPERUSER, embedded_postgres

LARGE = Path(__file__).with_name("LARGE.md")
WORKSPACES = 100
SELLERS = 200
BATCH = 20_000
COLUMNS = (
    "workspace_id", "id", "kind", "name", "name_key", "region", "owner_id", "team_id", "phone", "email", "address",
    "last_contact_at", "warmth_band", "created_at",
)  # fmt: skip
TOKENS = ("workspace_id", "token", "customer_id", "field")
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
WHERE indrelid = 'customer_tokens'::regclass AND NOT indisprimary
"""
BANDS = ((15, "hot"), (60, "warm"), (119, "cooling"), (10_000, "cold"))


def customers(
    chance: random.Random, home: UUID, sellers: list[UUID], team: UUID, many: int
) -> Iterator[dict[str, Any]]:
    """Customers, newest last. The first seller has few, the last many, as it is in life."""
    now = datetime.now(UTC)
    for number in range(many):
        kind, called = name(chance)
        days = None if chance.random() < 0.2 else int(chance.expovariate(1 / 60))
        yield {
            "workspace_id": home,
            "id": UUID(int=chance.getrandbits(128)),
            "kind": kind,
            "name": called,
            "name_key": normalized(called),
            "region": chance.choice(("North", "East", "South", "West")),
            "owner_id": sellers[int(len(sellers) * chance.random() ** 0.5)],
            "team_id": team,
            "phone": f"+861{chance.randrange(3 * 10**9, 10**10)}" if chance.random() < 0.7 else None,
            "email": f"m{number}@example.com" if chance.random() < 0.5 else "info@example.com",
            "address": json.dumps({"city": chance.choice(CITIES), "country": "CN"}),
            "last_contact_at": None if days is None else now - timedelta(days=days, seconds=number % 86400),
            "warmth_band": "never" if days is None else next(band for most, band in BANDS if days <= most),
            "created_at": now - timedelta(seconds=(many - number) * 60),
        }


async def fill(owner: asyncpg.Connection, many: int) -> tuple[UUID, list[UUID], UUID]:
    """All workspaces; gives the large one, its sellers and its team."""
    chance = random.Random(7)
    await owner.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
    # Kept apart while the rows come in, made once at the end: a quarter of the time.
    indexes = await owner.fetch(INDEXES)
    for index in indexes:
        await owner.execute(f"DROP INDEX {index['name']}")
    await owner.execute("ALTER TABLE customer_tokens DROP CONSTRAINT pk_customer_tokens")
    large: tuple[UUID, list[UUID], UUID] | None = None
    for number in range(WORKSPACES):
        home = await owner.fetchval("INSERT INTO workspaces (name) VALUES ('Large') RETURNING workspace_id")
        team = await owner.fetchval("INSERT INTO teams (workspace_id, name) VALUES ($1, 'Sales') RETURNING id", home)
        sellers = [
            await owner.fetchval(
                "INSERT INTO users (workspace_id, email, email_key, name, role, team_id) "
                "VALUES ($1, $2, $2, 'Seller', 'sales', $3) RETURNING id", home, f"s{seller}@example.com", team,
            )
            for seller in range(SELLERS if number == 0 else 5)
        ]  # fmt: skip
        large = large or (home, sellers, team)
        size = many // 2 if number == 0 else max(1, many // 2 // (WORKSPACES - 1))
        await _copy(owner, customers(chance, home, sellers, team, size))
    await owner.execute(
        "ALTER TABLE customer_tokens ADD CONSTRAINT pk_customer_tokens "
        "PRIMARY KEY (workspace_id, token, customer_id, field)"
    )
    for index in indexes:
        await owner.execute(index["made"])
    await owner.execute("RESET session_replication_role")
    await owner.execute("VACUUM ANALYZE")
    if large is None:
        raise ValueError(many)
    return large


async def _copy(owner: asyncpg.Connection, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            await _land(owner, batch)
            batch = []
    await _land(owner, batch)


async def _land(owner: asyncpg.Connection, batch: list[dict[str, Any]]) -> None:
    records = [tuple(row[column] for column in COLUMNS) for row in batch]
    await owner.copy_records_to_table("customers", records=records, columns=COLUMNS)
    tokens = [
        (row["workspace_id"], token, row["id"], field)
        for row in batch
        for field, leaves in FINDING.fields.items()
        if row.get(field)
        for token in leaves(row[field])
    ]
    await owner.copy_records_to_table("customer_tokens", records=tokens, columns=TOKENS)


async def timed(ask: Callable[[int], Awaitable[Any]], times: int) -> list[float]:
    """Milliseconds of so many calls, sorted, after some to warm up."""
    for number in range(20):
        await ask(-1 - number)
    took = []
    for number in range(times):
        began = time.perf_counter()
        await ask(number)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def actor_of(home: UUID, who: UUID, sight: Sight, *teams: UUID) -> Actor:
    """Someone of the large workspace."""
    return Actor(home, who, ActorKind.USER, Role.SALES, frozenset(), sight, tuple(teams), settings=DEFAULTS)


def questions(chance: random.Random) -> dict[str, Callable[[], str]]:
    """What people type."""
    letters = "bcdghjlmstxyz"
    return {
        "two Chinese characters of a name": lambda: "".join(chance.choices(SYLLABLES, k=2)),
        "a city or a trade, in a fifth of all names": lambda: chance.choice(CITIES + TRADES),
        "initials, three letters": lambda: "".join(chance.choices(letters, k=3)),
        "Latin prefix, three letters": lambda: chance.choice(["acb", "glo", "lum", "mar", "nor", "hal", "cor", "bel"]),
        "Latin prefix, one letter": lambda: chance.choice("abcdefghijklmn"),
        "city and trade, both common": lambda: f"{chance.choice(CITIES)} {chance.choice(TRADES)}",
        "a rare and a common word": lambda: f"{''.join(chance.choices(SYLLABLES, k=3))} {chance.choice(TRADES)}",
        "last four digits of a phone": lambda: f"{chance.randrange(10**4):04}",
        "a misspelt Latin name": lambda: chance.choice(["acbesft", "glocmax", "lumrasotf", "marditcon", "norvitrn"]),
    }


async def measure(url: str, large: tuple[UUID, list[UUID], UUID], times: int) -> list[tuple[str, list[float]]]:
    """All figures, by name."""
    home, sellers, team = large
    database = Database(url, name="bench-large", size=2)
    found: list[tuple[str, list[float]]] = []
    chance = random.Random(11)
    seen = {
        "all": database.writing(actor_of(home, sellers[0], Sight.ALL)),
        "own, few": database.writing(actor_of(home, sellers[1], Sight.OWN)),
        "own, many": database.writing(actor_of(home, sellers[-1], Sight.OWN)),
        "team": database.writing(actor_of(home, sellers[1], Sight.TEAM, team)),
    }
    for sight, access in seen.items():
        for what, ask in questions(chance).items():

            async def search(_: int, access: Any = access, ask: Callable[[], str] = ask) -> bytes:
                return await queries.page(access, CustomerFilter(q=ask()))

            found.append((f"search, sees {sight}: {what}", await timed(search, times)))
            print(found[-1][0], f"{found[-1][1][int(times * 0.95)]:.1f}", flush=True)

        async def newest(_: int, access: Any = access) -> bytes:
            return await queries.page(access, CustomerFilter())

        found.append((f"newest fifty, sees {sight}", await timed(newest, times)))
    access = seen["all"]
    made = iter(range(10**9))

    def new() -> CustomerCreate:
        kind, called = name(chance)
        known = {"email": f"new{next(made)}@example.com", "phone": f"138{chance.randrange(10**8):08}"}
        return CustomerCreate.model_validate({"kind": kind, "name": called, **known})

    async def check(_: int) -> Any:
        return await duplicates.alike(access, new())

    async def create(_: int) -> Any:
        return await actions.create(access, new())

    found.append(("duplicate search on create", await timed(check, times)))
    found.append(("create, without that search", await timed(create, times)))
    await database.close()
    return found


def report(figures: list[tuple[str, list[float]]], many: int, tokens: int, took: float) -> str:
    """The page."""
    lines = [
        "# A large house",
        "",
        f"{many:,} customers in {WORKSPACES} workspaces, one with half; {tokens:,} tokens; filled in {took:.0f} s.",
        "Milliseconds of the product's own functions as `rapport_api`, socket and Python included.",
        "",
        "| what | p50 | p95 | p99 |",
        "|---|---:|---:|---:|",
    ]
    for what, took_each in figures:
        cuts = statistics.quantiles(took_each, n=100, method="inclusive")
        lines.append(f"| {what} | {cuts[49]:.1f} | {cuts[94]:.1f} | {cuts[98]:.1f} |")
    return "\n".join([*lines, "", "Made by `python -m benchmarks.large`.", ""])


async def run(dsn_of: Callable[[str, str], str], many: int, times: int) -> str:
    """Fill, measure, and write about it."""
    owner = await asyncpg.connect(dsn_of(SUPERUSER, DATABASE))
    began = time.monotonic()
    large = await fill(owner, many)
    took = time.monotonic() - began
    tokens = await owner.fetchval("SELECT count(*) FROM customer_tokens")
    await owner.close()
    return report(await measure(dsn_of("rapport_api", DATABASE), large, times), many, tokens, took)


def main() -> None:
    """Write ``LARGE.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--out", type=Path, default=LARGE)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-large-")))
        dsn_of = stack.enter_context(embedded_postgres(folder / "postgres", durable=False))
        asyncio.run(_create(dsn_of(SUPERUSER, "postgres")))
        schema.upgrade(dsn_of(SUPERUSER, DATABASE))
        given.out.write_text(asyncio.run(run(dsn_of, given.customers, given.times)))
    print(given.out.read_text())


if __name__ == "__main__":
    main()
