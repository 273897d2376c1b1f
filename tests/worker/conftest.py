"""Workers on a stage of their own: rounds look over all workspaces at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest_asyncio

from crm.database import Database
from services.api.main import create_app
from services.api.openapi import document
from services.worker.messages import open_queue
from services.worker.publishing import publish_facts
from services.worker.reacting import react
from services.worker.rounds import Worker
from tests.complaints.steps import Path
from tests.conftest import SECRET_KEY, Client, Running, Stage
from tests.factories import Workspace, found_workspace


@dataclass
class Backstage:
    """A database of one's own with a workspace in it, and workers to run its rounds."""

    stage: Stage
    home: Workspace
    stack: AsyncExitStack

    @property
    def owner(self) -> asyncpg.Connection:
        """Sees everything."""
        return self.stage.owner

    async def hire(self) -> Worker:
        """A worker with connections of its own, under the role of workers."""
        database = Database(self.stage.dsn("rapport_worker"), name="test-worker", size=8)
        self.stack.push_async_callback(database.close)
        queue = open_queue(self.stage.redis_url)
        self.stack.push_async_callback(queue.aclose, close_connection_pool=True)
        return Worker(self.stage.settings(DATABASE_URL=self.stage.dsn("rapport_worker")), database, queue)

    async def types(self) -> list[str]:
        """What happened, in order."""
        rows = await self.owner.fetch("SELECT type FROM events ORDER BY id")
        return [row["type"] for row in rows]


async def until_idle(round_: Callable[[Worker], Awaitable[bool]], worker: Worker) -> None:
    """Run a round until it says that there is no more to do."""
    while await round_(worker):
        pass


async def settle(worker: Worker) -> None:
    """Publish and react until there is nothing left to do."""
    while await publish_facts(worker) or await react(worker):
        pass


@pytest_asyncio.fixture
async def backstage(own_stage: Stage) -> AsyncIterator[Backstage]:
    """A stage of one's own with a workspace in English."""
    async with AsyncExitStack() as stack:
        home = await found_workspace(own_stage.owner, SECRET_KEY)
        await own_stage.owner.execute("UPDATE workspaces SET language = 'en'")
        yield Backstage(own_stage, home, stack)


@pytest_asyncio.fixture
async def worker(backstage: Backstage) -> Worker:
    """One worker."""
    return await backstage.hire()


@dataclass
class Front:
    """The front door of the stage, with two who go through it."""

    admin: Client
    path: Path

    async def customer(self, name: str, **more: Any) -> str:
        """A customer of Anna's; its id."""
        body = {"name": name, "owner_id": str(self.path.workspace.anna.id), **more}
        made = await self.admin.post("/v1/customers", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def talks(self, customer_id: str) -> list[dict[str, Any]]:
        """The interactions with a customer."""
        found = await self.admin.get("/v1/interactions", params={"customer_id": customer_id})
        return list(found.json()["data"])


@pytest_asyncio.fixture
async def front(backstage: Backstage) -> AsyncIterator[Front]:
    """The API on the same stage."""
    app = create_app(backstage.stage.settings())
    running = Running(app, document(app))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        admin = await stack.enter_async_context(Client(running, backstage.home.admin.token))
        service = await stack.enter_async_context(Client(running, backstage.home.service.token))
        yield Front(admin, Path(service, admin, backstage.home))
