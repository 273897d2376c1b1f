"""Who tells a customer the decision on a complaint keeps them warm, whoever the customer is by then."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest_asyncio

from services.api.main import create_app
from services.api.openapi import document
from services.worker.rounds import Worker
from tests.complaints.steps import Path, receive
from tests.conftest import Client, Running
from tests.worker.conftest import Backstage, settle
from tests.worker.test_care import contact_tasks, customer
from tests.worker.test_merging import merge, unmerge


@dataclass
class Front:
    """The front door of the stage, with two who go through it."""

    admin: Client
    path: Path

    async def customer(self, name: str) -> str:
        made = await self.admin.post("/v1/customers", json={"name": name, "owner_id": str(self.path.workspace.anna.id)})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def talks(self, customer_id: str) -> list[dict[str, Any]]:
        found = await self.admin.get("/v1/interactions", params={"customer_id": customer_id})
        return list(found.json()["data"])


@pytest_asyncio.fixture
async def front(backstage: Backstage) -> AsyncIterator[Front]:
    app = create_app(backstage.stage.settings())
    running = Running(app, document(app))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        admin = await stack.enter_async_context(Client(running, backstage.home.admin.token))
        service = await stack.enter_async_context(Client(running, backstage.home.service.token))
        yield Front(admin, Path(service, admin, backstage.home))


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
