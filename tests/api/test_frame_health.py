"""Readiness names each thing it looked at, and says 503 only for what requests need."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from crm.database import Database
from services.api.frame import Api, Manners
from services.api.routes import health
from services.api.routes.health import Surroundings
from services.local.servers import SUPERUSER, embedded_postgres
from tests.api.frame_app import client_of

NOTHING_THERE = "redis://127.0.0.1:1/0"
TABLES = """
CREATE TABLE alembic_version (version_num text);
INSERT INTO alembic_version VALUES ('abc');
CREATE TABLE worker_heartbeats (workspace_id uuid, name text, beat_at timestamptz);
INSERT INTO worker_heartbeats VALUES (gen_random_uuid(), 'rounds', now());
"""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded_postgres(tmp_path_factory.mktemp("health"), durable=False) as dsn_of:
        yield dsn_of(SUPERUSER, "postgres")


@pytest_asyncio.fixture
async def connection(postgres: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres)
    await connection.execute("DROP TABLE IF EXISTS alembic_version, worker_heartbeats;" + TABLES)
    yield connection
    await connection.close()


@asynccontextmanager
async def queue_saying(answer: bytes) -> AsyncIterator[str]:
    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"PING\r\n"
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    try:
        yield f"redis://:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
        await server.wait_closed()


async def readiness(url: str, redis_url: str, *, draining: bool = False) -> httpx.Response:
    api = Api(Manners(access_log=None))
    api.add_routers(health.router)
    database = Database(url, name="test", size=2)
    api.state.surroundings = Surroundings(database, redis_url, frozenset({"abc"}))
    api.state.draining = draining
    try:
        async with client_of(api) as client:
            return await client.get("/health/ready")
    finally:
        await database.close()


def failing(answer: httpx.Response) -> set[str]:
    checks = answer.json()["checks"]
    assert set(checks) == {"database", "migrations", "queue", "worker"}
    assert all(check["ms"] >= 0 and ("detail" in check) != check["ok"] for check in checks.values())
    return {name for name, check in checks.items() if not check["ok"]}


@pytest.mark.parametrize("said", [b"+PONG\r\n", b"-NOAUTH Authentication required.\r\n"])
async def test_all_well_is_ok(postgres: str, connection: asyncpg.Connection, said: bytes) -> None:
    async with queue_saying(said) as queue:
        answer = await readiness(postgres, queue)
    assert (answer.status_code, answer.json()["status"], failing(answer)) == (200, "ok", set())


async def test_a_silent_queue_and_a_dead_worker_only_degrade(postgres: str, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE worker_heartbeats SET beat_at = now() - interval '5 minutes'")
    answer = await readiness(postgres, NOTHING_THERE)
    assert (answer.status_code, answer.json()["status"], failing(answer)) == (200, "degraded", {"queue", "worker"})
    assert "300 s ago" in answer.json()["checks"]["worker"]["detail"]


async def test_a_queue_that_speaks_nonsense_is_not_ok(postgres: str, connection: asyncpg.Connection) -> None:
    async with queue_saying(b"HTTP/1.1 400\r\n") as queue:
        answer = await readiness(postgres, queue)
    assert failing(answer) == {"queue"}


async def test_a_schema_of_another_version_is_unavailable(postgres: str, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE alembic_version SET version_num = 'older'")
    answer = await readiness(postgres, NOTHING_THERE)
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert answer.json()["checks"]["migrations"]["detail"] == "the schema is at older, this version needs abc"


async def test_no_database_is_unavailable_and_tells_no_address() -> None:
    answer = await readiness("postgresql://somebody:hunter2@127.0.0.1:1/nothing", NOTHING_THERE)
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert failing(answer) == {"database", "migrations", "queue", "worker"}
    assert not any(word in answer.text for word in ("127.0.0.1", "hunter2", "somebody"))


async def test_a_draining_process_is_not_ready(postgres: str, connection: asyncpg.Connection) -> None:
    answer = await readiness(postgres, NOTHING_THERE, draining=True)
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")


async def test_liveness_and_metrics_need_nothing_else() -> None:
    api = Api(Manners(access_log=None))
    api.add_routers(health.router)
    async with client_of(api) as client:
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        metrics = await client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert 'route="/health/live",status="2xx"} 1.0' in metrics.text


def test_the_newest_migration_is_found(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    for revision, before in (("one", None), ("two", "one")):
        text = f"revision = {revision!r}\ndown_revision = {before!r}\n"
        (tmp_path / "versions" / f"{revision}.py").write_text(text)
    assert health.heads_of(tmp_path) == {"two"}
