"""Who tells a customer the decision on a complaint keeps them warm, whoever the customer is by then."""

import asyncio
from uuid import UUID

from services.worker.rounds import Worker
from tests.complaints.steps import receive
from tests.worker.conftest import Backstage, Front, settle
from tests.worker.test_care import contact_tasks, customer
from tests.worker.test_merging import merge, unmerge, until_blocked


async def test_the_customer_is_warm_and_the_next_contact_planned_from_then_on(
    backstage: Backstage, worker: Worker, front: Front
) -> None:
    one = await front.customer("Acme")
    await settle(worker)
    before = await customer(backstage, UUID(one))
    assert (before["warmth_band"], before["last_contact_at"]) == ("never", None)
    complaint = await front.path.to("communicated", await receive(front.admin, one))
    await settle(worker)
    after = await customer(backstage, UUID(one))
    told_at = await backstage.owner.fetchval(
        "SELECT communicated_at FROM complaints WHERE id = $1", UUID(complaint["id"])
    )
    assert (after["warmth_band"], after["last_contact_at"]) == ("hot", told_at)
    assert after["next_contact_due_on"] is not None
    assert [task["state"] for task in await contact_tasks(backstage, UUID(one))].count("open") == 1


async def test_after_a_merge_it_is_the_winner_who_was_told(backstage: Backstage, worker: Worker, front: Front) -> None:
    one, two = await front.customer("Acme"), await front.customer("Globex")
    complaint = await front.path.to("approved", await receive(front.admin, two))
    await merge(backstage, UUID(one), UUID(two))
    told = await front.path.service.post(f"/v1/complaints/{complaint['id']}/communicate", json={"reached": True})
    assert told.status_code == 200
    await settle(worker)
    assert (await customer(backstage, UUID(one)))["warmth_band"] == "hot"
    assert len(await front.talks(one)) == 1


async def test_when_the_merge_is_undone_the_talk_goes_back_with_its_complaint(
    backstage: Backstage, worker: Worker, front: Front
) -> None:
    one, two = await front.customer("Acme"), await front.customer("Globex")
    complaint = await front.path.to("approved", await receive(front.admin, two))
    await merge(backstage, UUID(one), UUID(two))
    told = await front.path.service.post(f"/v1/complaints/{complaint['id']}/communicate", json={"reached": True})
    assert told.status_code == 200
    await unmerge(backstage, UUID(two))
    await settle(worker)
    assert [len(await front.talks(whose)) for whose in (one, two)] == [0, 1]
    assert [(await customer(backstage, UUID(whose)))["warmth_band"] for whose in (one, two)] == ["never", "hot"]


async def test_while_its_customer_is_merged_the_complaint_is_not_held(backstage: Backstage, front: Front) -> None:
    one = await front.customer("Acme")
    complaint = await front.path.to("approved", await receive(front.admin, one))
    where = f"/v1/complaints/{complaint['id']}/communicate"
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await tx._connection.execute("SELECT FROM customers WHERE id = $1 FOR UPDATE", UUID(one))
        telling = asyncio.create_task(front.path.service.post(where, json={"reached": True}))
        await until_blocked(backstage)
        found = await backstage.owner.fetch(
            "SELECT id FROM complaints WHERE id = $1 FOR UPDATE NOWAIT", UUID(complaint["id"])
        )
        assert len(found) == 1, "whoever merges the customer would wait for it, and it for them"
    assert (await telling).status_code == 200
