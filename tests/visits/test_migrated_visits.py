"""What there was before visits had their whole life comes along: overlaps stay, positions in the open go."""

import asyncio

from alembic import command

from services.local.servers import SUPERUSER
from tests.conftest import SECRET_KEY, Stage
from tests.factories import found_workspace
from tests.templates import alembic_config

VISIT = """
INSERT INTO visits (workspace_id, customer_id, owner_id, purpose, state, planned_start, planned_end, started_at,
    start_location, start_distance_m)
VALUES ($1, $2, $3, 'care', $4, now() + $5 * interval '1 hour', now() + ($5 + 1) * interval '1 hour',
    CASE $4 WHEN 'planned' THEN NULL ELSE now() + $5 * interval '1 hour' END,
    CASE $4 WHEN 'planned' THEN NULL ELSE '{"latitude": 31.2, "longitude": 121.4}'::jsonb END, 40) RETURNING id
"""
FACT = """
INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, actor_id, payload,
    changes)
VALUES ($1, 'visit.started', 'visit', $2, 2, $3, 'user', $4,
    '{"id": "x", "check_in": {"location": {"latitude": 31.2}, "distance_m": 40}, "check_out": null}',
    '{"state": ["planned", "in_progress"], "start_location": [null, {"latitude": 31.2}]}')
"""


async def test_what_there_was_is_brought_into_the_new_order_and_back(own_stage: Stage) -> None:
    owner, config = own_stage.owner, alembic_config(own_stage.dsn_of(SUPERUSER, own_stage.name))
    home = await found_workspace(owner, SECRET_KEY)
    await asyncio.to_thread(command.downgrade, config, "visits2-1")
    customer_id = await owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', 'A', 'a') RETURNING id",
        home.id,
    )
    states = (("planned", 0.0), ("planned", 0.5), ("planned", 9.0), ("in_progress", -9.0), ("in_progress", -5.0))
    ids = [await owner.fetchval(VISIT, home.id, customer_id, home.anna.id, *each) for each in states]
    await owner.execute(FACT, home.id, ids[4], customer_id, home.anna.id)

    await asyncio.to_thread(command.upgrade, config, "visits2")
    rows = {row["id"]: row for row in await owner.fetch("SELECT * FROM visits")}
    found = [(rows[one]["state"], rows[one]["overlap_allowed"], rows[one]["start_position_state"]) for one in ids]
    assert found == [
        ("planned", True, None),
        ("planned", True, None),
        ("planned", False, None),
        ("cancelled", False, "forgotten"),
        ("in_progress", False, "forgotten"),
    ]
    fact = await owner.fetchrow("SELECT payload, changes FROM events WHERE type = 'visit.started'")
    assert fact is not None
    assert fact["payload"]["check_in"] == {"distance_m": 40}
    assert fact["changes"] == {"state": ["planned", "in_progress"]}

    await owner.execute("UPDATE visits SET state = 'missed' WHERE id = $1", ids[0])
    await owner.execute("UPDATE visits SET state = 'confirmed' WHERE id = $1", ids[2])
    await asyncio.to_thread(command.downgrade, config, "visits2-1")
    now = {row["id"]: row["state"] for row in await owner.fetch("SELECT id, state FROM visits")}
    assert [now[one] for one in ids] == ["cancelled", "planned", "planned", "cancelled", "in_progress"]
