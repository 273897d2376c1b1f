"""Promises to whoever complains that run out, as the worker tells them: each once, to whom the policy says."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from crm.complaints import escalating
from crm.complaints.clocks import Timed, turn
from crm.complaints.vocabulary import Step
from crm.database import EVERYWHERE
from crm.timeline.telling import Told, sentence
from services.worker.promising import watch_promises
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY
from tests.factories import Workspace, found_workspace
from tests.worker.conftest import Backstage, until_idle

WARNED, BREACHED, ESCALATED = "complaint.sla_warning", "complaint.sla_breached", "complaint.escalated"
LEVELS = [{"percent": 80, "to": "assignee"}, {"percent": 100, "to": "assignee"}, {"percent": 100, "to": "manager"}]


async def promise(home: Workspace, *escalation: dict[str, Any], severity: str = "medium", **more: Any) -> UUID:
    """A policy that runs around the clock."""
    values = {"resolution_minutes": 100, "thresholds": [80, 100], **more}
    names = ", ".join(values)
    places = ", ".join(f"${place + 4}" for place in range(len(values)))
    found: UUID = await home.owner.fetchval(
        f"INSERT INTO sla_policies (workspace_id, name, severity, around_the_clock, escalation, {names}) "
        f"VALUES ($1, 'P', $2, true, $3, {places}) RETURNING id",
        home.id, severity, list(escalation), *values.values(),
    )  # fmt: skip
    return found


async def complain(
    backstage: Backstage, home: Workspace, minutes_ago: float, *, assignee: UUID | None = None, **more: Any
) -> UUID:
    """A complaint that came so long ago, with its clocks."""
    owner: asyncpg.Connection = backstage.owner
    id_: UUID = await owner.fetchval("SELECT uuidv7()")
    received_at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    row = {"severity": "medium", "customer_id": None, "responsible_id": None, "team_id": None, **more}
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        timed = Timed(id_, received_at, row["severity"], "quality", row["customer_id"], assignee, row["team_id"], 1)
        due_at = await turn(tx, "receive", timed, None)
        await tx._connection.execute(
            "INSERT INTO complaints (workspace_id, id, number, channel, received_at, subject, severity, category, "
            "due_at, assignee_id, customer_id, responsible_id, team_id) "
            "VALUES ($1, $2, $3, 'phone', $4, 'Leaks', $5, 'quality', $6, $7, $8, $9, $10)",
            home.id, id_, f"2026-{id_.hex[-12:]}", received_at, row["severity"], due_at, assignee, row["customer_id"],
            row["responsible_id"], row["team_id"],
        )  # fmt: skip
    return id_


async def told(backstage: Backstage) -> list[tuple[UUID, str]]:
    rows = await backstage.owner.fetch("SELECT user_id, title FROM notifications ORDER BY id")
    return [(row["user_id"], row["title"].split(": ")[1]) for row in rows]


async def facts(backstage: Backstage) -> list[tuple[str, Any, Any]]:
    """What happened, at which share of the time, and the level."""
    rows = await backstage.owner.fetch(
        "SELECT type, changes FROM events WHERE type LIKE 'complaint.%' ORDER BY type, id"
    )
    found = [
        (row["type"], row["changes"]["percent"][1], row["changes"].get("level", [None, None])[1])
        for row in rows
        if row["type"] in {WARNED, BREACHED, ESCALATED}
    ]
    return sorted(found, key=lambda one: one[:2])


async def lead(backstage: Backstage, team: UUID, manager: UUID | None) -> None:
    await backstage.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", team, manager)


async def test_what_is_running_out_is_told_once_to_whom_the_policy_says(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await promise(home, *LEVELS)
    await lead(backstage, home.north, home.manager.id)
    await complain(backstage, home, 79.9, assignee=home.anna.id)
    assert await watch_promises(worker) is False
    assert await facts(backstage) == []
    await complain(backstage, home, 80.1, assignee=home.anna.id)
    for _ in range(3):
        await until_idle(watch_promises, worker)
    assert await facts(backstage) == [(ESCALATED, 80, 1), (WARNED, 80, None)]
    assert await told(backstage) == [(home.anna.id, "80 % of the time for the resolution is over")]


async def test_what_ran_out_is_broken_and_the_manager_hears(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await promise(home, *LEVELS)
    await lead(backstage, home.north, home.manager.id)
    complaint = await complain(backstage, home, 85, assignee=home.anna.id)
    await watch_promises(worker)
    await backstage.owner.execute(BACK, "20 minutes")
    await watch_promises(worker)
    assert await facts(backstage) == [
        (ESCALATED, 80, 1),
        (ESCALATED, 100, 2),
        (BREACHED, 100, None),
        (WARNED, 80, None),
    ]
    assert sorted((await told(backstage))[1:]) == sorted(
        [
            (home.anna.id, "the time for the resolution is over"),
            (home.manager.id, "the time for the resolution is over"),
        ]
    )
    (row,) = await backstage.owner.fetch("SELECT state, next_threshold_at FROM sla_clocks")
    assert (row["state"], row["next_threshold_at"]) == ("breached", None)
    (fact,) = await backstage.owner.fetch("SELECT * FROM events WHERE type = $1", BREACHED)
    assert (fact["subject_type"], fact["subject_id"], fact["actor_kind"]) == ("complaint", complaint, "system")
    assert set(fact["changes"]) == {"clock", "percent", "due_at"}
    assert fact["payload"]["clocks"][0]["kind"] == "resolution"
    version = await backstage.owner.fetchval("SELECT version FROM complaints WHERE id = $1", complaint)
    assert version == 1, "nobody who is at work on it is told that their copy is stale"


BACK = """
UPDATE sla_clocks SET next_threshold_at = next_threshold_at - $1::text::interval, thresholds = (
    SELECT jsonb_agg(one || jsonb_build_object('at', (one ->> 'at')::timestamptz - $1::text::interval))
    FROM jsonb_array_elements(thresholds) AS one)
