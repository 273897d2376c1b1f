"""Whether somebody wants to be left alone is asked when a reminder is said, not when it was planned."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm.notifications.firing import fire_due
from crm.reminders.actions import snooze
from crm.tasks.actions import update
from crm.tasks.schemas import TaskUpdate
from services.worker.firing import IS_HEARD, IS_TOLD
from tests.factories import Workspace
from tests.notifications.conftest import Round

CUSTOMER = (
    "INSERT INTO customers (workspace_id, kind, name, name_key, do_not_contact) "
    "VALUES ($1, 'company', 'A', 'a', $2) RETURNING id"
)
CONTACT = (
    "INSERT INTO contacts (workspace_id, customer_id, name, name_key, do_not_contact) "
    "VALUES ($1, $2, 'B', 'b', $3) RETURNING id"
)
REMINDER = (
    "INSERT INTO reminders (workspace_id, user_id, kind, subject_type, subject_id, customer_id, title, fire_at, "
    "asks_for_contact, dedupe_key) VALUES ($1, $2, 'personal', $3, $4, $5, 'Call', now(), $6, uuidv7()) RETURNING id"
)


async def customer(rounds: Round, home: Workspace, *, shunned: bool) -> UUID:
    """A customer who wants to be left alone, or not."""
    made: UUID = await rounds.stage.owner.fetchval(CUSTOMER, home.id, shunned)
    return made


async def remind(rounds: Round, home: Workspace, about: tuple[str, UUID], customer_id: UUID, *, asks: bool) -> UUID:
    """A reminder of Anna's that is due."""
    made: UUID = await rounds.stage.owner.fetchval(REMINDER, home.id, home.anna.id, *about, customer_id, asks)
    return made


async def row(rounds: Round, reminder_id: UUID) -> Any:
    """The reminder as it is kept."""
    return await rounds.stage.owner.fetchrow("SELECT * FROM reminders WHERE id = $1", reminder_id)


@pytest.mark.parametrize("who", ["customer", "contact"])
async def test_a_call_is_not_asked_for_where_nobody_wants_to_be_contacted(rounds: Round, who: str) -> None:
    home = await rounds.workspace()
    customer_id = await customer(rounds, home, shunned=who == "customer")
    contact_id = await rounds.stage.owner.fetchval(CONTACT, home.id, customer_id, who == "contact")
    about = (who, customer_id if who == "customer" else contact_id)
    asking = await remind(rounds, home, about, customer_id, asks=True)
    telling = await remind(rounds, home, about, customer_id, asks=False)
    other = await customer(rounds, home, shunned=False)
    free = await remind(rounds, home, ("customer", other), other, asks=True)
    assert await rounds.fire() == 3

    held_back, cautioned, said = [await row(rounds, each) for each in (asking, telling, free)]
    assert (held_back["state"], held_back["cancelled_because"]) == ("cancelled", "do_not_contact")
    assert (held_back["fired_at"], held_back["caution"]) == (None, None)
    assert (cautioned["state"], cautioned["caution"]) == ("fired", "do_not_contact")
    assert (said["state"], said["caution"]) == ("fired", None)
    told = await rounds.stage.owner.fetch("SELECT reminder_id, caution FROM notifications")
    assert {tuple(each) for each in told} == {(telling, "do_not_contact"), (free, None)}
    facts = {
        fact["subject_id"]: fact for fact in await rounds.stage.owner.fetch("SELECT * FROM events WHERE sequence = 2")
    }
    assert {id_: fact["type"] for id_, fact in facts.items()} == {
        asking: "reminder.suppressed",
        telling: "reminder.fired",
        free: "reminder.fired",
    }
    assert facts[asking]["changes"] == {
        "state": ["scheduled", "cancelled"],
        "cancelled_because": [None, "do_not_contact"],
    }
    assert facts[telling]["changes"]["caution"] == [None, "do_not_contact"]
    assert set(facts[free]["changes"]) == {"state", "fired_at"}
    assert facts[free]["payload"]["state"] == "fired"


async def test_the_same_customer_of_another_workspace_is_another(rounds: Round) -> None:
    home, elsewhere = await rounds.workspace(), await rounds.workspace()
    shunned = await customer(rounds, elsewhere, shunned=True)
    mine = await rounds.stage.owner.fetchval(
        "INSERT INTO customers (workspace_id, id, kind, name, name_key) VALUES ($1, $2, 'company', 'A', 'a') "
        "RETURNING id",
        home.id,
        shunned,
    )
    free = await remind(rounds, home, ("customer", mine), mine, asks=True)
    assert await rounds.fire() == 1
    assert (await row(rounds, free))["state"] == "fired"


