"""The bare yardstick for what has too rich a shape to be written twice: the product's own SQL, and nothing else.

One ASGI function and raw asyncpg. What is asked and how it is answered stands in the file ``BENCH_SCRIPT``: for each
request, ``"METHOD /path"`` with ``{id}`` where an id stands, the statements of one transaction with their arguments:
``{id}`` is that id and ``{body}`` what the statement before gave. No rights, no row-level security, no rules, no
sign-in; the last statement gives the body.
"""

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.bare_words import BODY, HERE

SCRIPT: dict[str, list[tuple[str, list[Any]]]] = json.loads(Path(os.environ["BENCH_SCRIPT"]).read_text("utf-8"))
pool: asyncpg.Pool


async def _keep(_connection: Any) -> None:
    """Instead of the pool's reset query."""


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """All of it."""
    global pool  # noqa: PLW0603  one function, one pool: the least there can be
    if scope["type"] == "lifespan":
        await receive()
        settings = {"timezone": "UTC", "jit": "off"}
        pool = await asyncpg.create_pool(
            os.environ["BENCH_DATABASE_URL"], min_size=10, max_size=10, reset=_keep, server_settings=settings
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await pool.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = await answer(scope)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer(scope: dict[str, Any]) -> bytes:
    """By method and path: a page for a question, the item for a change."""
    method, path, query = scope["method"], scope["path"], scope["query_string"].decode()
    if method == "GET":
        ((sql, values),) = SCRIPT[f"GET {path}?{query}" if query else f"GET {path}"]
        rows = await pool.fetch(sql, *values)
        shown = ",".join([row["body"] for row in rows[:50]])
        return f'{{"data":[{shown}],"next_cursor":null}}'.encode()
    _, version, noun, id_, *verb = path.split("/")
    known: dict[Any, Any] = {HERE: UUID(id_), BODY: ""}
    async with pool.acquire() as connection, connection.transaction():
        for sql, values in SCRIPT[f"{method} /{version}/{noun}/{HERE}/{'/'.join(verb)}"]:
            known[BODY] = await connection.fetchval(sql, *[_meant(known, value) for value in values])
    return str(known[BODY]).encode()


def _meant(known: dict[Any, Any], value: Any) -> Any:
    return known.get(value, value) if isinstance(value, str) else value
