"""Open clocks are worked out anew after an edit or an import, and nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crm.calendars import days
from crm.calendars.schemas import CalendarDayPut
from crm.complaints import recounting
from crm.complaints.clocks import Timed, turn
from crm.sla import actions
from crm.sla.schemas import SlaPolicyUpdate
from services.worker.promising import watch_promises, work_out_anew
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, settle, until_idle
from tests.worker.test_promises import LEVELS, complain, promise


async def test_a_policy_that_changes_is_followed_by_the_clocks_that_are_open(
    backstage: Backstage, worker: Worker
) -> None:
    home = backstage.home
    policy = await promise(home, *LEVELS)
    running = await complain(backstage, home, 50)
    broken = await complain(backstage, home, 150)
    ended = await complain(backstage, home, 10)
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        now = Timed(ended, datetime.now(UTC), "medium", "quality", None, None, None, 1)
        await turn(tx, "resolve", now, now)
    await until_idle(watch_promises, worker)
    before = {row["complaint_id"]: row for row in await backstage.owner.fetch("SELECT * FROM sla_clocks")}
    await backstage.owner.execute("UPDATE sla_policies SET resolution_minutes = 300, thresholds = '{50,100}'")
    await ask(backstage, severity="medium")
    assert await recounted(worker) == 2
    after = {row["complaint_id"]: row for row in await backstage.owner.fetch("SELECT * FROM sla_clocks")}
    assert after[running]["due_at"] - before[running]["due_at"] == timedelta(minutes=200)
    assert [one["percent"] for one in after[running]["thresholds"]] == [50, 80, 100]
    assert (after[broken]["due_at"], after[broken]["state"]) == (before[broken]["due_at"], "breached")
    assert after[ended] == before[ended]
    (job,) = await backstage.owner.fetch("SELECT * FROM sla_recounts")
    assert (job["looked_at"], job["changed"], job["finished_at"] is not None) == (2, 1, True)
    due = await backstage.owner.fetchval("SELECT due_at FROM complaints WHERE id = $1", running)
    assert due == after[running]["due_at"]
    types = await backstage.types()
    assert types.count("complaint.updated") == 1, "whoever keeps a copy of it hears that it is due at another time"
    assert policy == after[running]["policy_id"]


async def ask(backstage: Backstage, **what: Any) -> None:
    await backstage.owner.execute(
        "INSERT INTO sla_recounts (workspace_id, cause, severity, calendar_id, asked_at) "
        "VALUES ($1, 'policy', $2, $3, now())",
        backstage.home.id, what.get("severity"), what.get("calendar_id"),
    )  # fmt: skip


async def recounted(worker: Worker) -> int:
    """Batches of one complaint until there are no more; how many complaints were looked at."""
    many = 0
    async with worker.database.scanning() as tx:
        homes = [row[0] for row in await tx._connection.fetch("SELECT DISTINCT workspace_id FROM sla_recounts")]
    for home in homes:
        more = True
        while more:
            async with worker.database.transaction(await worker.actor(home)) as tx:
                more = await recounting.recount_some(tx, most=1)
            many += more
    return many - 1 if many else 0


async def test_an_edit_asks_for_it_and_an_edit_of_the_name_does_not(backstage: Backstage, worker: Worker) -> None:
    policy = await promise(backstage.home, *LEVELS)
    access = backstage.stage.database.writing(backstage.home.admin.actor)
    await actions.update(access, policy, SlaPolicyUpdate(name="Other"))
    assert await backstage.owner.fetchval("SELECT count(*) FROM sla_recounts") == 0
    for minutes in (200, 300):
        await actions.update(access, policy, SlaPolicyUpdate(resolution_minutes=minutes))
    rows = await backstage.owner.fetch("SELECT severity, finished_at FROM sla_recounts")
    assert [tuple(row) for row in rows] == [("medium", None)], "asked twice, it is done once, from the beginning"
    await until_idle(work_out_anew, worker)
    assert await backstage.owner.fetchval("SELECT count(*) FROM sla_recounts WHERE finished_at IS NULL") == 0


async def test_an_import_of_holidays_moves_open_clocks_only(backstage: Backstage, worker: Worker) -> None:
    home, owner = backstage.home, backstage.owner
    week = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
    calendar = await owner.fetchval(
        "INSERT INTO calendars (workspace_id, name, timezone, week) VALUES ($1, 'C', 'UTC', $2) RETURNING id",
        home.id, week,
    )  # fmt: skip
    await owner.execute("UPDATE workspaces SET calendar_id = $2 WHERE workspace_id = $1", home.id, calendar)
    await promise(home, *LEVELS, resolution_minutes=1440 * 5)
    await owner.execute("UPDATE sla_policies SET around_the_clock = false")
    running = await complain(backstage, home, 60)
    ended = await complain(backstage, home, 60)
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        now = Timed(ended, datetime.now(UTC), "medium", "quality", None, None, None, 1)
        await turn(tx, "resolve", now, now)
    before = {row["complaint_id"]: row for row in await owner.fetch("SELECT * FROM sla_clocks")}
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        day = (datetime.now(UTC) + timedelta(days=2)).date()
        await days.put(tx, calendar, day, CalendarDayPut(kind="holiday", name="Feast"))
    await settle(worker)
    (job,) = await owner.fetch("SELECT cause, calendar_id, finished_at FROM sla_recounts")
    assert tuple(job) == ("calendar", calendar, None)
    await until_idle(work_out_anew, worker)
    after = {row["complaint_id"]: row for row in await owner.fetch("SELECT * FROM sla_clocks")}
    assert after[running]["due_at"] - before[running]["due_at"] == timedelta(days=1)
    assert after[ended] == before[ended]