async def test_a_task_to_get_in_touch_asks_for_it_and_any_other_does_not(rounds: Round) -> None:
    home = await rounds.workspace()
    shunned = await customer(rounds, home, shunned=True)
    for kind in ("contact_due", "follow_up"):
        await rounds.stage.owner.execute(
            "INSERT INTO tasks (workspace_id, kind, title, subject_type, subject_id, customer_id, assignee_id, due_at) "
            "VALUES ($1, $2, 'x', 'customer', $3, $3, $4, now())",
            home.id,
            kind,
            shunned,
            home.anna.id,
        )
    access = rounds.stage.database.writing(home.admin.actor)
    for task in await rounds.stage.owner.fetch("SELECT id FROM tasks"):
        from_now = datetime.now(UTC) + timedelta(seconds=1)
        await update(access, task["id"], TaskUpdate(due_at=from_now))
    assert await rounds.fire(now=datetime.now(UTC) + timedelta(minutes=1)) == 2
    found = await rounds.stage.owner.fetch(
        "SELECT t.kind, r.state FROM reminders AS r JOIN tasks AS t ON t.id = r.subject_id"
    )
    assert {tuple(each) for each in found} == {("contact_due", "cancelled"), ("follow_up", "fired")}


async def test_one_that_was_put_off_is_said_once_more(rounds: Round) -> None:
    home = await rounds.workspace()
    free = await customer(rounds, home, shunned=False)
    id_ = await remind(rounds, home, ("customer", free), free, asks=False)
    access = rounds.stage.database.writing(home.anna.actor)
    assert await rounds.fire() == 1
    await snooze(access, id_, datetime.now(UTC) + timedelta(minutes=5))
    assert await rounds.fire() == 0
    assert await rounds.fire(now=datetime.now(UTC) + timedelta(minutes=6)) == 1
    assert await rounds.fire(now=datetime.now(UTC) + timedelta(minutes=7)) == 0
    keys = await rounds.stage.owner.fetch("SELECT dedupe_key FROM notifications ORDER BY id")
    assert [key[0] for key in keys] == [f"reminder:{id_}", f"reminder:{id_}:1"]


async def test_facts_that_nobody_waits_for_need_no_publishing(rounds: Round) -> None:
    heard, unheard = await rounds.workspace(), await rounds.workspace()
    await rounds.stage.owner.execute(
        "INSERT INTO webhook_endpoints (workspace_id, url, types, secret) "
        "VALUES ($1, 'https://example.com/', ARRAY['*'], 'x')",
        heard.id,
    )
    for home in (heard, unheard):
        await rounds.plan(home.id, home.anna.id, 2)
    async with rounds.worker.scanning() as tx:
        assert await fire_due(tx, limit=100, is_heard=IS_HEARD) == 4
    waiting = await rounds.stage.owner.fetch("SELECT DISTINCT workspace_id FROM events WHERE published_at IS NULL")
    assert [each[0] for each in waiting] == [heard.id]
    assert len(await rounds.fired()) == 4


async def test_notifications_that_no_channel_tells_of_are_not_taken_up_again(rounds: Round) -> None:
    told, silent, switched_off = [await rounds.workspace() for _ in range(3)]
    for home, state, because in ((told, "active", None), (switched_off, "disabled", "by_hand")):
        await rounds.stage.owner.execute(
            "INSERT INTO notification_channels "
            "(workspace_id, user_id, kind, name, hint, target, state, disabled_because, timezone, per_minute) "
            "VALUES ($1, $2, 'wecom', 'Robot', 'x', 'x', $3, $4, 'UTC', 10)",
            home.id,
            home.anna.id,
            state,
            because,
        )
    for home in (told, silent, switched_off):
        await rounds.plan(home.id, home.anna.id, 2)
    async with rounds.worker.scanning() as tx:
        assert await fire_due(tx, limit=100, is_told=IS_TOLD) == 6
    waiting = await rounds.stage.owner.fetch(
        "SELECT DISTINCT workspace_id FROM notifications WHERE dispatched_at IS NULL"
    )
    assert [each[0] for each in waiting] == [told.id]
    assert await rounds.count("notifications") == 6


async def test_facts_that_a_rule_waits_for_are_published(rounds: Round) -> None:
    ruled, switched_off, other = [await rounds.workspace() for _ in range(3)]
    for home, event, enabled in (
        (ruled, "reminder.fired", True),
        (switched_off, "reminder.fired", False),
        (other, "customer.created", True),
    ):
        await rounds.stage.owner.execute(
            "INSERT INTO task_rules (workspace_id, name, trigger, action, event_type, enabled) "
            "VALUES ($1, 'Rule', '{}', '{}', $2, $3)",
            home.id,
            event,
            enabled,
        )
        await rounds.plan(home.id, home.anna.id, 2)
    async with rounds.worker.scanning() as tx:
        assert await fire_due(tx, limit=100, is_heard=IS_HEARD) == 6
    waiting = await rounds.stage.owner.fetch("SELECT DISTINCT workspace_id FROM events WHERE published_at IS NULL")
    assert [each[0] for each in waiting] == [ruled.id]
