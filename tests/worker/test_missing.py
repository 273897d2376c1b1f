"""Visits that nobody made are missed when the grace is over, once, and can still be reported for some days."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.worker.missing import miss_visits
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage

VISIT = """
INSERT INTO visits (workspace_id, customer_id, owner_id, purpose, state, planned_start, planned_end, overlap_allowed)
SELECT workspace_id, id, owner_id, 'care', $2, now() - $3::interval - interval '1 hour', now() - $3::interval, true
FROM customers WHERE id = $1 RETURNING id
"""


async def customer(backstage: Backstage) -> UUID:
    """A customer of Anna's."""
    made: UUID = await backstage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id) "
        "VALUES ($1, 'company', 'Acme', 'acme', $2) RETURNING id",
        backstage.home.id,
        backstage.home.anna.id,
    )
    return made


async def state(backstage: Backstage, visit_id: UUID) -> str:
    """Where the visit is."""
    found: str = await backstage.owner.fetchval("SELECT state FROM visits WHERE id = $1", visit_id)
    return found


@pytest.mark.parametrize(
    ("was", "hours", "becomes"),
    [
        ("planned", 23.9, "planned"),
        ("planned", 24.1, "missed"),
        ("confirmed", 24.1, "missed"),
        ("in_progress", 100, "in_progress"),
        ("cancelled", 100, "cancelled"),
    ],
)
async def test_what_nobody_made_is_missed_a_day_after_its_end(
    backstage: Backstage, worker: Worker, was: str, hours: float, becomes: str
) -> None:
    visit_id = await backstage.owner.fetchval(VISIT, await customer(backstage), was, timedelta(hours=hours))
    await miss_visits(worker)
    assert await state(backstage, visit_id) == becomes
    await miss_visits(worker)
    assert await backstage.types() == (["visit.missed"] if becomes == "missed" else [])


async def test_the_grace_is_the_workspaces_and_the_fact_says_who_missed_what(
    backstage: Backstage, worker: Worker
) -> None:
    visit_id = await backstage.owner.fetchval(VISIT, await customer(backstage), "planned", timedelta(hours=3))
    await backstage.owner.execute(
        'UPDATE workspaces SET settings = settings || \'{"visits": {"missed_after_hours": 2}}\'::jsonb'
    )
    await miss_visits(worker)
    fact = await backstage.owner.fetchrow("SELECT * FROM events")
    assert fact is not None
    assert (fact["type"], fact["subject_id"], fact["actor_kind"]) == ("visit.missed", visit_id, "system")
    assert fact["changes"]["state"] == ["planned", "missed"]
    assert fact["payload"]["owner"]["name"] == "Anna Sales"
    assert fact["payload"]["moves"] == ["complete"]


async def test_two_workers_at_once_miss_no_visit_twice(backstage: Backstage, worker: Worker) -> None:
    at = await customer(backstage)
    for hours in range(30, 40):
        await backstage.owner.fetchval(VISIT, at, "planned", timedelta(hours=hours))
    other = await backstage.hire()
    await asyncio.gather(miss_visits(worker), miss_visits(other))
    assert await backstage.types() == ["visit.missed"] * 10
    assert await backstage.owner.fetchval("SELECT max(version) FROM visits") == 2


async def test_a_workspace_that_goes_wrong_leaves_the_others_alone(backstage: Backstage, worker: Worker) -> None:
    await backstage.owner.execute(
        "INSERT INTO workspaces (workspace_id, name, settings) "
        "VALUES ('00000000-0000-7000-8000-000000000001', 'Broken', '{\"visits\": 1}')"
    )
    visit_id = await backstage.owner.fetchval(VISIT, await customer(backstage), "planned", timedelta(hours=30))
    await miss_visits(worker)
    assert await state(backstage, visit_id) == "missed"
