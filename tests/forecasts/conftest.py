"""Every test about sales begins with the pipeline that a new workspace is furnished with."""

from typing import Any

import orjson
import pytest_asyncio

from crm.pipelines.defaults import open_first_pipeline
from tests.conftest import Stage
from tests.factories import Workspace


@pytest_asyncio.fixture(autouse=True)
async def pipeline(stage: Stage, workspace: Workspace) -> dict[str, Any]:
    """The default pipeline of the test's workspace."""
    async with stage.database.transaction(workspace.admin.actor) as tx:
        answer = await open_first_pipeline(tx)
    found: dict[str, Any] = orjson.loads(answer.body)
    return found
