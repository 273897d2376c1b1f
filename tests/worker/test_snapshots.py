"""The night's look at how sales stand: once a day, in each workspace, whatever becomes of the others."""

from datetime import UTC, date, datetime

import pytest

from crm.forecasts.nightly import ended
from services.worker.rounds import Worker
from services.worker.snapshots import keep_snapshots
from tests.conftest import SECRET_KEY
from tests.factories import Workspace, found_workspace
from tests.forecasts.selling import put
from tests.worker.conftest import Backstage, until_idle

STAGE = """
WITH made AS (INSERT INTO pipelines (workspace_id, name, is_default) VALUES ($1, 'Sales', true) RETURNING id)
INSERT INTO pipeline_stages (workspace_id, pipeline_id, key, name, place, probability)
SELECT $1, id, 'new', 'New', 1, 0.1 FROM made
"""


async def sell(workspace: Workspace, many: int) -> None:
    """So many sales, in a pipeline of one stage."""
    await workspace.owner.execute(STAGE, workspace.id)
    for _ in range(many):
        await put(workspace)


async def kept(backstage: Backstage) -> int:
    """How many snapshots there are."""
    found: int = await backstage.owner.fetchval("SELECT count(*) FROM opportunity_days")
    return found


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), "Asia/Shanghai", date(2026, 11, 29)),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "Asia/Shanghai", date(2026, 11, 30)),
        (datetime(2026, 12, 1, 4, 59, tzinfo=UTC), "America/New_York", date(2026, 11, 29)),
    ],
)
def test_a_day_ends_on_the_clock_of_the_workspace(moment: datetime, zone: str, day: date) -> None:
    assert ended(moment, zone) == day


async def test_a_night_too_long_for_one_batch_goes_on_and_is_done_once(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(backstage.home, 5)
    monkeypatch.setattr("services.worker.snapshots.MOST", 2)
    assert await keep_snapshots(worker)
    assert await kept(backstage) == 2
    await until_idle(keep_snapshots, await backstage.hire())
    assert await kept(backstage) == 5
    await backstage.owner.execute("UPDATE opportunities SET amount = 7")
    await until_idle(keep_snapshots, worker)
    assert await kept(backstage) == 5
    await backstage.owner.execute("UPDATE sales_rounds SET done_for = done_for - 1")
    await backstage.owner.execute("UPDATE opportunity_days SET from_day = from_day - 1")
    await until_idle(keep_snapshots, worker)
    assert await kept(backstage) == 10


async def test_a_workspace_with_broken_settings_does_not_hold_up_the_others(
    backstage: Backstage, worker: Worker
) -> None:
    other = await found_workspace(backstage.owner, SECRET_KEY)
    await sell(backstage.home, 1)
    await sell(other, 1)
    await backstage.owner.execute(
        """UPDATE workspaces SET settings = '{"reminder_time": 7}' WHERE workspace_id = $1""", backstage.home.id
    )
    await keep_snapshots(worker)
    assert await backstage.owner.fetchval("SELECT array_agg(workspace_id) FROM opportunity_days") == [other.id]
