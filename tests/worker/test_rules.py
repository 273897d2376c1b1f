"""Nightly rules and rules of events, carried out by the worker: each task once, whatever goes wrong beside it."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from crm import clock
from crm.actor import Actor, system
from crm.calendars.founding import open_first_calendar
from crm.customers.queries import CUSTOMER
from crm.task_rules import actions, nightly, shipped
from crm.tasks.actions import create as create_task
from crm.tasks.schemas import TaskCreate
from crm.workspaces.settings import DEFAULTS
from services.worker.rounds import Worker
from services.worker.ruling import rule
from services.worker.warming import warm
from tests.worker.conftest import Backstage, settle, until_idle
from tests.worker.test_care import as_anna, new_customer

SHANGHAI = ZoneInfo("Asia/Shanghai")


def acting(backstage: Backstage) -> Actor:
    return system(backstage.home.id, timezone="Asia/Shanghai", settings=DEFAULTS)


async def furnish(backstage: Backstage, *keep: str) -> None:
    """The rules of the product, and a calendar of Chinese working days."""
    async with backstage.stage.database.transaction(acting(backstage)) as tx:
        calendar_id = await open_first_calendar(tx)
        await shipped.furnish(tx)
    await backstage.owner.execute("UPDATE workspaces SET calendar_id = $1", calendar_id)
    if keep:
        await backstage.owner.execute("UPDATE task_rules SET enabled = (key = ANY($1))", list(keep))


async def customer(backstage: Backstage, name: str = "Acme", **columns: Any) -> UUID:
    given = {"owner_id": backstage.home.anna.id, "team_id": backstage.home.north, **columns}
    names = ", ".join(["workspace_id", "kind", "name", "name_key", *given])
    places = ", ".join(f"${n}" for n in range(3, 3 + len(given)))
    made: UUID = await backstage.owner.fetchval(
        f"INSERT INTO customers ({names}) VALUES ($1, 'company', $2, $2, {places}) RETURNING id",
        backstage.home.id, name, *given.values(),
    )  # fmt: skip
    return made


async def person(backstage: Backstage, customer_id: UUID, name: str, born: dict[str, Any], on: date) -> UUID:
    made: UUID = await backstage.owner.fetchval(
        "INSERT INTO contacts (workspace_id, customer_id, name, name_key, birthday, next_birthday_on) "
        "VALUES ($1, $2, $3, $3, $4, $5) RETURNING id",
        backstage.home.id, customer_id, name, born, on,
    )  # fmt: skip
    return made


async def tasks(backstage: Backstage) -> list[asyncpg.Record]:
    return await backstage.owner.fetch(
        "SELECT t.*, r.key FROM tasks AS t JOIN task_rules AS r ON r.id = t.rule_id ORDER BY t.due_at, t.id"
    )


async def runs(backstage: Backstage) -> dict[str, asyncpg.Record]:
    rows = await backstage.owner.fetch(
        "SELECT u.*, r.key FROM task_rule_runs AS u JOIN task_rules AS r ON r.id = rule_id"
    )
    return {row["key"]: row for row in rows}


async def night_of(backstage: Backstage, day: date, monkeypatch: pytest.MonkeyPatch, *, most: int = 500) -> None:
    """A whole night's work as on that day."""
    monkeypatch.setattr(clock, "night", lambda *_: day)
    more, worker = True, await backstage.hire()
    while more:
        async with worker.database.transaction(acting(backstage)) as tx:
            more = await nightly.work(tx, most=most)


LUNAR = {"calendar": "lunar", "month": 8, "day": 15, "leap": False}


