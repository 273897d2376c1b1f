"""When we were last in touch with each person, as the worker keeps it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from crm.contacts import actions as contacts
from crm.contacts.schemas import ContactCreate
from crm.interactions import actions as interactions
from crm.interactions.schemas import InteractionCreate
from crm.sealing import Sealer
from crm.visits import actions as visits
from crm.visits.completing import complete
from crm.visits.reports import VisitReport
from crm.visits.schemas import VisitPlan
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY
from tests.worker.conftest import Backstage, settle
from tests.worker.test_care import as_anna, new_customer


async def person(backstage: Backstage, customer_id: UUID, name: str) -> UUID:
    return (await contacts.create(as_anna(backstage), ContactCreate(customer_id=customer_id, name=name))).id


async def called(backstage: Backstage, customer_id: UUID, contact_id: UUID, at: datetime, outcome: str) -> None:
    new = InteractionCreate.model_validate(
        {
            "customer_id": customer_id,
            "contact_id": contact_id,
            "channel": "call",
            "direction": "outbound",
            "outcome": outcome,
            "occurred_at": at,
        }
    )
    await interactions.log(as_anna(backstage), new)


async def last_contacts(backstage: Backstage) -> dict[UUID, datetime | None]:
    return {row["id"]: row["last_contact_at"] for row in await backstage.owner.fetch("SELECT * FROM contacts")}


async def test_a_call_that_reached_somebody_moves_their_last_contact_and_never_back(
    backstage: Backstage, worker: Worker
) -> None:
    customer_id = await new_customer(backstage)
    li, han = [await person(backstage, customer_id, name) for name in ("Li", "Han")]
    now = datetime.now(UTC)
    for days, outcome in ((2, "reached"), (1, "no_answer"), (5, "reached")):
        await called(backstage, customer_id, li, now - timedelta(days=days), outcome)
        await settle(worker)
    assert await last_contacts(backstage) == {li: now - timedelta(days=2), han: None}
    assert (await backstage.types()).count("contact.contacted") == 1


async def test_everybody_met_on_a_visit_was_contacted(backstage: Backstage, worker: Worker) -> None:
    customer_id = await new_customer(backstage)
    li, han, absent = [await person(backstage, customer_id, name) for name in ("Li", "Han", "Absent")]
    start = datetime.now(UTC) + timedelta(minutes=5)
    plan = VisitPlan(
        customer_id=customer_id,
        contact_ids=[li, absent],
        planned_start=start,
        planned_end=start + timedelta(hours=1),
        purpose="care",
    )
    visit = await visits.plan(as_anna(backstage), plan)
    report = VisitReport(result="They liked it", met_contact_ids=[li, han], none_needed=True)
    async with backstage.stage.database.transaction(backstage.home.anna.actor) as tx:
        await complete(tx, Sealer(SECRET_KEY), visit.id, report)
    await settle(worker)
    last = await last_contacts(backstage)
    assert last[absent] is None
    assert last[li] == last[han] is not None
    assert (await backstage.types()).count("contact.contacted") == 2
    fact = await backstage.owner.fetchrow("SELECT * FROM events WHERE type = 'contact.contacted' LIMIT 1")
    assert fact is not None
    assert fact["payload"]["last_contact_at"] is not None
    assert fact["customer_id"] == customer_id
