"""Many new customers are planned at once, to the same end as each alone."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast
from uuid import UUID

import pytest

from crm.actor import NOBODY
from crm.database import EVERYWHERE
from crm.events.reacting import _of_all, _settle_all, _take_all, claim
from crm.planning import BY_KEY
from services.worker import reacting
from services.worker.publishing import publish_facts
from services.worker.reacting import react
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, settle, until_idle
from tests.worker.test_care import contact_tasks, customer, new_customer
from tests.worker.test_rhythm import furnished

KINDS: Mapping[str, Mapping[str, object]] = {
    "plain": {},
    "key": {"class": "key"},
    "key too": {"class": "key"},
    "led": {"class": "key"},
    "person": {"kind": "person", "class": "key"},
    "left alone": {"do_not_contact": True},
    "nobody's": {},
    "gone": {},
    "moved": {},
    "spoken to": {},
    "closed before": {},
    "asked already": {},
}
CHANGED = {
    "nobody's": "owner_id = NULL",
    "gone": "archived_at = now()",
    "moved": "next_contact_due_on = '2031-01-01'",
    "spoken to": "last_contact_at = now() - interval '20 days'",
}
TASK = """
INSERT INTO tasks (workspace_id, title, kind, subject_type, subject_id, customer_id, assignee_id, due_at, state,
                   dedupe_key)
