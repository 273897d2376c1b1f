"""Workers on a stage of their own: rounds look over all workspaces at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pytest_asyncio

from crm.database import Database
from services.worker.messages import open_queue
from services.worker.publishing import publish_facts
from services.worker.reacting import react
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY, Stage
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
