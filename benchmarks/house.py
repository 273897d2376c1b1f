"""The large house: a million customers in a hundred workspaces, one holding half, and five million facts.

    python -m benchmarks.house --data /var/tmp/large-house

Fills the folder once, in some minutes, and keeps it: ``benchmarks.large`` and ``benchmarks.timeline`` measure in it,
each time after bringing its schema up to date.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from uuid import UUID

import asyncpg

from benchmarks.filling import fill
from services import schema
from services.local.servers import SUPERUSER, DsnOf, embedded_postgres

DATA = Path(gettempdir()) / "rapport-large-house"
DATABASE = "bench"
# As somebody who keeps a million customers sets up a server of a few gigabytes.
SETTINGS = {
    "shared_buffers": "2GB", "effective_cache_size": "6GB", "maintenance_work_mem": "512MB", "max_wal_size": "8GB",
    "random_page_cost": "1.1", "max_parallel_maintenance_workers": "2", "autovacuum_naptime": "60min",
}  # fmt: skip


@dataclass(frozen=True)
class House:
    """What those who measure need to know: the large workspace, its sellers (few to many customers each), its team."""

    dsn_of: DsnOf
    home: UUID
    sellers: tuple[UUID, ...]
    team: UUID
    customers: int
    tokens: int
    facts: int
    seconds: float

    def dsn(self, role: str) -> str:
        """The address of the database for a role."""
        return self.dsn_of(role, DATABASE)


@contextmanager
def house(data: Path, *, customers: int = 1_000_000, facts: int = 5_000_000) -> Iterator[House]:
    """The large house in this folder, filled where it is not yet, with the schema of today.

    Raises ValueError where the folder was filled with other numbers.
    """
    data.mkdir(parents=True, exist_ok=True)
    about = data / "house.json"
    with embedded_postgres(data / "postgres", durable=False) as dsn_of:
        made = about.exists()
        if not made:
            asyncio.run(_found(dsn_of(SUPERUSER, "postgres")))
    with embedded_postgres(data / "postgres", durable=False) as dsn_of:
        schema.upgrade(dsn_of(SUPERUSER, DATABASE))
        if not made:
            filled = asyncio.run(fill(dsn_of(SUPERUSER, DATABASE), customers, facts))
            about.write_text(json.dumps(filled, default=str), encoding="utf-8")
        known = json.loads(about.read_text(encoding="utf-8"))
        revision = asyncio.run(_settled(dsn_of(SUPERUSER, DATABASE), known.pop("revision", None)))
        about.write_text(json.dumps(known | {"revision": revision}), encoding="utf-8")
        if (known["customers"], known["facts"]) != (customers, facts):
            raise ValueError(f"{data} holds {known['customers']} customers and {known['facts']} facts")
        known |= {"home": UUID(known["home"]), "team": UUID(known["team"])}
        yield House(dsn_of, **known | {"sellers": tuple(map(UUID, known["sellers"]))})


async def _found(url: str) -> None:
    owner = await asyncpg.connect(url)
    for setting, value in SETTINGS.items():
        await owner.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
    await owner.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    await owner.execute(f"CREATE DATABASE {DATABASE}")
    await owner.close()


async def _settled(url: str, known: str | None) -> str:
    """The schema's revision. What a migration has changed since then is told to the planner."""
    owner = await asyncpg.connect(url)
    revision: str = await owner.fetchval("SELECT version_num FROM alembic_version")
    if revision != known:
        await owner.execute("VACUUM ANALYZE")
    await owner.close()
    return revision


def main() -> None:
    """Fill the folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--facts", type=int, default=5_000_000)
    given = parser.parse_args()
    with house(given.data, customers=given.customers, facts=given.facts) as found:
        print(f"{found.customers:,} customers, {found.tokens:,} tokens, {found.facts:,} facts: {found.seconds:.0f} s")


if __name__ == "__main__":
    main()
