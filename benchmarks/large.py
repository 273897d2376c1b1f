"""``python -m benchmarks.large``: what people ask for all day, in the large house (``benchmarks.house``).

    python -m benchmarks.large --data /var/tmp/large-house

Measured are the product's own functions as ``rapport_api``: in all (socket and Python included), and how much of it was
waiting for Postgres. Writes ``LARGE.md``.
"""

import os
import platform
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import psutil

from benchmarks.asking import ask_the_house
from benchmarks.filling import WORKSPACES
from benchmarks.house import House
from benchmarks.names import CITIES, SYLLABLES, TRADES, name
from crm.actor import Actor, ActorKind, Role, Sight
from crm.customers import actions, duplicates, queries
from crm.customers.listing import CustomerFilter
from crm.customers.schemas import CustomerCreate
from crm.database import Access, Database, Statement
from crm.workspaces.custom_rules import Definition
from crm.workspaces.settings import DEFAULTS
from crm.workspaces.vocabulary import CustomType

LARGE = Path(__file__).with_name("LARGE.md")
SEARCH = 30.0
FIELDS: tuple[tuple[str, CustomType], ...] = (
    ("price_list", "text"), ("contract", "text"), ("discount", "number"), ("since", "date"),
)  # fmt: skip
CUSTOM = {key: Definition(key, kind) for key, kind in FIELDS}
WARM_UP = 30
"""Calls that do not count: Postgres plans a statement anew for its first five uses on each connection."""

Ask = Callable[[int], Awaitable[Any]]


class Watched(Access):
    """An access that adds up how long it waits for Postgres."""

    waited = 0.0

    async def rows(self, wanted: Statement, **values: Any) -> list[asyncpg.Record]:
        """All rows of one statement."""
        began = time.perf_counter()
        try:
            return await super().rows(wanted, **values)
        finally:
            Watched.waited += time.perf_counter() - began

    async def row(self, wanted: Statement, **values: Any) -> asyncpg.Record | None:
        """The first row of one statement, or None."""
        began = time.perf_counter()
        try:
            return await super().row(wanted, **values)
        finally:
            Watched.waited += time.perf_counter() - began


Took = tuple[float, float]
"""Milliseconds in all, and of them waiting for Postgres."""


async def timed(ask: Ask, times: int, database: Database) -> tuple[list[Took], float]:
    """So many calls, after some to warm up; and the milliseconds of CPU that one took, ours and Postgres's."""
    took = []
    for number in range(-WARM_UP, 0):
        await ask(number)
    (connection,) = database._pool._idle
    backend = psutil.Process(connection.get_server_pid())
    used = _cpu(backend)
    for number in range(times):
        Watched.waited, began = 0.0, time.perf_counter()
        await ask(number)
        took.append(((time.perf_counter() - began) * 1000, Watched.waited * 1000))
    return took, (_cpu(backend) - used) / times * 1000


def _cpu(backend: psutil.Process) -> float:
    """Seconds so far; a process next door is told in hundredths, so it takes some hundred calls to say anything."""
    times = backend.cpu_times()
    return float(times.user + times.system) + time.process_time()


def row(sight: str, what: str, took: list[Took], cpu: float) -> str:
    """A row of the table."""
    cells = [sight, what, f"{cpu:.1f}"]
    for each in zip(*took, strict=True):
        cuts = statistics.quantiles(each, n=100, method="inclusive")
        cells += [f"{cuts[at]:.1f}" for at in (49, 94, 98)]
    return f"| {' | '.join(cells)} |"


def actor_of(of: House, who: UUID, sight: Sight, *teams: UUID) -> Actor:
    """Someone of the large workspace."""
    return Actor(
        of.home, who, ActorKind.USER, Role.SALES, frozenset(), sight, tuple(teams), settings=DEFAULTS,
        custom_fields={"customer": CUSTOM},
    )  # fmt: skip


def words(chance: random.Random) -> dict[str, Callable[[], str]]:
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


