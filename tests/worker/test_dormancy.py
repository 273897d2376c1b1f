"""Customers fall asleep by silence, at night, and wake by contact."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm.customers import actions as customers
from crm.customers.schemas import CustomerCreate
from crm.interactions import actions as interactions
from crm.interactions.schemas import InteractionCreate
from services.worker.rounds import Worker
from services.worker.warming import warm
from tests.worker.conftest import Backstage, settle, until_idle

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def new_customer(backstage: Backstage, lifecycle: str, days: int | None) -> UUID:
    """A customer added 500 days ago, in touch so many days ago, near midnight; or never."""
    access = backstage.stage.database.writing(backstage.home.anna.actor)
    begins = "customer" if lifecycle == "lost" else lifecycle
    new = CustomerCreate.model_validate({"name": "Acme", "lifecycle": begins})
    made = (await customers.create(access, new)).id
    at = None if days is None else datetime.now(SHANGHAI).replace(hour=0, minute=10) - timedelta(days=days)
    await backstage.owner.execute(
        "UPDATE customers SET last_contact_at = $2, lifecycle = $3, created_at = now() - interval '500 days' "
        "WHERE id = $1",
        made,
        at,
        lifecycle,
    )
    return made


async def lifecycle_of(backstage: Backstage, customer_id: UUID) -> str:
    return str(await backstage.owner.fetchval("SELECT lifecycle FROM customers WHERE id = $1", customer_id))


async def log(backstage: Backstage, customer_id: UUID, at: datetime, outcome: str = "reached") -> None:
    access = backstage.stage.database.writing(backstage.home.anna.actor)
    new = {"customer_id": customer_id, "channel": "call", "outcome": outcome, "occurred_at": at}
    await interactions.log(access, InteractionCreate.model_validate(new))


@pytest.mark.parametrize(
    ("lifecycle", "days", "expected"),
    [
        ("customer", 119, "customer"),
        ("customer", 120, "dormant"),
        ("customer", None, "dormant"),
        ("interested", 400, "interested"),
        ("lost", 400, "lost"),
    ],
)
async def test_only_a_customer_whom_nobody_was_in_touch_with_since_the_cold_limit_falls_asleep(
    backstage: Backstage, worker: Worker, lifecycle: str, days: int | None, expected: str
) -> None:
    customer_id = await new_customer(backstage, lifecycle, days)
    await until_idle(warm, worker)
    assert await lifecycle_of(backstage, customer_id) == expected
    assert (await backstage.types()).count("customer.dormant") == (expected != lifecycle)


async def test_an_archived_customer_does_not_fall_asleep(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage, "customer", 200)
    await backstage.owner.execute("UPDATE customers SET archived_at = now()")
    await until_idle(warm, worker)
    assert await lifecycle_of(backstage, customer_id) == "customer"


async def test_a_night_with_many_who_fall_asleep_goes_on_until_all_have(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await new_customer(backstage, "customer", 200)
    await backstage.owner.execute("UPDATE customers SET warmth_band = 'cold'")
    monkeypatch.setattr("services.worker.warming.MOST", 2)
    await until_idle(warm, worker)
    assert (await backstage.types()).count("customer.dormant") == 5


async def settle_all(worker: Worker) -> None:
    """The call's own fact, then that of the contact it was."""
    for _ in range(2):
        await settle(worker)


async def test_a_call_wakes_a_dormant_customer_and_nothing_else_does(backstage: Backstage, worker: Worker) -> None:
    sleeping = await new_customer(backstage, "dormant", 200)
    lost = await new_customer(backstage, "lost", 200)
    await settle_all(worker)
    await log(backstage, sleeping, datetime.now(UTC), "no_answer")
    await settle_all(worker)
    assert await lifecycle_of(backstage, sleeping) == "dormant"
    for customer_id in (sleeping, lost):
        await log(backstage, customer_id, datetime.now(UTC))
    await settle_all(worker)
    assert await lifecycle_of(backstage, sleeping) == "customer"
    assert await lifecycle_of(backstage, lost) == "lost"
    assert (await backstage.types()).count("customer.reactivated") == 1
    await until_idle(warm, worker)
    assert await lifecycle_of(backstage, sleeping) == "customer"


async def test_a_contact_as_old_as_the_silence_wakes_nobody(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage, "dormant", 300)
    await settle_all(worker)
    await log(backstage, customer_id, datetime.now(UTC) - timedelta(days=150))
    await settle_all(worker)
    assert (await backstage.types()).count("customer.contacted") == 1
    assert await lifecycle_of(backstage, customer_id) == "dormant"