@pytest.mark.parametrize(
    ("tonight", "kinds"),
    [
        (date(2026, 9, 21), []),
        (date(2026, 9, 22), ["birthday_soon"]),
        # A night that nobody worked in is made up for.
        (date(2026, 9, 23), ["birthday_soon"]),
        (date(2026, 9, 25), ["birthday_soon", "birthday_today"]),
        (date(2026, 9, 26), []),
    ],
)
async def test_a_lunar_birthday_on_a_holiday_is_remembered_three_working_days_before(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch, tonight: date, kinds: list[str]
) -> None:
    # D8: 25 September 2026 is a holiday, Sunday the 20th was worked, so three working days before is the 22nd.
    await furnish(backstage, "birthday_soon", "birthday_today")
    acme = await customer(backstage)
    li = await person(backstage, acme, "Li", LUNAR, date(2026, 9, 25))
    await person(backstage, await customer(backstage, "Peace", do_not_contact=True), "Wu", LUNAR, date(2026, 9, 25))
    for _ in range(2):
        await night_of(backstage, tonight, monkeypatch)
        found = await tasks(backstage)
        assert sorted(row["key"] for row in found) == kinds
    for row in found:
        assert (row["subject_type"], row["subject_id"], row["customer_id"]) == ("contact", li, acme)
        assert row["due_at"] == datetime.combine(tonight, time(9), tzinfo=SHANGHAI)
        assert "Li" in row["title"]
        assert row["assignee_id"] == backstage.home.anna.id
    if kinds:
        assert (await runs(backstage))["birthday_soon"]["skipped"] == {"do_not_contact": 1}


