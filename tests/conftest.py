"""Real Postgres and real Valkey for every test, and the product's own front door.

Each test gets a workspace of its own: row-level security keeps it alone, so nothing has to be rolled back and every
transaction of the product is a real one. What looks over all workspaces at once (the worker) takes ``own_database``.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from crm.database import Access, Database
from crm.pool import connect
from services.api.main import create_app
from services.api.openapi import document
from services.local.servers import SUPERUSER, DsnOf, embedded_postgres, embedded_valkey
from services.settings import Settings
from tests.factories import Workspace, found_workspace
from tests.promises import Promises
from tests.templates import make_template

SECRET_KEY = "a secret key for tests that is long enough"


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[DsnOf, str]]:
    """Postgres and Valkey for the whole run."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-")))
        dsn_of = stack.enter_context(embedded_postgres(folder / "postgres", durable=False))
        redis_url = stack.enter_context(embedded_valkey(folder / "valkey"))
        make_template(dsn_of)
        yield dsn_of, redis_url


@pytest.fixture(scope="session")
def redis_url(servers: tuple[DsnOf, str]) -> str:
    """Where Valkey is."""
    return servers[1]


async def new_database(dsn_of: DsnOf) -> str:
    """A migrated database of one's own; its name."""
    name = f"test_{uuid4().hex[:12]}"
    owner = await asyncpg.connect(dsn_of(SUPERUSER, "postgres"))
    await owner.execute(f"CREATE DATABASE {name} TEMPLATE rapport_template STRATEGY file_copy")
    await owner.close()
    return name


@dataclass
class Stage:
    """A database with everything a test may need of it: as the API, as the worker, as its owner."""

    dsn_of: DsnOf
    name: str
    redis_url: str
    owner: asyncpg.Connection
    database: Database
    folder: Path

    def dsn(self, role: str = "rapport_api") -> str:
        """The address for a role."""
        return self.dsn_of(role, self.name)

    def settings(self, **more: Any) -> Settings:
        """Settings of a process on this stage."""
        return Settings.model_validate(
            {
                "DATABASE_URL": self.dsn(),
                "REDIS_URL": self.redis_url,
                "RAPPORT_SECRET_KEY": SECRET_KEY,
                "RAPPORT_RATE_LIMIT": 0,
                "RAPPORT_DATA_DIR": self.folder,
                "RAPPORT_WEBHOOKS_ALLOW_LOOPBACK": True,
                **more,
            }
        )


async def _stage(servers: tuple[DsnOf, str]) -> AsyncIterator[Stage]:
    dsn_of, redis_url = servers
    name = await new_database(dsn_of)
    owner = await connect(dsn_of(SUPERUSER, name), name="test-owner")
    database = Database(dsn_of("rapport_api", name), name="test-api", size=5)
    with TemporaryDirectory(prefix="rapport-data-") as folder:
        yield Stage(dsn_of, name, redis_url, owner, database, Path(folder))
    await database.close()
    await owner.close()


stage = pytest_asyncio.fixture(_stage, scope="session", name="stage")
own_stage = pytest_asyncio.fixture(_stage, scope="function", name="own_stage")


@dataclass
class Running:
    """The API in this process, with its lifespan open."""

    app: Any
    # Not to be told: asyncio writes out what a fixture gave whenever it sets a signal's handler, 40 ms for this.
    schema: dict[str, Any] = field(repr=False)

    @cached_property
    def promises(self) -> Promises:
        """What it says of itself."""
        return Promises(self.schema)


async def _running(stage: Stage) -> AsyncIterator[Running]:
    app = create_app(stage.settings())
    async with app.router.lifespan_context(app):
        yield Running(app, document(app))


api = pytest_asyncio.fixture(_running, scope="session", name="api")


@pytest_asyncio.fixture
async def workspace(stage: Stage) -> Workspace:
    """A new workspace with an admin, a manager, two sales people in two teams, a service agent and an auditor."""
    return await found_workspace(stage.owner, SECRET_KEY)


@pytest_asyncio.fixture
async def elsewhere(stage: Stage) -> Workspace:
    """Another workspace, whose people must see nothing of the first."""
    return await found_workspace(stage.owner, SECRET_KEY)


class Client(httpx.AsyncClient):
    """Speaks to the API as one person and holds every JSON answer against the published schema."""

    def __init__(self, running: Running, token: str | None, address: str = "127.0.0.1") -> None:
        """As whom: the token of a person or key, or nobody; and from where."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(running.app, raise_app_exceptions=False, client=(address, 4711))
        super().__init__(transport=transport, base_url="http://test", headers=headers)
        self.running = running

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send, and check what comes back."""
        response = await super().send(request, **options)
        self.running.promises.check(request, response)
        return response


@dataclass
class Clients:
    """Clients for the people of a workspace, by who they are."""

    running: Running
    made: list[Client] = field(default_factory=list)

    def __call__(self, token: str | None, address: str = "127.0.0.1") -> Client:
        """A client with this token, at this address."""
        client = Client(self.running, token, address)
        self.made.append(client)
        return client


@pytest_asyncio.fixture
async def clients(api: Running) -> AsyncIterator[Clients]:
    """Make clients for whom you like."""
    found = Clients(api)
    yield found
    for client in found.made:
        await client.aclose()


@pytest.fixture
def client(clients: Clients, workspace: Workspace) -> Client:
    """The admin of the test's workspace."""
    return clients(workspace.admin.token)


@pytest.fixture
def access(stage: Stage, workspace: Workspace) -> Access:
    """Straight to the actions, as the admin, for what HTTP cannot say."""
    return stage.database.writing(workspace.admin.actor)


@dataclass
class Facts:
    """The facts of one workspace, as the log has them."""

    owner: asyncpg.Connection
    workspace_id: UUID

    async def __call__(self, event_type: str | None = None) -> list[asyncpg.Record]:
        """All facts, or those of one type, in order."""
        found = await self.owner.fetch("SELECT * FROM events WHERE workspace_id = $1 ORDER BY id", self.workspace_id)
        return [row for row in found if event_type in {None, row["type"]}]

    async def types(self) -> list[str]:
        """Just what happened, in order."""
        return [row["type"] for row in await self()]


@pytest.fixture
def events(stage: Stage, workspace: Workspace) -> Facts:
    """The facts of the test's workspace."""
    return Facts(stage.owner, workspace.id)


@pytest.fixture
def queries(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the API sends while the test runs; clear it, act, count."""
    sent: list[str] = []
    for method in ("fetch", "fetchrow", "execute", "executemany"):
        original = getattr(asyncpg.Connection, method)

        async def counted(self: Any, query: str, *arguments: Any, _original: Any = original, **options: Any) -> Any:
            if self is not stage.owner:
                sent.append(query)
            return await _original(self, query, *arguments, **options)

        monkeypatch.setattr(asyncpg.Connection, method, counted)
    return sent


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that this is that problem, in the one shape, and give it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(response.content)
    assert found["code"] == code, found
    return found
