"""A pool of asyncpg connections with nothing on the path that a request does not need.

asyncpg's own pool resets, shields and proxies on every use: 43 µs of a 60 µs statement
(docs/decisions/0002-own-pool.md). This one keeps connections in a stack, hands out the one that already carries the
caller's workspace, and throws away any whose use did not end cleanly, so that nothing leaks from one use to the next.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from crm.errors import Unavailable

SET_WORKSPACE = "SELECT set_config('rapport.workspace_id', $1, false)"


class Busy(Unavailable):
    """Every connection stayed in use for as long as we are willing to wait."""

    title = "Too busy just now"
    title_zh = "系统繁忙"


class Unreachable(Unavailable):
    """Nobody answers where the database should be: it is down, or its name does not resolve."""

    title = "The database cannot be reached just now"
    title_zh = "数据库暂时无法访问"


class Pool:
    """At most ``size`` connections; who finds none waits at most ``patience`` seconds, then gets ``Busy``."""

    def __init__(self, url: str, *, size: int, name: str, patience: float = 2.0) -> None:
        """Nothing connects yet: the first use does."""
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._size = size
        self._name = name
        self._patience = patience
        self._idle: list[asyncpg.Connection] = []
        self._carries: dict[asyncpg.Connection, UUID | None] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._open = 0
        self._closed = False

    async def take(self, workspace_id: UUID | None) -> asyncpg.Connection:
        """A connection on which row-level security sees exactly this workspace (``None``: no workspace at all)."""
        connection = self._pop(workspace_id) or await self._another(workspace_id)
        if self._carries[connection] != workspace_id:
            self._carries[connection] = None
            try:
                await connection.execute(SET_WORKSPACE, "" if workspace_id is None else str(workspace_id))
            except BaseException:
                self.discard(connection)
                raise
            self._carries[connection] = workspace_id
        return connection

    def give_back(self, connection: asyncpg.Connection) -> None:
        """Return a connection whose last statement ended, well or with an error of Postgres's own."""
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            self.discard(connection)
            return
        self._idle.append(connection)
        self._wake()

    def discard(self, connection: asyncpg.Connection) -> None:
        """Close a connection of which we do not know in what state it is: cancelled, timed out, cut off."""
        if self._carries.pop(connection, _ABSENT) is not _ABSENT:
            self._open -= 1
            connection.terminate()
            self._wake()

    async def close(self) -> None:
        """Close what is idle now; what is in use closes when it comes back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            self._carries.pop(connection)
            self._open -= 1
            await connection.close(timeout=2)

    def _pop(self, workspace_id: UUID | None) -> asyncpg.Connection | None:
        idle = self._idle
        for position in range(len(idle) - 1, -1, -1):
            if self._carries[idle[position]] == workspace_id:
                connection = idle.pop(position)
                break
        else:
            if not idle:
                return None
            connection = idle.pop()
        if connection.is_closed():
            self.discard(connection)
            return self._pop(workspace_id)
        return connection

    async def _another(self, workspace_id: UUID | None) -> asyncpg.Connection:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while self._open >= self._size:
            turn = loop.create_future()
            self._waiting.append(turn)
            try:
                async with asyncio.timeout_at(deadline):
                    await turn
            except BaseException as error:
                if turn.done() and not turn.cancelled():
                    self._wake()  # The turn came just as its owner gave up: it is the next one's.
                if isinstance(error, TimeoutError):
                    raise Busy(headers={"Retry-After": "1"}) from None
                raise
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)
            if connection := self._pop(workspace_id):
                return connection
        return await self._connect()

    async def _connect(self) -> asyncpg.Connection:
        self._open += 1
        try:
            connection = await connect(self._url, name=self._name)
        except OSError as error:
            self._open -= 1
            self._wake()
            raise Unreachable(headers={"Retry-After": "2"}) from error
        except BaseException:
            self._open -= 1
            self._wake()
            raise
        self._carries[connection] = None
        return connection

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


_ABSENT = object()


async def connect(url: str, *, name: str, settings: Mapping[str, str] | None = None) -> asyncpg.Connection:
    """One connection as Rapport wants it: UTC, no JIT, JSON in and out as Python values."""
    connection = await asyncpg.connect(
        url.replace("postgresql+asyncpg://", "postgresql://", 1),
        timeout=5,
        statement_cache_size=500,
        max_cacheable_statement_size=64 * 1024,
        server_settings={"application_name": name, "timezone": "UTC", "jit": "off", **(settings or {})},
    )
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=orjson.loads)
    return connection


def _encode(value: Any) -> str:
    return orjson.dumps(value).decode()