async def test_both_birthday_tasks_come_on_their_days_and_next_year_anew(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(backstage, "birthday_soon", "birthday_today")
    li = await person(backstage, await customer(backstage), "Li", LUNAR, date(2026, 9, 25))
    for day in range(20, 26):
        await night_of(backstage, date(2026, 9, day), monkeypatch)
    await backstage.owner.execute("UPDATE contacts SET next_birthday_on = '2027-09-15' WHERE id = $1", li)
    for day in range(8, 16):
        await night_of(backstage, date(2027, 9, day), monkeypatch)
    days = [(row["due_at"].astimezone(SHANGHAI).date().isoformat(), row["key"]) for row in await tasks(backstage)]
    assert days[:2] == [("2026-09-22", "birthday_soon"), ("2026-09-25", "birthday_today")]
    assert [key for _, key in days[2:]] == ["birthday_soon", "birthday_today"]
    assert days[3][0] == "2027-09-15"


async def test_a_night_goes_on_where_it_ended_and_makes_each_task_once(backstage: Backstage, worker: Worker) -> None:
    await furnish(backstage, "long_absent")
    ago = datetime.now(UTC) - timedelta(days=130)
    for number in range(7):
        await customer(backstage, f"C{number}", created_at=ago, last_contact_at=ago)
    nobodys = await customer(backstage, "Nobody's", created_at=ago, owner_id=None)
    await customer(backstage, "New")
    async with worker.database.transaction(acting(backstage)) as tx:
        assert await nightly.work(tx, most=3)
    assert len(await tasks(backstage)) == 3
    await asyncio.gather(until_idle(rule, worker), until_idle(rule, await backstage.hire()))
    found = await tasks(backstage)
    assert len({row["subject_id"] for row in found}) == len(found) == 7
    run = (await runs(backstage))["long_absent"]
    assert (run["state"], run["made"], run["skipped"], run["failed"]) == ("done", 7, {"no_owner": 1}, 0)
    facts = await backstage.owner.fetch("SELECT payload FROM events WHERE type = 'task.created'")
    assert {fact["payload"]["rule"]["name"] for fact in facts} == {"Customer long absent"}
    reminders = await backstage.owner.fetchval("SELECT count(*) FROM reminders WHERE state = 'scheduled'")
    assert reminders == 7
    # Who is given somebody gets the task the next night; nobody else gets a second one.
    await backstage.owner.execute("UPDATE customers SET owner_id = $2 WHERE id = $1", nobodys, backstage.home.ben.id)
    await backstage.owner.execute("UPDATE task_rule_rounds SET done_for = NULL")
    await backstage.owner.execute("UPDATE task_rule_runs SET day = day - 1")
    await until_idle(rule, worker)
    assert len(await tasks(backstage)) == 8


async def test_after_a_contact_another_silence_makes_another_task(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(backstage, "long_absent")
    acme = await customer(
        backstage, created_at=datetime(2025, 1, 1, tzinfo=UTC), last_contact_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    for day in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 29), date(2026, 6, 30)):
        await night_of(backstage, day, monkeypatch)
    # 120 days after 1 January is 1 May; after 60 more another one is asked for.
    days = [row["dedupe_key"].split(":", 3)[3] for row in await tasks(backstage)]
    assert days == ["2026-05-01:0", "2026-05-01:1"]
    await backstage.owner.execute(
        "UPDATE customers SET last_contact_at = $2 WHERE id = $1", acme, datetime(2026, 7, 1, tzinfo=UTC)
    )
    await night_of(backstage, date(2026, 7, 2), monkeypatch)
    await night_of(backstage, date(2026, 10, 29), monkeypatch)
    assert len(await tasks(backstage)) == 3


async def test_a_broken_rule_stops_nobody_and_administrators_are_told_once(
    backstage: Backstage, worker: Worker
) -> None:
    await furnish(backstage, "long_absent", "stage_unchanged", "birthday_today")
    ago = datetime.now(UTC) - timedelta(days=200)
    await customer(backstage, created_at=ago)
    home = backstage.home
    await backstage.owner.execute(
        "UPDATE task_rules SET action = action || jsonb_build_object('assignee', 'user', 'user_id', $1::text) "
        "WHERE key = 'stage_unchanged'",
        str(home.ben.id),
    )
    await backstage.owner.execute(
        "UPDATE task_rules SET trigger = jsonb_set(trigger, '{condition}', '\"moon\"') WHERE key = 'birthday_today'"
    )
    await backstage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", home.ben.id)
    for _ in range(2):
        await until_idle(rule, worker)
        rules = await backstage.owner.fetch("SELECT * FROM task_rules WHERE enabled")
        assert {row["key"]: row["last_error"] for row in rules} == {
            "long_absent": None, "stage_unchanged": "user_gone", "birthday_today": "unknown_condition",
        }  # fmt: skip
        assert [row["key"] for row in await tasks(backstage)] == ["long_absent"]
        told = await backstage.owner.fetch("SELECT * FROM notifications WHERE kind = 'task_rule'")
        assert [row["user_id"] for row in told] == [home.admin.id] * 2
        await backstage.owner.execute("UPDATE task_rule_rounds SET done_for = NULL")
        await backstage.owner.execute("UPDATE task_rule_runs SET day = day - 1")
    await backstage.owner.execute("UPDATE users SET state = 'active' WHERE id = $1", home.ben.id)
    await until_idle(rule, worker)
    mended = await backstage.owner.fetchrow("SELECT * FROM task_rules WHERE key = 'stage_unchanged'")
    assert mended is not None
    assert (mended["last_error"], mended["failed_at"]) == (None, None)
    assert len(await tasks(backstage)) == 2


@pytest.mark.parametrize(
    ("parameters", "named", "first"),
    [
        ({"field": "custom.ends", "days": 30}, "2026-11-30", date(2026, 10, 31)),
        ({"field": "custom.ends", "days": 3, "working_days": True}, "2026-10-08", date(2026, 9, 28)),
        ({"field": "custom.ends", "days": 10, "when": "after"}, "2026-11-30", date(2026, 12, 10)),
        ({"field": "custom.ends", "days": 7, "yearly": True}, "2020-12-10", date(2026, 12, 3)),
        ({"field": "custom.ends", "days": 0, "yearly": True}, "2020-02-29", date(2027, 2, 28)),
    ],
)
async def test_a_day_in_a_field_of_ones_own_is_remembered(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any], named: str, first: date
) -> None:
    # 1 to 7 October 2026 are holidays, 25 to 27 September too: three working days before 8 October is the 28th.
    await furnish(backstage, "interrupted")
    await backstage.owner.execute(
        "INSERT INTO custom_fields (workspace_id, noun, key, label, type) "
        "VALUES ($1, 'customer', 'ends', 'End', 'date')",
        backstage.home.id,
    )
    await backstage.owner.execute(
        "UPDATE task_rules SET trigger = $1 WHERE key = 'interrupted'",
        {"kind": "nightly", "condition": "date_reached", "parameters": parameters},
    )
    await customer(backstage, custom={"ends": named})
    await customer(backstage, "Odd", custom={"ends": "2026-02-31"})
    await customer(backstage, "None")
    await night_of(backstage, first - timedelta(days=1), monkeypatch)
    assert await tasks(backstage) == []
    for later in range(3):
        await night_of(backstage, first + timedelta(days=later), monkeypatch)
        assert len(await tasks(backstage)) == 1
    assert (await runs(backstage))["interrupted"]["failed"] == 0


