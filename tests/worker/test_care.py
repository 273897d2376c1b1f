"""What the worker does about what people do: warmth, and the task that says when to be in touch next."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from crm.customers import actions as customers
from crm.customers.schemas import CustomerCreate, CustomerUpdate
from crm.database import Access
from crm.interactions import actions as interactions
from crm.interactions.schemas import InteractionCreate
from crm.opportunities.seams import has_open_opportunity
from crm.opportunities.touching import touched
from crm.sealing import Sealer
from crm.visits import actions as visits
from crm.visits.completing import complete
from crm.visits.reports import VisitReport
from crm.visits.schemas import VisitPlan
from crm.workspaces.actions import update_workspace
from crm.workspaces.schemas import WorkspaceUpdate
from services.worker.rounds import Worker
from services.worker.warming import warm
from tests.conftest import SECRET_KEY
from tests.opportunities.test_days import sale
from tests.worker.conftest import Backstage, settle, until_idle

SHANGHAI = ZoneInfo("Asia/Shanghai")


def as_anna(backstage: Backstage) -> Access:
    return backstage.stage.database.writing(backstage.home.anna.actor)


async def new_customer(backstage: Backstage, name: str = "Acme", **values: object) -> UUID:
    new = CustomerCreate.model_validate({"name": name, **values})
    return (await customers.create(as_anna(backstage), new)).id


async def visited(backstage: Backstage, customer_id: UUID, opportunity_id: UUID | None = None) -> UUID:
    """Anna has been there, met Li, and needs nothing further."""
    contact_id = await backstage.owner.fetchval(
        "INSERT INTO contacts (workspace_id, customer_id, name, name_key) VALUES ($1, $2, 'Li', 'li') RETURNING id",
        backstage.home.id,
        customer_id,
    )
    start = datetime.now(UTC) + timedelta(minutes=5)
    plan = VisitPlan(
        customer_id=customer_id,
        opportunity_id=opportunity_id,
        planned_start=start,
        planned_end=start + timedelta(hours=1),
        purpose="care",
    )
    visit = await visits.plan(as_anna(backstage), plan)
    report = VisitReport(result="They liked it", met_contact_ids=[contact_id], none_needed=True)
    async with backstage.stage.database.transaction(backstage.home.anna.actor) as tx:
        await complete(tx, Sealer(SECRET_KEY), visit.id, report)
    return visit.id


async def log(backstage: Backstage, customer_id: UUID, outcome: str, at: datetime | None = None) -> None:
    new = InteractionCreate.model_validate(
        {
            "customer_id": customer_id,
            "channel": "call",
            "direction": "outbound",
            "outcome": outcome,
            "occurred_at": at or datetime.now(UTC),
        }
    )
    await interactions.log(as_anna(backstage), new)


async def customer(backstage: Backstage, customer_id: UUID) -> asyncpg.Record:
    row = await backstage.owner.fetchrow("SELECT * FROM customers WHERE id = $1", customer_id)
    assert row is not None
    return row


async def contact_tasks(backstage: Backstage, customer_id: UUID) -> list[asyncpg.Record]:
    return await backstage.owner.fetch(
        "SELECT * FROM tasks WHERE customer_id = $1 AND kind = 'contact_due' ORDER BY created_at, id", customer_id
    )


async def open_task(backstage: Backstage, customer_id: UUID) -> asyncpg.Record:
    (only,) = [task for task in await contact_tasks(backstage, customer_id) if task["state"] == "open"]
    return only


async def whole_state(backstage: Backstage) -> list[tuple[str, object]]:
    tables = ("customers", "tasks", "reminders", "interactions", "notifications", "events")
    return [
        (table, await backstage.owner.fetch(f"SELECT to_jsonb(t) - 'published_at' FROM {table} t ORDER BY 1"))
        for table in tables
    ]


def nine_o_clock(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)


async def test_a_new_customer_brings_the_task_to_be_in_touch_and_its_reminder(
    backstage: Backstage, worker: Worker
) -> None:
    customer_id = await new_customer(backstage)
    await settle(worker)
    task = await open_task(backstage, customer_id)
    due_on = (await customer(backstage, customer_id))["next_contact_due_on"]
    assert task["assignee_id"] == backstage.home.anna.id
    assert task["title"] == "Get in touch with Acme"
    assert task["due_at"] == nine_o_clock(due_on)
    (reminder,) = await backstage.owner.fetch("SELECT * FROM reminders WHERE subject_id = $1", task["id"])
    assert (reminder["state"], reminder["fire_at"]) == ("scheduled", task["due_at"])


async def test_the_task_speaks_the_language_of_the_workspace(backstage: Backstage, worker: Worker) -> None:
    await backstage.owner.execute("UPDATE workspaces SET language = 'zh-CN'")
    customer_id = await new_customer(backstage, "重庆长安")
    await settle(worker)
    assert (await open_task(backstage, customer_id))["title"] == "联系重庆长安"


async def test_a_completed_visit_moves_the_warmth_and_turns_the_due_task_into_the_next(
    backstage: Backstage, worker: Worker
) -> None:
    customer_id = await new_customer(backstage)
    await backstage.owner.execute("UPDATE customers SET created_at = created_at - interval '40 days'")
    await settle(worker)
    before = await open_task(backstage, customer_id)

    visit_id = await visited(backstage, customer_id)
    await settle(worker)

    completed_at = await backstage.owner.fetchval("SELECT completed_at FROM visits WHERE id = $1", visit_id)
    now = await customer(backstage, customer_id)
    assert now["last_contact_at"] == completed_at
    assert now["warmth_band"] == "hot"
    done, following = await contact_tasks(backstage, customer_id)
    assert (done["id"], done["state"]) == (before["id"], "done")
    assert (following["state"], following["due_at"]) == ("open", nine_o_clock(now["next_contact_due_on"]))
    scheduled = await backstage.owner.fetch("SELECT subject_id FROM reminders WHERE state = 'scheduled'")
    assert [row["subject_id"] for row in scheduled] == [following["id"]]
    (interaction,) = await backstage.owner.fetch("SELECT * FROM interactions")
    assert (interaction["channel"], interaction["counts_as_contact"]) == ("visit", True)
    types = await backstage.types()
    assert types.count("customer.contacted") == 1
    assert types.count("customer.warmth_changed") == 1
    assert types.count("task.created") == 2


async def test_doing_everything_again_changes_nothing(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    await settle(worker)
    await visited(backstage, customer_id)
    await settle(worker)
    before = await whole_state(backstage)
    await settle(worker)
    assert await whole_state(backstage) == before
    # Even if the memory of what was done were lost.
    await backstage.owner.execute(
        "UPDATE reactions SET state = 'pending', attempts = 0, next_attempt_at = now(), settled_at = NULL"
    )
    await backstage.owner.execute("UPDATE events SET published_at = NULL")
    await settle(worker)
    assert await whole_state(backstage) == before


async def test_a_call_that_nobody_answered_leaves_warmth_and_task_as_they_are(
    backstage: Backstage, worker: Worker
) -> None:
    customer_id = await new_customer(backstage)
    await log(backstage, customer_id, "no_answer")
    await settle(worker)
    now = await customer(backstage, customer_id)
    assert (now["last_contact_at"], now["warmth_band"]) == (None, "never")
    assert len(await contact_tasks(backstage, customer_id)) == 1


async def test_an_older_contact_told_of_later_moves_nothing_back(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await log(backstage, customer_id, "reached", yesterday)
    await settle(worker)
    before = await customer(backstage, customer_id)
    await log(backstage, customer_id, "reached", yesterday - timedelta(days=30))
    await settle(worker)
    assert await customer(backstage, customer_id) == before
    assert (await backstage.types()).count("customer.contacted") == 1


async def test_two_contacts_in_one_day_leave_one_open_task(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    await backstage.owner.execute("UPDATE customers SET created_at = created_at - interval '40 days'")
    day = datetime.now(SHANGHAI) - timedelta(days=1)
    for hour in (10, 15):
        await log(backstage, customer_id, "reached", day.replace(hour=hour))
        await settle(worker)
    due_on = (await customer(backstage, customer_id))["next_contact_due_on"]
    assert (await open_task(backstage, customer_id))["due_at"] == nine_o_clock(due_on)
    assert (await backstage.types()).count("customer.contacted") == 2


async def test_who_is_not_to_be_contacted_and_who_has_no_owner_brings_no_task(
    backstage: Backstage, worker: Worker
) -> None:
    silent = await new_customer(backstage, do_not_contact=True)
    nobodys = await new_customer(backstage)
    await backstage.owner.execute("UPDATE customers SET owner_id = NULL WHERE id = $1", nobodys)
    await settle(worker)
    assert await contact_tasks(backstage, silent) == []
    assert await contact_tasks(backstage, nobodys) == []


async def test_another_owner_and_another_class_move_the_open_task(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    await settle(worker)
    first = await open_task(backstage, customer_id)
    change = CustomerUpdate.model_validate({"owner_id": backstage.home.ben.id, "class": "key"})
    as_manager = backstage.stage.database.writing(backstage.home.manager.actor)
    await customers.update(as_manager, customer_id, change)
    await settle(worker)
    moved = await open_task(backstage, customer_id)
    assert moved["id"] == first["id"]
    assert moved["assignee_id"] == backstage.home.ben.id
    assert moved["due_at"] < first["due_at"]
    assert moved["due_at"] == nine_o_clock((await customer(backstage, customer_id))["next_contact_due_on"])


async def test_archiving_cancels_the_task_and_restoring_brings_one_back(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    await settle(worker)
    await customers.archive(as_anna(backstage), customer_id, unless=has_open_opportunity)
    await settle(worker)
    (cancelled,) = await contact_tasks(backstage, customer_id)
    assert cancelled["state"] == "cancelled"
    await customers.restore(as_anna(backstage), customer_id)
    await settle(worker)
    assert (await open_task(backstage, customer_id))["due_at"] == cancelled["due_at"]


@pytest.mark.parametrize(("days", "band"), [(15, "hot"), (16, "warm"), (60, "warm"), (61, "cooling"), (120, "cold")])
async def test_the_night_tells_of_customers_whose_warmth_has_fallen(
    backstage: Backstage, worker: Worker, days: int, band: str
) -> None:
    customer_id = await new_customer(backstage)
    at = datetime.now(SHANGHAI).replace(hour=23, minute=50) - timedelta(days=days)
    await backstage.owner.execute("UPDATE customers SET last_contact_at = $1, warmth_band = 'hot'", at)
    while await warm(worker):
        pass
    assert (await customer(backstage, customer_id))["warmth_band"] == band
    assert (await backstage.types()).count("customer.warmth_changed") == (band != "hot")
    before = await whole_state(backstage)
    await warm(worker)
    assert await whole_state(backstage) == before


async def test_a_night_is_done_once_and_the_next_night_again(backstage: Backstage, worker: Worker) -> None:
    await new_customer(backstage)
    await warm(worker)
    await backstage.owner.execute("UPDATE customers SET last_contact_at = now() - interval '200 days'")
    await warm(worker)
    assert "customer.warmth_changed" not in await backstage.types()
    await backstage.owner.execute("UPDATE warmth_rounds SET done_for = done_for - 1")
    await warm(worker)
    assert (await backstage.types()).count("customer.warmth_changed") == 1


async def test_a_night_too_long_for_one_batch_goes_on_where_it_stopped(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        await new_customer(backstage, f"Acme {number}")
    await backstage.owner.execute("UPDATE customers SET last_contact_at = now() - interval '90 days'")
    monkeypatch.setattr("services.worker.warming.MOST", 3)
    assert await warm(worker)
    assert (await backstage.types()).count("customer.warmth_changed") == 3
    another = await backstage.hire()
    while await warm(another):
        pass
    assert (await backstage.types()).count("customer.warmth_changed") == 7


async def test_another_time_zone_and_cadence_move_every_open_task(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    await settle(worker)
    await warm(worker)
    change = WorkspaceUpdate(timezone="Europe/Berlin", settings={"cadence": {"ordinary": 30}})
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await update_workspace(tx, change)
    await settle(worker)
    await until_idle(warm, worker)
    due_at = (await open_task(backstage, customer_id))["due_at"].astimezone(ZoneInfo("Europe/Berlin"))
    assert due_at.hour == 9
    assert due_at <= datetime.now(UTC) + timedelta(days=31)


async def test_a_visit_for_a_sale_ends_its_silence_once_and_leaves_one_that_is_over_alone(
    backstage: Backstage, worker: Worker
) -> None:
    acme = await new_customer(backstage)
    long_ago = datetime.now(UTC) - timedelta(days=40)
    silent = await sale(backstage, backstage.home.anna, customer_id=acme, last_activity_at=long_ago)
    beside = await sale(backstage, backstage.home.anna, customer_id=acme, last_activity_at=long_ago)
    visit_id = await visited(backstage, acme, silent)
    await settle(worker)
    completed_at = await backstage.owner.fetchval("SELECT completed_at FROM visits WHERE id = $1", visit_id)
    rows = await backstage.owner.fetch("SELECT id, last_activity_at FROM opportunities")
    known = {row["id"]: row["last_activity_at"] for row in rows}
    assert (known[silent], known[beside]) == (completed_at, long_ago)
    (fact,) = await backstage.owner.fetch("SELECT * FROM events WHERE type = 'opportunity.contacted'")
    assert (fact["subject_id"], list(fact["changes"])) == (silent, ["last_activity_at"])
    # The same fact once more, as after a crash.
    await backstage.owner.execute("UPDATE reactions SET state = 'pending', settled_at = NULL")
    await settle(worker)
    assert (await backstage.types()).count("opportunity.contacted") == 1
    await backstage.owner.execute(
        "UPDATE opportunities SET state = 'lost', closed_at = now(), closed_on = current_date, lost_reason = 'price' "
        "WHERE id = $1",
        silent,
    )
    async with backstage.stage.database.transaction(backstage.home.anna.actor) as tx:
        assert not await touched(tx, silent, datetime.now(UTC))
        assert await touched(tx, beside, datetime.now(UTC))
