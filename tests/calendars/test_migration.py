"""Workspaces that were there before calendars were."""

import asyncio

from alembic import command

from services.local.servers import SUPERUSER
from tests.conftest import Stage
from tests.templates import alembic_config


async def test_every_workspace_that_is_there_gets_a_calendar_of_its_zone(own_stage: Stage) -> None:
    config = alembic_config(own_stage.dsn_of(SUPERUSER, own_stage.name))
    await asyncio.to_thread(command.downgrade, config, "file")
    await own_stage.owner.execute(
        "INSERT INTO workspaces (name, timezone, language) "
        "VALUES ('There', 'Asia/Shanghai', 'zh-CN'), ('Abroad', 'Europe/Berlin', 'en')"
    )
    await asyncio.to_thread(command.upgrade, config, "head")
    rows = await own_stage.owner.fetch(
        "SELECT c.name, c.timezone, c.country, jsonb_array_length(c.week) AS parts "
        "FROM workspaces AS w JOIN calendars AS c USING (workspace_id) WHERE c.id = w.calendar_id ORDER BY c.timezone"
    )
    assert [tuple(row) for row in rows] == [
        ("工作时间", "Asia/Shanghai", "CN", 10),
        ("Working time", "Europe/Berlin", None, 10),
    ]