async def test_a_relationship_that_stands_still_is_told_from_one_that_moved(
    backstage: Backstage, worker: Worker
) -> None:
    await furnish(backstage, "stage_unchanged")
    ago = datetime.now(UTC) - timedelta(days=181)
    still = await customer(backstage, created_at=ago)
    await customer(
        backstage, "Moved", created_at=ago, relationship_stage="exploration", stage_entered_at=datetime.now(UTC)
    )
    await customer(backstage, "Ended", created_at=ago, relationship_stage="dissolution")
    await until_idle(rule, worker)
    assert [row["subject_id"] for row in await tasks(backstage)] == [still]


async def test_an_interrupted_customer_is_measured_by_its_own_cadence(backstage: Backstage, worker: Worker) -> None:
    await furnish(backstage, "interrupted")
    ago = datetime.now(UTC) - timedelta(days=70)
    key = await customer(
        backstage, "Key", created_at=ago, last_contact_at=ago, key_kind="high_value", **{"class": "key"}
    )
    await customer(backstage, "Ordinary", created_at=ago, last_contact_at=ago)
    await customer(backstage, "Never", created_at=ago)
    await until_idle(rule, worker)
    assert [row["subject_id"] for row in await tasks(backstage)] == [key]


async def mine(backstage: Backstage, event: str, where: list[dict[str, Any]], **action: Any) -> UUID:
    """A rule of an event."""
    whole = {
        "title": {"en": "Ask {customer}"}, "kind": "follow_up", "after": {"count": 0, "unit": "days"},
        "assignee": "owner", "remind_before": [0],
    } | action  # fmt: skip
    made: UUID = await backstage.owner.fetchval(
        "INSERT INTO task_rules (workspace_id, name, trigger, action, event_type) VALUES ($1, 'Mine', $2, $3, $4) "
        "RETURNING id",
        backstage.home.id, {"kind": "event", "event": event, "where": where}, whole, event,
    )  # fmt: skip
    return made


async def changed(backstage: Backstage, customer_id: UUID, event: str, payload: dict[str, Any]) -> None:
    """A fact about a customer, as recording would write it."""
    await backstage.owner.execute(
        "INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, actor_id,"
        " payload, changes) VALUES ($1, $2, 'customer', $3, 2, $3, 'user', $4, $5, $6)",
        backstage.home.id, event, customer_id, backstage.home.anna.id, payload,
        {name: [None, value] for name, value in payload.items()},
    )  # fmt: skip


