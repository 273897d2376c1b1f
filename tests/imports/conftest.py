"""The worker, as far as imports need it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from crm.database import Database
from tests.conftest import Stage
from tests.imports.steps import Worker


@pytest_asyncio.fixture
async def worker(stage: Stage) -> AsyncIterator[Worker]:
    """The worker, logged in as itself."""
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=2)
    yield Worker(database)
    await database.close()
