"""What the worker does by the day: late requests become tasks, old whereabouts go."""

from typing import Any
from uuid import UUID

from services.worker.privacy import keep_private
from services.worker.rounds import Worker
from tests.factories import Person
from tests.worker.conftest import Backstage

NEW = """
INSERT INTO privacy_requests (workspace_id, person, kind, state, received_at, due_on, verified_by, closed_at)
VALUES ($1, 'A caller', 'access', $2, now() - interval '40 days', CURRENT_DATE + $3::int, $4,
        CASE WHEN $2 = 'fulfilled' THEN now() END)
RETURNING id
"""


async def request(backstage: Backstage, state: str, due_in: int, by: Person | None = None) -> UUID:
    """A request that is due in so many days."""
    found: UUID = await backstage.owner.fetchval(NEW, backstage.home.id, state, due_in, by and by.id)
    return found


async def tasks(backstage: Backstage) -> list[Any]:
    """What there is to do."""
    found: list[Any] = await backstage.owner.fetch("SELECT * FROM tasks ORDER BY id")
    return found


async def test_a_late_request_is_a_task_for_the_admin_who_verified_it_once(
    backstage: Backstage, worker: Worker
) -> None:
    home = backstage.home
    late = await request(backstage, "verified", -3, home.manager)
    await request(backstage, "verified", 3, home.manager)
    await request(backstage, "fulfilled", -3, home.manager)
    for each in (worker, await backstage.hire()):
        await keep_private(each)
    (task,) = await tasks(backstage)
    assert (task["assignee_id"], task["subject_type"], task["subject_id"]) == (home.manager.id, "privacy_request", late)
    assert task["title"].startswith("Answer the privacy request that was due on 20")
    assert await backstage.types() == ["task.created"]
    await backstage.owner.execute("UPDATE tasks SET state = 'done'")
    await keep_private(worker)
    assert len(await tasks(backstage)) == 1


async def test_where_nobody_verified_it_an_admin_is_told(backstage: Backstage, worker: Worker) -> None:
    await request(backstage, "received", -1)
    await backstage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", backstage.home.manager.id)
    await request(backstage, "verified", -1, backstage.home.manager)
    await keep_private(worker)
    assert [task["assignee_id"] for task in await tasks(backstage)] == [backstage.home.admin.id] * 2


VISIT = """
INSERT INTO visits (workspace_id, customer_id, owner_id, purpose, state, planned_start, planned_end, started_at,
                    start_position, start_position_state, start_distance_m)
SELECT workspace_id, id, owner_id, 'care', 'cancelled', now() - $2::int * interval '1 day', now(),
       now() - $2::int * interval '1 day', 'sealed', 'kept', 40
FROM customers WHERE id = $1 RETURNING id
"""


async def test_whereabouts_go_when_their_time_is_over(backstage: Backstage, worker: Worker) -> None:
    customer_id = await backstage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id) "
        "VALUES ($1, 'company', 'Acme', 'acme', $2) RETURNING id",
        backstage.home.id,
        backstage.home.anna.id,
    )
    old, new = [await backstage.owner.fetchval(VISIT, customer_id, days) for days in (366, 364)]
    kept = "SELECT id FROM visits WHERE start_position IS NOT NULL ORDER BY planned_start"
    await keep_private(worker)
    assert [row["id"] for row in await backstage.owner.fetch(kept)] == [new]
    row = await backstage.owner.fetchrow("SELECT * FROM visits WHERE id = $1", old)
    assert row is not None
    assert (row["start_distance_m"], row["start_position_state"], row["version"]) == (40, "forgotten", 2)
    await backstage.owner.execute(
        'UPDATE workspaces SET settings = settings || \'{"privacy": {"location_days": 30}}\'::jsonb'
    )
    await keep_private(worker)
    assert await backstage.owner.fetch(kept) == []
    assert await backstage.types() == []


async def test_a_workspace_that_goes_wrong_leaves_the_others_alone(backstage: Backstage, worker: Worker) -> None:
    await backstage.owner.execute(
        "INSERT INTO workspaces (workspace_id, name, timezone) "
        "VALUES ('00000000-0000-7000-8000-000000000001', 'Broken', 'Mars/Olympus')"
    )
    await request(backstage, "received", -1)
    await keep_private(worker)
    assert len(await tasks(backstage)) == 1