def filters(chance: random.Random) -> dict[str, Callable[[], dict[str, Any]]]:
    """How people narrow a list by fields of their own."""
    return {
        "custom field, a value in a fifth": lambda: {"custom.price_list": [chance.choice("ABCDE")]},
        "custom field, a value in a fortieth": lambda: {"custom.discount": [str(chance.randrange(40))]},
        "custom field, a value of 144": lambda: {"custom.since": ["2026-09-01"]},
        "custom field, a value of one": lambda: {"custom.contract": [f"C-{chance.randrange(50_000) * 10:07}"]},
        "custom field, a value that nobody has": lambda: {"custom.contract": [f"X-{chance.randrange(10**6)}"]},
        "custom field, a value in a fortieth, by name": lambda: {
            "custom.discount": [str(chance.randrange(40))], "sort": "name",
        },
        "two custom fields, a common and a rare one": lambda: {
            "custom.price_list": [chance.choice("ABCDE")], "custom.contract": [f"C-{chance.randrange(50_000) * 10:07}"],
        },
    }  # fmt: skip


def questions(of: House, database: Database) -> Iterator[tuple[str, str, Ask]]:
    """Each question: who asks, what, and how."""
    chance = random.Random(11)
    seen = {
        "all": actor_of(of, of.sellers[0], Sight.ALL),
        "own, few": actor_of(of, of.sellers[1], Sight.OWN),
        "own, many": actor_of(of, of.sellers[-1], Sight.OWN),
        "team": actor_of(of, of.sellers[1], Sight.TEAM, of.team),
    }
    pool = database._pool  # To watch it, not to change it.
    for sight, actor in seen.items():
        access = Watched(pool, actor)

        async def page(_: int, access: Access = access, ask: Callable[[], dict[str, Any]] = dict) -> bytes:
            return await queries.page(access, CustomerFilter.model_validate(ask()))

        def asking(ask: Callable[[], dict[str, Any]], page: Any = page) -> Ask:
            return lambda number: page(number, ask=ask)

        for what, word in words(chance).items():
            yield sight, f"search: {what}", asking(lambda word=word: {"q": word()})  # type: ignore[misc]  # a default
        yield sight, "newest fifty", page
        if sight in {"all", "own, many"}:
            for what, ask in filters(chance).items():
                yield sight, what, asking(ask)
    access, numbers = Watched(pool, seen["all"]), iter(range(10**9))

    def new() -> CustomerCreate:
        kind, called = name(chance)
        known = {"email": f"{uuid4().hex}@example.com", "phone": f"138{uuid4().int % 10**8:08}"}
        # A brand of its own: what is there already would be refused.
        brand = uuid4().hex[:8]
        return CustomerCreate.model_validate({"id": uuid4(), "kind": kind, "name": f"{called} {brand}", **known})

    waiting = [new() for _ in range(100)]

    async def check(_: int) -> Any:
        return await duplicates.alike(access, waiting[next(numbers) % 100])

    yield "all", "duplicate search on create", check
    yield "all", "create, without that search", lambda _: actions.create(access, new())
    yield "all", "create, duplicates looked for", lambda _: duplicates.create(access, new())


async def measure(of: House, times: int, only: str | None) -> list[str]:
    """The rows of the table."""
    database = Database(of.dsn("rapport_api"), name="bench-large", size=1)
    lines = []
    for sight, what, ask in questions(of, database):
        if only is None or only in f"{sight}: {what}":
            lines.append(row(sight, what, *await timed(ask, times, database)))
            print(lines[-1], flush=True)
    await database.close()
    return lines


def report(of: House, lines: list[str], load: str) -> str:
    """The page that is committed."""
    return f"""# A large house

Made by `python -m benchmarks.large` on {datetime.now(UTC):%Y-%m-%d}: {of.customers:,} customers in {WORKSPACES}
workspaces, one with half; {of.tokens:,} search tokens; {of.facts:,} facts; {os.cpu_count()} cores, Python
{platform.python_version()}, embedded Postgres 18 with 2 GB of shared buffers; load average {load}.
Filled once in {of.seconds:.0f} s by `python -m benchmarks.house`.

Milliseconds of the product's own functions as `rapport_api` in one process, one at a time: in all, with Python and the
socket, and the part that was waiting for Postgres. CPU is the mean of this process and its Postgres process together:
what it takes with nothing else on the machine. Who asks sees all half a million, their own (some or 5,000) or their
team's.

| sees | question | CPU | p50 | p95 | p99 | Postgres: p50 | p95 | p99 |
|---|---|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(lines)}
"""


def main() -> None:
    """Write ``LARGE.md``."""
    ask_the_house("large", __doc__, measure, report, times=200, out=LARGE)


if __name__ == "__main__":
    main()
