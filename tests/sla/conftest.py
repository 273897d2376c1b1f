"""What the tests of promises begin with: a workspace with a calendar."""

from typing import Any

import pytest_asyncio

from tests.conftest import Client
from tests.sla.stage import CHINA_CALENDAR, new_policy


@pytest_asyncio.fixture
async def calendar(client: Client) -> str:
    """The calendar of the worked examples, which the workspace goes by."""
    made = await client.post("/v1/calendars", json=CHINA_CALENDAR)
    assert made.status_code == 201, made.text
    chosen = await client.patch("/v1/workspace", json={"calendar_id": made.json()["id"]})
    assert chosen.status_code == 200, chosen.text
    return str(made.json()["id"])


@pytest_asyncio.fixture
async def policy(client: Client) -> dict[str, Any]:
    """What is promised for anything of medium severity."""
    return await new_policy(client)