async def test_a_fact_that_fits_makes_one_task_and_others_are_owed_nothing(
    backstage: Backstage, worker: Worker
) -> None:
    await furnish(backstage, "visit_missed")
    acme = await customer(backstage)
    became_key = [{"field": "key_kind", "operator": "changed_to", "value": "double"}]
    await mine(
        backstage, "customer.key_status_changed", became_key, after={"count": 1, "unit": "working_days"}, at="08:00"
    )
    await mine(backstage, "customer.key_status_changed", became_key, assignee="manager")
    for kind in ("double", "high_value"):
        await changed(backstage, acme, "customer.key_status_changed", {"key_kind": kind})
    await changed(backstage, acme, "customer.verified", {"name": "Acme"})
    await settle(worker)
    found = await tasks(backstage)
    assert {row["assignee_id"] for row in found} == {backstage.home.anna.id}
    assert [row["title"] for row in found] == ["Ask Acme"]
    run = await backstage.owner.fetchrow("SELECT * FROM task_rule_runs WHERE skipped <> '{}'")
    assert run is not None
    # North has no manager in this workspace.
    assert (run["made"], run["skipped"], run["state"]) == (0, {"no_manager": 1}, "done")
    owed = await backstage.owner.fetch(
        "SELECT e.type FROM reactions AS r JOIN events AS e ON e.id = r.event_id WHERE name = 'task_rules.follow'"
    )
    assert {row["type"] for row in owed} == {"customer.key_status_changed"}
    at = found[0]["due_at"].astimezone(SHANGHAI)
    assert (at.time(), at.date() > clock.today("Asia/Shanghai")) == (time(8), True)


async def test_a_manager_is_found_above_and_working_minutes_end_in_office_hours(
    backstage: Backstage, worker: Worker
) -> None:
    await furnish(backstage, "visit_missed")
    home = backstage.home
    await backstage.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.north, home.manager.id)
    acme = await customer(backstage, owner_id=home.ben.id)
    await mine(backstage, "customer.lost", [], assignee="manager", after={"count": 60, "unit": "working_minutes"})
    await changed(backstage, acme, "customer.lost", {"name": "Acme"})
    await settle(worker)
    (task,) = await tasks(backstage)
    assert task["assignee_id"] == home.manager.id
    at = task["due_at"].astimezone(SHANGHAI)
    assert time(9) < at.time() <= time(18)


async def test_rules_do_not_feed_each_other_nor_make_tasks_more_often_than_it_says(
    backstage: Backstage, worker: Worker
) -> None:
    await furnish(backstage, "visit_missed")
    acme = await customer(backstage)
    follows = [await mine(backstage, "task.created", []) for _ in range(2)]
    often = await mine(backstage, "customer.verified", [], again_after_days=30)
    for _ in range(3):
        await changed(backstage, acme, "customer.verified", {"name": "Acme"})
    for _ in range(4):
        await settle(worker)
    assert [row["rule_id"] for row in await tasks(backstage)] == [often]
    new = {"title": "By hand", "subject": {"type": "customer", "id": acme}, "due_at": datetime.now(UTC)}
    await create_task(as_anna(backstage), TaskCreate.model_validate(new), CUSTOMER)
    for _ in range(4):
        await settle(worker)
    assert sorted(row["rule_id"] for row in await tasks(backstage)) == sorted([often, *follows])


async def test_what_is_overdue_for_two_working_days_is_told_once_and_the_manager_with_it(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(backstage, "visit_missed")
    home = backstage.home
    await backstage.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.north, home.manager.id)
    acme = await customer(backstage)
    # Friday, so that two working days after is Tuesday.
    due = datetime(2026, 11, 13, 9, tzinfo=SHANGHAI)
    new = (
        "INSERT INTO tasks (workspace_id, title, subject_type, subject_id, customer_id, assignee_id, due_at, state, "
        "completed_at) VALUES ($1, $2, 'customer', $3, $3, $4, $5, $6, $7)"
    )
    await backstage.owner.execute(new, home.id, "Late", acme, home.ben.id, due, "open", None)
    await backstage.owner.execute(new, home.id, "Done", acme, home.ben.id, due, "done", due)
    for day, told in ((date(2026, 11, 16), 0), (date(2026, 11, 17), 1), (date(2026, 11, 18), 1)):
        await night_of(backstage, day, monkeypatch)
        facts = await backstage.owner.fetch("SELECT * FROM events WHERE type = 'task.overdue'")
        notes = await backstage.owner.fetch("SELECT * FROM notifications WHERE kind = 'overdue'")
        assert (len(facts), [row["user_id"] for row in notes]) == (told, [home.manager.id] * told)
    assert facts[0]["payload"]["title"] == "Late"
    assert facts[0]["changes"]["escalated_to_id"] == [None, str(home.manager.id)]
    assert isinstance(facts[0]["payload"]["overdue_at"], str)


