"""A database of one's own with a worker at it: firing looks over all workspaces at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio

from crm.database import Database
from crm.notifications.firing import fire_due
from tests.conftest import SECRET_KEY, Stage
from tests.factories import Workspace, found_workspace

PLAN = """
INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, dedupe_key)
SELECT $1, $2, 'task', uuidv7(), 'Reminder ' || n, $3, $4 || n FROM generate_series(1, $5) AS n
"""


@dataclass
class Round:
    """A stage with a worker that fires."""

    stage: Stage
    worker: Database

    async def workspace(self) -> Workspace:
        """A new workspace."""
        return await found_workspace(self.stage.owner, SECRET_KEY)

    async def plan(self, home: UUID, user_id: UUID, many: int, *, due: timedelta = timedelta(minutes=-1)) -> None:
        """So many reminders for one moment."""
        moment = datetime.now(UTC) + due
        await self.stage.owner.execute(PLAN, home, user_id, moment, uuid4().hex, many)

    async def fire(self, *, limit: int = 1000, now: datetime | None = None) -> int:
        """One round, as the worker runs it."""
        async with self.worker.scanning() as tx:
            return await fire_due(tx, limit=limit, now=now)

    async def count(self, what: str, *arguments: Any) -> int:
        """How many rows."""
        found: int = await self.stage.owner.fetchval(f"SELECT count(*) FROM {what}", *arguments)
        return found

    async def fired(self) -> list[asyncpg.Record]:
        """The facts of what was fired, in order."""
        found: list[asyncpg.Record] = await self.stage.owner.fetch(
            "SELECT * FROM events WHERE type = 'reminder.fired' ORDER BY id"
        )
        return found


@pytest_asyncio.fixture
async def rounds(own_stage: Stage) -> AsyncIterator[Round]:
    """Rounds on a database of their own, as the worker's role."""
    worker = Database(own_stage.dsn("rapport_worker"), name="test-worker", size=4)
    yield Round(own_stage, worker)
    await worker.close()
