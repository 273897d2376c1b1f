"""Whether this process lives, whether it should get traffic, and what it measured."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlalchemy import Float, cast, column, extract, func, select, table

from crm.actor import NOBODY, system
from crm.database import Database, Statement
from crm.events.models import worker_heartbeats
from services.api.metrics import CONTENT_TYPE

PATIENCE = 2.0
HEART_STOPPED_AFTER = 60.0
NEEDED = frozenset({"database", "migrations"})

ALIVE = Statement(select(1))
MIGRATED_TO = Statement(select(func.array_agg(column("version_num"))).select_from(table("alembic_version")))
LAST_BEAT = Statement(select(cast(extract("epoch", func.now() - func.max(worker_heartbeats.c.beat_at)), Float)))

router = APIRouter(tags=["operations"])


class CheckRead(BaseModel):
    """How one thing that we depend on is."""

    ok: bool
    detail: str | None = Field(default=None, description="What is wrong with it.")
    ms: float = Field(description="How long it took to find out, in milliseconds.")


class ReadinessRead(BaseModel):
    """Whether to send traffic here. `degraded` still serves: only what the worker does may come later."""

    status: Literal["ok", "degraded", "unavailable", "draining"]
    checks: dict[str, CheckRead]


class LivenessRead(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class NotSo(Exception):
    """A check that failed, in words that may be shown to anybody."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks look at."""

    database: Database
    redis_url: str
    heads: frozenset[str]


@router.get("/health/live", response_model=LivenessRead)
async def check_liveness() -> Response:
    """Answer as long as the process can. A failure means: restart it."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get("/health/ready", response_model=ReadinessRead, responses={503: {"model": ReadinessRead}})
async def check_readiness(request: Request) -> Response:
    """Look at the database, the migrations, the queue and the worker, each by name.

    503 when the database cannot be used, when its schema is not the one this version needs, or when the process is
    about to stop. A silent queue or worker is reported as `degraded` with 200, since requests do not need them.
    """
    checks = await look(request.app.state.surroundings)
    status = "draining" if request.app.state.draining else verdict(checks)
    body = orjson.dumps({"status": status, "checks": checks})
    return Response(body, status_code=200 if status in {"ok", "degraded"} else 503, media_type="application/json")


@router.get("/metrics", response_class=PlainTextResponse)
async def read_metrics(request: Request) -> Response:
    """What this process measured, in Prometheus's text format."""
    return Response(request.app.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


def verdict(checks: Mapping[str, Mapping[str, Any]]) -> Literal["ok", "degraded", "unavailable"]:
    """What the checks come to together."""
    failed = {name for name, check in checks.items() if not check["ok"]}
    return "unavailable" if failed & NEEDED else "degraded" if failed else "ok"


async def look(around: Surroundings) -> dict[str, dict[str, Any]]:
    """All checks at once, each with its own patience."""
    checks: dict[str, Callable[[Surroundings], Awaitable[None]]] = {
        "database": database_answers,
        "migrations": schema_is_current,
        "queue": queue_answers,
        "worker": worker_beats,
    }
    results = await asyncio.gather(*(_timed(check(around)) for check in checks.values()))
    return dict(zip(checks, results, strict=True))


async def _timed(check: Awaitable[None]) -> dict[str, Any]:
    began, detail = perf_counter(), None
    try:
        await asyncio.wait_for(check, PATIENCE)
    except NotSo as error:
        detail = str(error)
    except TimeoutError:
        detail = f"no answer within {PATIENCE:g} s"
    except Exception as error:  # Whatever is wrong is the result; only its kind may be shown.
        detail = type(error).__name__
    result = {"ok": detail is None, "ms": round((perf_counter() - began) * 1000, 2)}
    return result if detail is None else {**result, "detail": detail}


async def _value(around: Surroundings, wanted: Statement) -> Any:
    return await around.database.writing(system(NOBODY, timezone="UTC")).value(wanted)


async def database_answers(around: Surroundings) -> None:
    """A statement runs."""
    await _value(around, ALIVE)


async def schema_is_current(around: Surroundings) -> None:
    """The database carries exactly the migrations that this version brings."""
    found = frozenset(await _value(around, MIGRATED_TO) or ())
    if found != around.heads:
        raise NotSo(f"the schema is at {_names(found)}, this version needs {_names(around.heads)}")


async def worker_beats(around: Surroundings) -> None:
    """Some worker reported lately."""
    age = await _value(around, LAST_BEAT)
    if age is None:
        raise NotSo("no worker has ever reported")
    if age > HEART_STOPPED_AFTER:
        raise NotSo(f"the last worker reported {age:.0f} s ago")


async def queue_answers(around: Surroundings) -> None:
    """The queue speaks; asked in its own protocol, since the API needs nothing else of it."""
    address = urlsplit(around.redis_url)
    if address.scheme == "unix":
        reader, writer = await asyncio.open_unix_connection(address.path)
    else:
        secure = True if address.scheme == "rediss" else None
        reader, writer = await asyncio.open_connection(address.hostname, address.port or 6379, ssl=secure)
    try:
        writer.write(b"PING\r\n")
        said = await reader.readline()
    finally:
        writer.close()
    # A queue that asks for a password is up, and the worker is who has it.
    if not said.startswith((b"+PONG", b"-NOAUTH")):
        raise NotSo("the queue did not answer PING")


def heads_of(folder: Path) -> frozenset[str]:
    """The newest migrations in the folder."""
    return frozenset(ScriptDirectory(str(folder)).get_heads())


def _names(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions)) or "nothing"