VALUES ($1, 'Before', 'contact_due', 'customer', $2, $2, $3, now(), $4, $5)
"""
LEADER = (
    "INSERT INTO contacts (workspace_id, customer_id, name, name_key, level) VALUES ($1, $2, 'Chen', 'chen', 'top')"
)
TOLD = """
SELECT type, payload->>'title' AS title, changes FROM events WHERE customer_id = $1 ORDER BY type, 2, changes::text
"""
WAITING = """
INSERT INTO reactions (workspace_id, event_id, name)
SELECT $1, uuidv7(), 'care.plan_contact' FROM generate_series(1, 5000)
"""
REFUSE = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$"
REMINDED = "SELECT fire_at, state FROM reminders WHERE customer_id = $1 ORDER BY 1, 2"


async def found(backstage: Backstage, due_on: date) -> dict[str, UUID]:
    """One customer of each kind, each fact of theirs still unsaid."""
    made = {}
    for kind, values in KINDS.items():
        made[kind] = who = await new_customer(backstage, "The same", **values)
        if kind in CHANGED:
            await backstage.owner.execute(f"UPDATE customers SET {CHANGED[kind]} WHERE id = $1", who)
    home, anna, ben = backstage.home.id, backstage.home.anna.id, backstage.home.ben.id
    await backstage.owner.execute(LEADER, home, made["led"])
    closed, asked = made["closed before"], made["asked already"]
    await backstage.owner.execute(TASK, home, closed, anna, "done", f"contact_due:{closed}:{due_on}")
    await backstage.owner.execute(TASK, home, asked, ben, "open", None)
    return made


async def state_of(backstage: Backstage, customer_id: UUID) -> list[Any]:
    """All that planning leaves of a customer, whoever it is."""
    row = await customer(backstage, customer_id)
    due = [row[name] for name in ("next_contact_due_on", "warmth_band", "version")]
    tasks = [
        (task["title"], task["assignee_id"], task["team_id"], task["state"], task["version"],
         (task["dedupe_key"] or "").replace(str(customer_id), "…"), task["title"] == "Before" or task["due_at"])
        for task in await contact_tasks(backstage, customer_id)
    ]  # fmt: skip
    told = [tuple(fact) for fact in await backstage.owner.fetch(TOLD, customer_id) if fact["type"] != "task.updated"]
    reminded = [tuple(row) for row in await backstage.owner.fetch(REMINDED, customer_id)]
    return [due, sorted(tasks, key=str), told, reminded]


async def test_many_are_planned_as_each_alone(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnished(backstage)
    first = await new_customer(backstage)
    with monkeypatch.context() as alone:
        alone.setattr(reacting, "TO_MANY", {})
        await settle(worker)
        due_on = (await customer(backstage, first))["next_contact_due_on"]
        one_by_one = await found(backstage, due_on)
        await settle(worker)
    together = await found(backstage, due_on)
    await until_idle(publish_facts, worker)
    monkeypatch.setitem(cast(dict[str, Any], reacting.BY_NAME), "care.plan_contact", None)
    await until_idle(react, worker)
    for kind in KINDS:
        assert await state_of(backstage, together[kind]) == await state_of(backstage, one_by_one[kind]), kind
    assert len(await contact_tasks(backstage, together["plain"])) == 1
    assert await contact_tasks(backstage, together["gone"]) == []


async def test_one_that_cannot_be_planned_holds_up_none_of_the_others(backstage: Backstage, worker: Worker) -> None:
    customers = [await new_customer(backstage, f"Customer {number}") for number in range(5)]
    bad = customers[2]
    await backstage.owner.execute(REFUSE)
    await backstage.owner.execute(
        f"CREATE TRIGGER no BEFORE INSERT ON tasks FOR EACH ROW WHEN (NEW.customer_id = '{bad}') EXECUTE FUNCTION no()"
    )
    await settle(worker)
    planned = [len(await contact_tasks(backstage, who)) for who in customers]
    assert planned == [1, 1, 0, 1, 1]
    left = await backstage.owner.fetch(
        "SELECT e.subject_id, r.attempts, r.last_error FROM reactions AS r JOIN events AS e ON e.id = r.event_id "
        "WHERE r.state = 'pending'"
    )
    assert [(row["subject_id"], row["attempts"], bool(row["last_error"])) for row in left] == [(bad, 1, True)]


async def test_claims_that_ran_out_are_left_to_whoever_has_them_now(backstage: Backstage, worker: Worker) -> None:
    customers = [await new_customer(backstage, f"Customer {number}") for number in range(3)]
    await until_idle(publish_facts, worker)
    claims = await claim(worker.database.writing(EVERYWHERE), after=UUID(int=0), share=10, most=10)
    assert [one.name for one in claims] == ["care.plan_contact"] * 3
    await backstage.owner.execute("UPDATE reactions SET attempts = 2 WHERE event_id = $1", claims[0].event_id)
    await reacting.carry_out_all(worker, claims)
    states = await backstage.owner.fetch("SELECT state, attempts FROM reactions ORDER BY state DESC")
    assert [tuple(row) for row in states] == [("pending", 2), ("done", 1), ("done", 1)]
    assert sum([len(await contact_tasks(backstage, who)) for who in customers]) == 2
    # And again: what is done stays done, once.
    await reacting.carry_out_all(worker, claims)
    assert sum([len(await contact_tasks(backstage, who)) for who in customers]) == 2


async def test_a_set_is_found_by_its_keys_where_statistics_do_not_know_yet_how_many_wait(
    backstage: Backstage, worker: Worker
) -> None:
    await backstage.owner.execute("ANALYZE reactions")
    await backstage.owner.execute(WAITING, backstage.home.id)
    claims = await claim(worker.database.writing(EVERYWHERE), after=backstage.home.id, share=100, most=100)
    claims += await claim(worker.database.writing(EVERYWHERE), after=NOBODY, share=100, most=100)
    assert len(claims) >= 100
    for wanted in (_take_all(), _settle_all()):
        async with worker.database.transaction(await worker.actor(backstage.home.id)) as tx:
            await tx.row(BY_KEY)
            given = tx._arguments(wanted, _of_all(claims))
            plan = await tx._connection.fetchval(f"EXPLAIN (FORMAT JSON) {wanted.sql}", *given)
        assert "event_id = ANY" in str(plan)
        assert "'Index Name': 'pk_reactions'" in str(plan)
