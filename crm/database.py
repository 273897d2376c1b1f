"""The one way to Postgres: SQLAlchemy writes a statement once, asyncpg runs it, row-level security guards it.

``Access`` runs each statement as its own transaction; ``Transaction`` runs several as one. Both know who acts, so a
statement may name what the actor knows (``workspace_id``, ``actor_id``, ``team_ids`` …) and nobody has to pass it on.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import Any, ParamSpec
from uuid import UUID

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import BindParameter

from crm.actor import NOBODY, Actor, system
from crm.pool import Pool


class _Compiler(dialects.PGCompiler_asyncpg):
    """Values written into a clause are constants of the product: they become literals, only true parameters travel."""

    def visit_bindparam(self, bindparam: BindParameter[Any], **options: Any) -> Any:  # type: ignore[override]  # only its options differ
        """Render a parameter that has its value already as that value."""
        if not bindparam.required:
            options["literal_binds"] = True
        return super().visit_bindparam(bindparam, **options)  # type: ignore[no-untyped-call]  # untyped there


DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types only part of its dialects
DIALECT.statement_compiler = _Compiler

P = ParamSpec("P")

EVERYWHERE = system(NOBODY, timezone="UTC")
"""The product acting in no workspace in particular: it takes each row's own."""


class Statement:
    """SQL with its parameters in order: compiled once, then only run."""

    __slots__ = ("names", "sql")

    def __init__(self, clause: ClauseElement) -> None:
        """Compile. Values written into the clause become literals; a ``bindparam`` gets its value at each run."""
        compiled = clause.compile(dialect=DIALECT)
        self.sql = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]  # of SQLCompiler

    def arguments(self, known: Mapping[str, Any], values: Mapping[str, Any]) -> list[Any]:
        """The arguments in order. A name nobody gives is a programming error: ``KeyError``."""
        return [values[name] if name in values else known[name] for name in self.names]


def statement(build: Callable[P, ClauseElement]) -> Callable[P, Statement]:
    """Make a builder of clauses a giver of statements, compiled once for each combination of its arguments."""

    @lru_cache(maxsize=2048)
    def compiled(*arguments: P.args, **named: P.kwargs) -> Statement:
        return Statement(build(*arguments, **named))

    compiled.__doc__ = build.__doc__
    return compiled  # type: ignore[return-value]  # lru_cache forgets the parameters' types


class Access:
    """What an actor may run, one statement at a time, each committed by itself."""

    __slots__ = ("_pool", "actor", "if_match")

    def __init__(self, pool: Pool, actor: Actor, if_match: int | None = None) -> None:
        """``if_match`` is the version the caller believes to be current, where it said one."""
        self._pool = pool
        self.actor = actor
        self.if_match = if_match

    async def rows(self, wanted: Statement, **values: Any) -> list[asyncpg.Record]:
        """All rows of one statement."""
        connection = await self._pool.take(self.actor.workspace_id)
        try:
            found: list[asyncpg.Record] = await connection.fetch(wanted.sql, *self._arguments(wanted, values))
        except asyncpg.PostgresError:
            self._pool.give_back(connection)
            raise
        except BaseException:
            self._pool.discard(connection)
            raise
        self._pool.give_back(connection)
        return found

    async def row(self, wanted: Statement, **values: Any) -> asyncpg.Record | None:
        """The first row of one statement, or None."""
        connection = await self._pool.take(self.actor.workspace_id)
        try:
            found: asyncpg.Record | None = await connection.fetchrow(wanted.sql, *self._arguments(wanted, values))
        except asyncpg.PostgresError:
            self._pool.give_back(connection)
            raise
        except BaseException:
            self._pool.discard(connection)
            raise
        self._pool.give_back(connection)
        return found

    async def value(self, wanted: Statement, **values: Any) -> Any:
        """The first column of the first row, or None."""
        found = await self.row(wanted, **values)
        return None if found is None else found[0]

    def _arguments(self, wanted: Statement, values: dict[str, Any]) -> list[Any]:
        if "if_match" not in values:
            values["if_match"] = self.if_match
        return wanted.arguments(self.actor.known, values)


class Transaction(Access):
    """Several statements as one: all of them happen, or none. Opened and committed at the edge only."""

    __slots__ = ("_connection",)

    def __init__(self, pool: Pool, connection: asyncpg.Connection, actor: Actor, if_match: int | None = None) -> None:
        """Belongs to whoever opened the transaction on ``connection``."""
        super().__init__(pool, actor, if_match)
        self._connection = connection

    async def rows(self, wanted: Statement, **values: Any) -> list[asyncpg.Record]:
        """All rows of one statement."""
        found: list[asyncpg.Record] = await self._connection.fetch(wanted.sql, *self._arguments(wanted, values))
        return found

    async def row(self, wanted: Statement, **values: Any) -> asyncpg.Record | None:
        """The first row of one statement, or None."""
        return await self._connection.fetchrow(wanted.sql, *self._arguments(wanted, values))

    async def many(self, wanted: Statement, batch: Sequence[Mapping[str, Any]]) -> None:
        """The same statement for each of a batch, in one round trip; whatever it returns is dropped."""
        known = {**self.actor.known, "if_match": None}
        await self._connection.executemany(wanted.sql, [wanted.arguments(known, values) for values in batch])

    def expecting(self, version: int | None) -> "Transaction":
        """The same transaction for a change that holds only for this version of its item."""
        return Transaction(self._pool, self._connection, self.actor, version)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part that may fail by itself: an error inside undoes only this part (a savepoint)."""
        async with self._connection.transaction():
            yield


class Database:
    """The pools of one process."""

    def __init__(self, url: str, *, name: str, size: int = 10, read_url: str | None = None) -> None:
        """``read_url`` may name a replica for reads; it lags, so what was just written may not be there yet."""
        self.url = url
        self._pool = Pool(url, size=size, name=name)
        self._reads = Pool(read_url, size=size, name=f"{name}-reads") if read_url else self._pool

    async def close(self) -> None:
        """Close what is idle; what is in use closes when it is done."""
        await self._pool.close()
        await self._reads.close()

    def reading(self, actor: Actor) -> Access:
        """For requests that change nothing; served by the replica where there is one."""
        return Access(self._reads, actor)

    def writing(self, actor: Actor, if_match: int | None = None) -> Access:
        """For changes of a single statement, which needs no transaction around it."""
        return Access(self._pool, actor, if_match)

    def transaction(self, actor: Actor, if_match: int | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Commit when the block ends well, roll back when it does not."""
        return self._opened(actor.workspace_id, actor, if_match)

    def scanning(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction over all workspaces at once, as the product itself: the worker's rounds.

        Row-level security shows it the tables whose policies let the worker scan, and no row of any other.
        """
        return self._opened(None, EVERYWHERE, None)

    @asynccontextmanager
    async def _opened(self, home: UUID | None, actor: Actor, if_match: int | None) -> AsyncIterator[Transaction]:
        connection = await self._pool.take(home)
        try:
            async with connection.transaction():
                yield Transaction(self._pool, connection, actor, if_match)
        except BaseException:
            if connection.is_closed() or connection.is_in_transaction():
                self._pool.discard(connection)
            else:
                self._pool.give_back(connection)
            raise
        self._pool.give_back(connection)