"""


async def test_a_worker_that_was_away_tells_each_share_but_whom_it_concerns_only_the_highest(
    backstage: Backstage, worker: Worker
) -> None:
    home = backstage.home
    await promise(home, *LEVELS)
    await lead(backstage, home.north, home.manager.id)
    await complain(backstage, home, 500, assignee=home.anna.id)
    await watch_promises(worker)
    assert [one[:2] for one in await facts(backstage)] == [
        (ESCALATED, 80), (ESCALATED, 100), (BREACHED, 100), (WARNED, 80)
    ]  # fmt: skip
    over = "the time for the resolution is over"
    assert sorted(await told(backstage)) == sorted([(home.anna.id, over), (home.manager.id, over)])


async def test_workers_beside_each_other_tell_everything_once(backstage: Backstage) -> None:
    home = backstage.home
    await promise(home, *LEVELS)
    for _ in range(60):
        await complain(backstage, home, 500, assignee=home.anna.id)
    workers = [await backstage.hire() for _ in range(3)]
    await asyncio.gather(*(until_idle(watch_promises, one) for one in workers))
    rows = await backstage.owner.fetch("SELECT type, count(*) FROM events WHERE type LIKE 'complaint.%' GROUP BY 1")
    assert {row["type"]: row["count"] for row in rows} == {WARNED: 60, BREACHED: 60, ESCALATED: 120}
    assert await backstage.owner.fetchval("SELECT count(*) FROM notifications WHERE user_id = $1", home.anna.id) == 60


@pytest.mark.parametrize(
    ("to", "heard"),
    [
        ({"to": "assignee"}, ["anna"]),
        ({"to": "owner"}, ["ben"]),
        ({"to": "manager"}, ["manager"]),
        ({"to": "user", "user_id": "auditor"}, ["auditor"]),
        ({"to": "role", "role": "service"}, ["service"]),
        ({"to": "role", "role": "admin"}, ["admin"]),
    ],
)
async def test_each_level_reaches_whom_it_names(
    backstage: Backstage, worker: Worker, to: dict[str, str], heard: list[str]
) -> None:
    home = backstage.home
    if "user_id" in to:
        to = {**to, "user_id": str(getattr(home, to["user_id"]).id)}
    await promise(home, {"percent": 100, **to})
    await lead(backstage, home.north, home.manager.id)
    customer = await customer_of(backstage, home.ben.id)
    await complain(backstage, home, 101, assignee=home.anna.id, customer_id=customer)
    await watch_promises(worker)
    assert [user for user, _ in await told(backstage)] == [getattr(home, name).id for name in heard]


async def customer_of(backstage: Backstage, owner_id: UUID) -> UUID:
    found: UUID = await backstage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id) "
        "VALUES ($1, 'company', 'Acme', 'acme', $2) RETURNING id",
        backstage.home.id, owner_id,
    )  # fmt: skip
    return found


async def test_whom_it_is_about_hears_nothing_and_the_next_one_above_does(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await promise(home, {"percent": 100, "to": "manager"}, {"percent": 100, "to": "role", "role": "manager"})
    await lead(backstage, home.south, home.manager.id)
    await lead(backstage, home.north, home.admin.id)
    await complain(backstage, home, 101, assignee=home.ben.id, responsible_id=home.manager.id)
    await watch_promises(worker)
    assert [user for user, _ in await told(backstage)] == [home.admin.id]


async def test_where_nobody_handles_it_or_leads_somebody_hears_all_the_same(
    backstage: Backstage, worker: Worker
) -> None:
    home = backstage.home
    await promise(home, {"percent": 100, "to": "assignee"})
    await complain(backstage, home, 101)
    await lead(backstage, home.north, home.manager.id)
    await complain(backstage, home, 101, team_id=home.south)
    customer = await customer_of(backstage, home.ben.id)
    await complain(backstage, home, 101, customer_id=customer)
    await backstage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", home.anna.id)
    await complain(backstage, home, 101, assignee=home.anna.id, customer_id=customer)
    await watch_promises(worker)
    heard = [user for user, _ in await told(backstage)]
    assert sorted(heard) == sorted([home.admin.id, home.manager.id, home.ben.id, home.ben.id])


async def test_what_is_done_or_waits_for_the_customer_is_not_told(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    await promise(home, *LEVELS)
    steps: tuple[Step, ...] = ("wait_customer", "resolve", "withdraw")
    for step in steps:
        id_ = await complain(backstage, home, 70, assignee=home.anna.id)
        async with backstage.stage.database.transaction(home.admin.actor) as tx:
            now = Timed(id_, datetime.now(UTC), "medium", "quality", None, home.anna.id, None, 1)
            await turn(tx, step, now, now)
    assert await escalating.is_anything_due(worker.database.writing(EVERYWHERE)) is False
    await backstage.owner.execute(BACK, "1 day")
    await until_idle(watch_promises, worker)
    assert await facts(backstage) == []


async def test_a_breach_that_was_put_right_before_anybody_looked_is_still_told(
    backstage: Backstage, worker: Worker
) -> None:
    home = backstage.home
    await promise(home, *LEVELS)
    id_ = await complain(backstage, home, 101, assignee=home.anna.id)
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        now = Timed(id_, datetime.now(UTC), "medium", "quality", None, home.anna.id, None, 1)
        await turn(tx, "resolve", now, now)
    await until_idle(watch_promises, worker)
    assert [one[:2] for one in await facts(backstage)] == [(ESCALATED, 100), (BREACHED, 100)]
    assert await backstage.owner.fetchval("SELECT state FROM sla_clocks") == "met_late"


async def test_each_workspace_gets_its_turn(backstage: Backstage, worker: Worker) -> None:
    home, other = backstage.home, await found_workspace(backstage.owner, SECRET_KEY)
    for one, many in ((home, 8), (other, 1)):
        await promise(one, *LEVELS)
        for _ in range(many):
            await complain(backstage, one, 101, assignee=one.anna.id)
    async with worker.database.scanning() as tx:
        homes = await escalating.workspaces_with_due(tx)
    assert sorted(homes) == sorted([home.id, other.id])
    for id_ in homes:
        async with worker.database.transaction(await worker.actor(id_)) as tx:
            assert await escalating.tell_due(tx, 2) == (2 if id_ == home.id else 1)


async def test_a_workspace_that_goes_wrong_leaves_the_others_alone(backstage: Backstage, worker: Worker) -> None:
    home, other = backstage.home, await found_workspace(backstage.owner, SECRET_KEY)
    for one in (home, other):
        await promise(one, *LEVELS)
        await complain(backstage, one, 101, assignee=one.anna.id)
    await backstage.owner.execute(
        'UPDATE sla_clocks SET thresholds = \'[{"percent": 100, "at": "never", "crossed_at": null}]\' '
        "WHERE workspace_id = $1",
        other.id,
    )
    await watch_promises(worker)
    assert await backstage.owner.fetchval("SELECT state FROM sla_clocks WHERE workspace_id = $1", home.id) == "breached"


async def test_a_timeline_tells_which_promise_and_which_level(backstage: Backstage, worker: Worker) -> None:
    await promise(backstage.home, *LEVELS)
    await complain(backstage, backstage.home, 101)
    await watch_promises(worker)
    rows = await backstage.owner.fetch("SELECT * FROM events WHERE type IN ($1, $2, $3)", WARNED, BREACHED, ESCALATED)
    number = await backstage.owner.fetchval("SELECT number FROM complaints")

    def told_in(chinese: bool) -> set[str]:
        return {sentence(Told(row["type"], None, row["payload"], row["changes"], None, chinese, "UTC")) for row in rows}

    assert told_in(False) == {
        f"80 % of the time for the resolution of the complaint {number} is over.",
        f"The time for the resolution of the complaint {number} is over.",
        f"The complaint {number} was taken to level 1.",
        f"The complaint {number} was taken to level 2.",
    }
    assert f"投诉 {number} 的解决时限已过 80%。" in told_in(True)
