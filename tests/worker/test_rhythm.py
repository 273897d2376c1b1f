"""The day to be in touch next goes by working days, also when the calendar changes afterwards."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from crm.absences import actions as absences
from crm.absences.schemas import AbsenceCreate
from crm.calendars import days, founding
from crm.calendars.prepared import calendar_of
from crm.calendars.schemas import CalendarDayPut
from crm.customers.rules import next_contact_due
from crm.database import Transaction
from services.worker.rounds import Worker
from services.worker.warming import warm
from tests.worker.conftest import Backstage, settle, until_idle
from tests.worker.test_care import contact_tasks, customer, new_customer, nine_o_clock, open_task


async def furnished(backstage: Backstage) -> UUID:
    """The workspace on stage gets the calendar that every new workspace has."""
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        calendar_id = await founding.open_first_calendar(tx)
    await backstage.owner.execute("UPDATE workspaces SET calendar_id = $1", calendar_id)
    return calendar_id


async def day_off(backstage: Backstage, calendar_id: UUID, day: date) -> None:
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await days.put(tx, calendar_id, day, CalendarDayPut.model_validate({"kind": "holiday", "name": "Company day"}))


async def test_a_day_off_moves_the_next_contact_to_the_working_day_before(backstage: Backstage, worker: Worker) -> None:
    calendar_id = await furnished(backstage)
    customer_id = await new_customer(backstage)
    await settle(worker)
    before: date = (await customer(backstage, customer_id))["next_contact_due_on"]
    await day_off(backstage, calendar_id, before)
    await settle(worker)
    await until_idle(warm, worker)
    after = (await customer(backstage, customer_id))["next_contact_due_on"]
    assert before - timedelta(days=10) <= after < before
    assert (await open_task(backstage, customer_id))["due_at"] == nine_o_clock(after)
    assert len(await contact_tasks(backstage, customer_id)) == 1


async def test_planning_all_anew_looks_only_at_those_it_moves(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar_id = await furnished(backstage)
    moved, left = await new_customer(backstage, "Moved"), await new_customer(backstage, "Left alone")
    await settle(worker)
    await until_idle(warm, worker)
    await backstage.owner.execute(
        "UPDATE customers SET created_at = created_at - interval '9 days' WHERE id = $1", left
    )
    await backstage.owner.execute("UPDATE warmth_rounds SET plan_after = $1", UUID(int=0))
    await until_idle(warm, worker)
    looked: list[UUID] = []

    async def watched(tx: Transaction, customer_id: UUID) -> None:
        looked.append(customer_id)

    monkeypatch.setattr("crm.care.nightly.actions.plan", watched)
    await day_off(backstage, calendar_id, (await customer(backstage, moved))["next_contact_due_on"])
    await settle(worker)
    await until_idle(warm, worker)
    assert looked == [moved]


@pytest.mark.parametrize("key_kind", [None, "double"])
async def test_sets_and_single_customers_are_planned_alike(
    backstage: Backstage, worker: Worker, key_kind: str | None
) -> None:
    await furnished(backstage)
    await backstage.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id, key_kind, last_contact_at) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, $2, $3, now() - n * interval '1 day' "
        "FROM generate_series(0, 400, 3) AS n",
        backstage.home.id,
        backstage.home.anna.id,
        key_kind,
    )
    await warm(worker)
    await backstage.owner.execute("UPDATE warmth_rounds SET plan_after = $1", UUID(int=0))
    await until_idle(warm, worker)
    rows = await backstage.owner.fetch(
        "SELECT next_contact_due_on AS due, (last_contact_at AT TIME ZONE 'Asia/Shanghai')::date AS last FROM customers"
    )
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        calendar = await calendar_of(tx, backstage.home.anna.id)
    every = 90 if key_kind is None else 15
    for row in rows:
        wanted = next_contact_due(row["last"], row["last"], every, is_working_day=calendar.is_working_day)
        assert row["due"] == wanted


async def test_who_will_be_away_is_to_be_in_touch_before_and_after_all_on_the_usual_day(
    backstage: Backstage, worker: Worker
) -> None:
    await furnished(backstage)
    customer_id, bens = await new_customer(backstage), await new_customer(backstage, "Ben's")
    await backstage.owner.execute("UPDATE customers SET owner_id = $2 WHERE id = $1", bens, backstage.home.ben.id)
    await settle(worker)
    usual: date = (await customer(backstage, customer_id))["next_contact_due_on"]
    access = backstage.stage.database.writing(backstage.home.anna.actor)
    planned = await absences.plan(access, AbsenceCreate(first_day=usual - timedelta(days=2), last_day=usual))
    await settle(worker)
    await until_idle(warm, worker)
    before = (await customer(backstage, customer_id))["next_contact_due_on"]
    assert usual - timedelta(days=14) < before < usual - timedelta(days=2)
    assert (await open_task(backstage, customer_id))["due_at"] == nine_o_clock(before)
    assert (await customer(backstage, bens))["next_contact_due_on"] == usual
    await absences.cancel(access, planned.id)
    await settle(worker)
    await until_idle(warm, worker)
    assert (await customer(backstage, customer_id))["next_contact_due_on"] == usual
    assert (await open_task(backstage, customer_id))["due_at"] == nine_o_clock(usual)
