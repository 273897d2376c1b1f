"""What the worker does about customers who become one, or two again: warmth follows whose the contact is by now."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from crm.customers import actions as customers
from crm.customers import merging
from crm.customers.schemas import CustomerMerge, CustomerUpdate
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, settle
from tests.worker.test_care import contact_tasks, customer, log, new_customer, open_task, visited

BLOCKED = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def merge(backstage: Backstage, winner: UUID, loser: UUID) -> None:
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await merging.merge(tx, CustomerMerge(winner_id=winner, loser_id=loser))


async def unmerge(backstage: Backstage, loser: UUID) -> None:
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await merging.unmerge(tx, loser)


async def until_blocked(backstage: Backstage) -> None:
    """Somebody waits for a row."""
    for _ in range(1000):
        if await backstage.owner.fetchval(BLOCKED):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def bands(backstage: Backstage, *ids: UUID) -> list[str]:
    return [(await customer(backstage, who))["warmth_band"] for who in ids]


async def test_a_call_from_before_the_merge_warms_the_winner(backstage: Backstage, worker: Worker) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    await settle(worker)
    await log(backstage, two, "reached")
    await merge(backstage, one, two)
    await settle(worker)
    assert await bands(backstage, one, two) == ["hot", "never"]
    assert (await open_task(backstage, one))["assignee_id"] == backstage.home.anna.id
    assert await contact_tasks(backstage, two) == []


async def test_a_call_from_before_a_merge_that_was_undone_warms_its_own_customer(
    backstage: Backstage, worker: Worker
) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    await settle(worker)
    await log(backstage, two, "reached")
    await merge(backstage, one, two)
    await unmerge(backstage, two)
    await settle(worker)
    assert await bands(backstage, one, two) == ["never", "hot"]
    for who in (one, two):
        await open_task(backstage, who)


async def test_a_visit_from_before_the_merge_is_the_winners_contact(backstage: Backstage, worker: Worker) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    await settle(worker)
    await visited(backstage, two)
    await merge(backstage, one, two)
    await settle(worker)
    assert await bands(backstage, one, two) == ["hot", "never"]
    kept = await backstage.owner.fetch("SELECT customer_id FROM interactions")
    assert [row["customer_id"] for row in kept] == [one]


async def test_contacts_since_the_merge_are_told_apart_when_it_is_undone(backstage: Backstage, worker: Worker) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    long_ago, lately = datetime.now(UTC) - timedelta(days=60), datetime.now(UTC) - timedelta(hours=1)
    await log(backstage, one, "reached", long_ago)
    await settle(worker)
    await log(backstage, two, "reached", lately)
    await merge(backstage, one, two)
    await settle(worker)
    assert (await customer(backstage, one))["last_contact_at"] == lately
    await unmerge(backstage, two)
    await settle(worker)
    assert (await customer(backstage, one))["last_contact_at"] == long_ago
    assert (await customer(backstage, two))["last_contact_at"] == lately
    for who in (one, two):
        await open_task(backstage, who)


async def test_the_winner_keeps_one_task_to_be_in_touch(backstage: Backstage, worker: Worker) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    await settle(worker)
    await merge(backstage, one, two)
    await settle(worker)
    await open_task(backstage, one)


async def test_leaders_whom_the_loser_lacked_are_asked_of_the_winner(backstage: Backstage, worker: Worker) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    await customers.update(
        backstage.stage.database.writing(backstage.home.admin.actor),
        one,
        CustomerUpdate.model_validate({"class": "key"}),
    )
    await backstage.owner.execute(
        "INSERT INTO contacts (workspace_id, customer_id, name, name_key, level) VALUES ($1, $2, 'Li', 'li', 'top')",
        backstage.home.id, two,
    )  # fmt: skip
    await settle(worker)
    await merge(backstage, one, two)
    await settle(worker)
    asked = "SELECT title FROM tasks WHERE customer_id = $1 AND dedupe_key LIKE 'leader_file%' AND state = 'open'"
    (task,) = await backstage.owner.fetch(asked, one)
    assert "Li" in task["title"]


async def test_a_reaction_that_waits_for_a_merge_follows_it(backstage: Backstage, worker: Worker) -> None:
    one, two = await new_customer(backstage), await new_customer(backstage, "Globex")
    await settle(worker)
    await log(backstage, two, "reached")
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await merging.merge(tx, CustomerMerge(winner_id=one, loser_id=two))
        late = asyncio.create_task(settle(worker))
        await until_blocked(backstage)
    await late
    assert await bands(backstage, one, two) == ["hot", "never"]
