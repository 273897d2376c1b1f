"""What is promised goes by a customer's class: when that changes, open clocks are worked out anew."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.worker.promising import work_out_anew
from services.worker.rounds import Worker
from tests.complaints.steps import get, go, receive
from tests.sla.stage import clocks_of, new_policy
from tests.worker.conftest import Backstage, Front, settle, until_idle
from tests.worker.test_merging import merge, unmerge

SLOW, FAST = 960, 120


@pytest.fixture
async def promised(front: Front, worker: Worker) -> None:
    """Two hours for key customers, two days for the others, around the clock."""
    every: dict[str, Any] = {"around_the_clock": True, "acknowledge_minutes": None, "response_minutes": None}
    await new_policy(front.admin, name="Everybody", resolution_minutes=SLOW, **every)
    await new_policy(front.admin, name="Key", resolution_minutes=FAST, customer_class="key", **every)
    await until_idle(work_out_anew, worker)


async def minutes(front: Front, complaint: dict[str, Any]) -> float:
    """Until when, from when it was received, as the complaint says and as its ledger explains."""
    found = await get(front.admin, complaint)
    (clock,) = found["clocks"]
    explained = await clocks_of(front.admin, complaint["id"], explained=True)
    assert [one["due_at"] for one in explained] == [clock["due_at"]] == [found["due_at"]]
    return _between(clock["started_at"], clock["due_at"]) / timedelta(minutes=1)


def _between(first: str, last: str) -> timedelta:
    return datetime.fromisoformat(last) - datetime.fromisoformat(first)


async def followed(backstage: Backstage, worker: Worker) -> list[str]:
    """React, and work out what was asked for; why it was."""
    await settle(worker)
    rows = await backstage.owner.fetch("SELECT cause FROM sla_recounts WHERE finished_at IS NULL ORDER BY id")
    await until_idle(work_out_anew, worker)
    return [row["cause"] for row in rows]


@pytest.mark.usefixtures("promised")
async def test_another_class_of_the_customer_moves_the_clock(
    backstage: Backstage, worker: Worker, front: Front
) -> None:
    one, other = await front.customer("Acme"), await front.customer("Globex")
    complaint, bystander = await receive(front.admin, one), await receive(front.admin, other)
    assert await followed(backstage, worker) == []
    assert await minutes(front, complaint) == SLOW
    changed = await front.admin.patch(f"/v1/customers/{one}", json={"class": "key"})
    assert changed.status_code == 200, changed.text
    assert await followed(backstage, worker) == ["customer"]
    assert [await minutes(front, which) for which in (complaint, bystander)] == [FAST, SLOW]
    job = (await front.admin.get("/v1/sla-recounts")).json()["data"][0]
    assert (job["cause"], job["looked_at"], job["changed"], job["severity"]) == ("customer", 1, 1, None)
    assert (await backstage.types()).count("complaint.updated") == 1
    await front.admin.patch(f"/v1/customers/{one}", json={"class": "ordinary"})
    assert await followed(backstage, worker) == ["customer"]
    assert await minutes(front, complaint) == SLOW


@pytest.mark.usefixtures("promised")
async def test_a_change_that_is_none_of_the_class_asks_for_nothing(
    backstage: Backstage, worker: Worker, front: Front
) -> None:
    one, idle = await front.customer("Acme"), await front.customer("Globex")
    await receive(front.admin, one)
    ended = await receive(front.admin, idle)
    await go(front.admin, ended, "withdraw", reason="A mistake")
    await front.admin.patch(f"/v1/customers/{one}", json={"name": "Acme Ltd", "key_kind": None})
    await front.admin.patch(f"/v1/customers/{idle}", json={"class": "key"})
    assert await followed(backstage, worker) == []


@pytest.mark.usefixtures("promised")
async def test_after_a_merge_it_is_due_as_the_winner_is_promised_and_back_when_that_is_undone(
    backstage: Backstage, worker: Worker, front: Front
) -> None:
    winner, loser = await front.customer("Acme", **{"class": "key"}), await front.customer("Globex")
    complaint = await receive(front.admin, loser)
    await followed(backstage, worker)
    assert await minutes(front, complaint) == SLOW
    await merge(backstage, UUID(winner), UUID(loser))
    assert await followed(backstage, worker) == ["customer"]
    assert await minutes(front, complaint) == FAST
    await unmerge(backstage, UUID(loser))
    assert await followed(backstage, worker) == ["customer"]
    assert await minutes(front, complaint) == SLOW


@pytest.mark.usefixtures("promised")
async def test_asked_twice_it_is_done_once(backstage: Backstage, worker: Worker, front: Front) -> None:
    one = await front.customer("Acme")
    complaint = await receive(front.admin, one)
    for class_ in ("key", "potential", "key"):
        await front.admin.patch(f"/v1/customers/{one}", json={"class": class_})
    assert await followed(backstage, worker) == ["customer"]
    assert await minutes(front, complaint) == FAST
