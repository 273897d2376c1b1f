"""The product over HTTP against its own SQL served bare (``benchmarks/bare.py``): what rights, rules and frame cost."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.contest import Operation, Pace, compare, serve, serve_product
from benchmarks.stage import SECRET_KEY
from crm.actor import Actor
from crm.database import Access, Database, Statement
from crm.workspaces.tokens import Tokens
from services.local.servers import embedded_valkey

Call = tuple[str, list[Any]]
"""A statement and its arguments."""


@dataclass(frozen=True)
class Contest:
    """An operation, the request it is as ``bare.py`` names it, and what the yardstick runs for it."""

    operation: Operation
    request: str
    calls: Sequence[Call]


class Overheard(Access):
    """An access that keeps what the product runs."""

    __slots__ = ("calls",)

    def __init__(self, *given: Any) -> None:
        """As any access."""
        super().__init__(*given)
        self.calls: list[Call] = []

    async def rows(self, wanted: Statement, **values: Any) -> list[asyncpg.Record]:
        """The rows; the statement is kept."""
        self.calls.append((wanted.sql, self._arguments(wanted, values)))
        return await super().rows(wanted, **values)

    async def row(self, wanted: Statement, **values: Any) -> asyncpg.Record | None:
        """The first row; the statement is kept."""
        self.calls.append((wanted.sql, self._arguments(wanted, values)))
        return await super().row(wanted, **values)


async def overheard(dsn: str, actor: Actor, ask: Callable[[Access], Awaitable[Any]]) -> list[Call]:
    """The statements that the product runs when this is asked."""
    database = Database(dsn, name="bench-overheard", size=1)
    access = Overheard(database._pool, actor)  # To listen, not to change it.
    await ask(access)
    await database.close()
    return access.calls


async def signed_in(superuser: str, workspace_id: UUID, user_id: UUID) -> str:
    """An access token of this person, for the secret key of benchmarks."""
    owner = await asyncpg.connect(superuser)
    session = await owner.fetchval(
        "INSERT INTO sessions (workspace_id, user_id, refresh_hash, idle_until, valid_until) "
        "VALUES ($1, $2, 'x', now() + interval '1 day', now() + interval '1 day') RETURNING id",
        workspace_id,
        user_id,
    )
    version = await owner.fetchval("SELECT permission_version FROM users WHERE id = $1", user_id)
    await owner.close()
    issue = Tokens(SECRET_KEY).issue_access
    return issue(user_id=user_id, workspace_id=workspace_id, session_id=session, permission_version=version)


def against_bare(superuser: str, api: str, token: str, contests: Sequence[Contest], pace: Pace) -> list[str]:
    """A row of the table for each contest."""
    with TemporaryDirectory(prefix="rapport-bench-") as folder, ExitStack() as stack:
        script = Path(folder) / "script.json"
        script.write_text(json.dumps({one.request: one.calls for one in contests}, default=str), encoding="utf-8")
        redis_url = stack.enter_context(embedded_valkey(Path(folder) / "valkey"))
        bare = {"BENCH_DATABASE_URL": superuser, "BENCH_SCRIPT": str(script)}
        yardstick = stack.enter_context(serve(["benchmarks.bare:app"], bare))
        product = stack.enter_context(serve_product(api, redis_url, SECRET_KEY))
        return [compare(one.operation, token, yardstick, product, pace) for one in contests]


def overhear(dsn: str, actor: Actor, ask: Callable[[Access], Awaitable[Any]]) -> list[Call]:
    """``overheard``, for who has no loop."""
    return asyncio.run(overheard(dsn, actor, ask))
