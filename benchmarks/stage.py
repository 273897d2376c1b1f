"""The stage: an embedded Postgres with several workspaces, one of them large, and someone signed in there."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import asyncpg

from crm.workspaces.tokens import Tokens
from services import schema
from services.local.servers import SUPERUSER, DsnOf, embedded_postgres, embedded_valkey

SECRET_KEY = "a secret key for benchmarks, long enough"
DATABASE = "bench"

CUSTOMERS = """
INSERT INTO customers (workspace_id, kind, name, name_key, industry, region, size, class, owner_id, team_id, source,
                       phone, email, address, tags, last_contact_at, next_contact_due_on, warmth_band, created_at)
SELECT $1, 'company', 'Customer ' || n, 'customer ' || n,
       (ARRAY['software', 'retail', 'medical', 'finance', 'telecom'])[1 + n % 5],
       (ARRAY['North', 'East', 'South', 'West', '华东', '华南', '西南', '华北'])[1 + n % 8],
       (ARRAY['small', 'medium', 'large'])[1 + n % 3],
       (ARRAY['key', 'potential', 'ordinary', 'ordinary'])[1 + n % 4],
       ($2::uuid[])[1 + n % cardinality($2)], $3, 'import',
       '+86138' || lpad(n::text, 8, '0'), 'info' || n || '@example.com',
       jsonb_build_object('line', n || ' Main Road', 'city', '重庆', 'country', 'CN'),
       ARRAY['benchmark'], now() - make_interval(days => n % 300), current_date + n % 90, 'warm',
       now() - make_interval(secs => 100000 - n)
FROM generate_series(1, $4::int) AS n
"""
VISITS = """
INSERT INTO visits (workspace_id, customer_id, owner_id, team_id, purpose, state, planned_start, planned_end,
                    overlap_allowed)
SELECT workspace_id, id, owner_id, team_id, 'care', 'planned', now() + make_interval(hours => n * 24),
       now() + make_interval(hours => n * 24 + 1), true
FROM customers, generate_series(1, 2) AS n WHERE workspace_id = $1
"""


@dataclass(frozen=True)
class Stage:
    """What the contestants need to know."""

    dsn_of: DsnOf
    redis_url: str
    workspace_id: UUID
    token: str
    owners: tuple[UUID, ...]

    def dsn(self, role: str) -> str:
        """The address of the database for a role."""
        return self.dsn_of(role, DATABASE)


@contextmanager
def stage(customers: int) -> Iterator[Stage]:
    """A large workspace of so many customers, with two visits each, and four of a tenth of its size."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-bench-")))
        dsn_of = stack.enter_context(embedded_postgres(folder / "postgres"))
        redis_url = stack.enter_context(embedded_valkey(folder / "valkey"))
        asyncio.run(_create(dsn_of(SUPERUSER, "postgres")))
        schema.upgrade(dsn_of(SUPERUSER, DATABASE))
        workspace_id, token, owners = asyncio.run(_fill(dsn_of(SUPERUSER, DATABASE), customers))
        yield Stage(dsn_of, redis_url, workspace_id, token, owners)


async def _create(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(f"CREATE DATABASE {DATABASE}")
    await owner.close()


async def _fill(url: str, customers: int) -> tuple[UUID, str, tuple[UUID, ...]]:
    owner = await asyncpg.connect(url)
    large = await _workspace(owner, customers)
    for _ in range(4):
        await _workspace(owner, customers // 10)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    return large


async def _workspace(owner: asyncpg.Connection, customers: int) -> tuple[UUID, str, tuple[UUID, ...]]:
    home = await owner.fetchval("INSERT INTO workspaces (name) VALUES ('Benchmark') RETURNING workspace_id")
    team = await owner.fetchval("INSERT INTO teams (workspace_id, name) VALUES ($1, 'Sales') RETURNING id", home)
    people = [
        await owner.fetchval(
            "INSERT INTO users (workspace_id, email, email_key, name, role, team_id) "
            "VALUES ($1, $2, $2, $3, $4, $5) RETURNING id",
            home,
            f"user{number}@example.com",
            f"User {number}",
            "sales" if number else "admin",
            team,
        )
        for number in range(21)
    ]
    session = await owner.fetchval(
        "INSERT INTO sessions (workspace_id, user_id, refresh_hash, idle_until, valid_until) "
        "VALUES ($1, $2, 'x', now() + interval '1 day', now() + interval '1 day') RETURNING id",
        home,
        people[0],
    )
    await owner.execute(CUSTOMERS, home, people[1:], team, customers)
    await owner.execute(VISITS, home)
    tokens = Tokens(SECRET_KEY)
    token = tokens.issue_access(user_id=people[0], workspace_id=home, session_id=session, permission_version=1)
    return home, token, tuple(people[1:])
