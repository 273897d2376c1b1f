"""The round that fires: a backlog is worked off side by side, and whoever stands still holds nobody up."""

import pytest
from sqlalchemy import text

from crm.database import Access, Statement
from crm.notifications.firing import fire_due
from services.worker import firing
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY
from tests.factories import Workspace, found_workspace
from tests.worker.conftest import Backstage

PLAN = """
INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, dedupe_key)
SELECT $1, $2, 'task', uuidv7(), 'Reminder ' || n, now() - interval '1 minute', n
FROM generate_series(1, $3::int) AS n
"""
FIRED = """
SELECT count(*) AS fired, count(DISTINCT subject_id) AS different, (SELECT count(*) FROM notifications) AS told
FROM events WHERE type = 'reminder.fired'
"""


async def said(backstage: Backstage) -> tuple[int, int, int]:
    """How many facts, of how many reminders, and how many notifications."""
    (row,) = await backstage.owner.fetch(FIRED)
    return row["fired"], row["different"], row["told"]


async def longest_stand(access: Access) -> str:
    """How long a transaction on this connection may stand still."""
    (row,) = await access.rows(Statement(text("SELECT current_setting('idle_in_transaction_session_timeout')")))
    return str(row[0])


async def plan(backstage: Backstage, home: Workspace, many: int) -> None:
    await backstage.owner.execute(PLAN, home.id, home.anna.id, many)


async def test_one_look_works_off_a_backlog_in_lanes_and_says_everything_once(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "MOST", 20)
    homes = [backstage.home, *[await found_workspace(backstage.owner, SECRET_KEY) for _ in range(2)]]
    for home, many in zip(homes, (150, 90, 1), strict=True):
        await plan(backstage, home, many)
    assert await firing.fire(worker)
    assert await said(backstage) == (241, 241, 241)
    assert not await firing.fire(worker)


async def test_a_lane_ends_when_it_is_time_to_stop(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "MOST", 10)
    await plan(backstage, backstage.home, 100)
    worker.stopping.set()
    assert await firing.fire(worker)
    assert (await said(backstage))[0] < 100


async def test_what_a_worker_has_taken_is_free_again_when_it_stands_still(backstage: Backstage, worker: Worker) -> None:
    await plan(backstage, backstage.home, 3)
    async with worker.database.scanning() as tx:
        before = await longest_stand(tx)
        assert await fire_due(tx, limit=10) == 3
        assert await longest_stand(tx) == "5s"
    async with worker.database.scanning() as tx:
        assert await longest_stand(tx) == before != "5s"