async def test_a_manager_who_heard_of_an_ignored_reminder_is_not_told_again_when_its_task_is_overdue(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(backstage, "visit_missed")
    home = backstage.home
    await backstage.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", home.north, home.manager.id)
    acme = await customer(backstage)
    due = datetime(2026, 11, 13, 9, tzinfo=SHANGHAI)
    new = (
        "INSERT INTO tasks (workspace_id, title, subject_type, subject_id, customer_id, assignee_id, due_at) "
        "VALUES ($1, 'Late', 'customer', $2, $2, $3, $4) RETURNING id"
    )
    task_id = await backstage.owner.fetchval(new, home.id, acme, home.ben.id, due)
    await backstage.owner.execute(
        "INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, state, fired_at, "
        "escalated_at, escalated_to_id, dedupe_key) VALUES ($1, $2, 'task', $3, 'Late', $4, 'fired', $4, $5, $6, 'x')",
        home.id, home.ben.id, task_id, due, due + timedelta(days=3), home.manager.id,
    )  # fmt: skip
    await night_of(backstage, date(2026, 11, 18), monkeypatch)
    assert await backstage.owner.fetchval("SELECT count(*) FROM events WHERE type = 'task.overdue'") == 1
    assert await backstage.owner.fetchval("SELECT count(*) FROM notifications WHERE kind = 'overdue'") == 0


async def test_the_rule_of_next_contacts_is_the_switch_of_care(backstage: Backstage, worker: Worker) -> None:
    await furnish(backstage, "next_contact_due")
    acme = await new_customer(backstage)
    await settle(worker)
    open_ones = "SELECT count(*) FROM tasks WHERE kind = 'contact_due' AND state = 'open' AND customer_id = $1"
    assert await backstage.owner.fetchval(open_ones, acme) == 1
    rule_id = await backstage.owner.fetchval("SELECT id FROM task_rules WHERE key = 'next_contact_due'")
    admin = backstage.stage.database.writing(backstage.home.admin.actor)
    for on, number in ((False, 0), (True, 1)):
        await actions.switch(admin, rule_id, on=on)
        await settle(worker)
        await until_idle(warm, worker)
        assert await backstage.owner.fetchval(open_ones, acme) == number


async def test_a_new_key_customer_starts_a_chain(backstage: Backstage, worker: Worker) -> None:
    await furnish(backstage, "visit_missed")
    steps = [
        {"title": f"{what} {{customer}}", "kind": "follow_up", "after": "start", "count": days, "unit": "working_days",
         "at": None}
        for what, days in (("Call", 1), ("Visit", 5), ("Propose to", 10))
    ]  # fmt: skip
    chain_id = await backstage.owner.fetchval(
        "INSERT INTO task_chains (workspace_id, name, steps) VALUES ($1, 'Key', $2) RETURNING id",
        backstage.home.id,
        steps,
    )
    acme = await customer(backstage)
    where = [{"field": "key_kind", "operator": "is_set"}]
    made = await mine(backstage, "customer.key_status_changed", where, chain_id=str(chain_id))
    await changed(backstage, acme, "customer.key_status_changed", {"key_kind": "double"})
    await settle(worker)
    found = await tasks(backstage)
    assert [row["title"] for row in found] == ["Call Acme", "Visit Acme", "Propose to Acme"]
    assert {(row["rule_id"], row["chain_id"], row["subject_id"]) for row in found} == {(made, chain_id, acme)}
    await backstage.owner.execute("UPDATE task_chains SET archived_at = now()")
    await changed(backstage, acme, "customer.key_status_changed", {"key_kind": "double"})
    await settle(worker)
    assert await backstage.owner.fetchval("SELECT last_error FROM task_rules WHERE id = $1", made) == "chain_gone"
    assert len(await tasks(backstage)) == 3
