"""What the round over promises costs beside thousands that wait: the plan, not the clock, is what a test can hold."""

import json
from typing import Any

import pytest

from crm.actor import NOBODY
from crm.complaints import escalating, recounting
from crm.database import Statement
from services.worker.promising import watch_promises
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY
from tests.factories import Workspace, found_workspace
from tests.worker.conftest import Backstage

PLANS = ["force_custom_plan", "force_generic_plan"]
"""A plan made for the values at hand, and the one Postgres keeps once it has run a statement a few times."""
MANY = 6_000

COMPLAINTS = """
INSERT INTO complaints (workspace_id, number, channel, received_at, subject, category, severity, due_at)
SELECT $1, n::text, 'phone', now(), 'Leaks', 'quality', 'medium', now() + make_interval(hours => n)
FROM generate_series(1, $2::int) AS n
"""
CLOCKS = """
INSERT INTO sla_clocks (workspace_id, complaint_id, kind, state, minutes, started_at, due_at, stopped_at, thresholds,
                        next_threshold_at)
SELECT workspace_id, id, kind, CASE WHEN kind = 'acknowledge' THEN 'met' ELSE 'running' END, 60, now(), due_at,
       CASE WHEN kind = 'acknowledge' THEN now() END,
       jsonb_build_array(jsonb_build_object('percent', 100, 'at', due_at, 'crossed_at', NULL)),
       CASE WHEN kind <> 'acknowledge' THEN due_at END
FROM complaints, (VALUES ('acknowledge'), ('response'), ('resolution')) AS k(kind) WHERE workspace_id = $1
"""


async def many_that_wait(backstage: Backstage) -> list[Workspace]:
    """Two workspaces, each with thousands of clocks for the days to come."""
    homes = [backstage.home, await found_workspace(backstage.owner, SECRET_KEY)]
    for home in homes:
        await backstage.owner.execute(COMPLAINTS, home.id, MANY)
        await backstage.owner.execute(CLOCKS, home.id)
    await backstage.owner.execute("VACUUM ANALYZE complaints, sla_clocks")
    return homes


async def plan_of(worker: Worker, home: Workspace | None, mode: str, wanted: Statement, *given: str) -> dict[str, Any]:
    """How Postgres runs a statement, as the worker: in a workspace, or over all of them."""
    actor = None if home is None else await worker.actor(home.id)
    opened = worker.database.scanning() if actor is None else worker.database.transaction(actor)
    async with opened as tx:
        connection = tx._connection
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE wanted AS {wanted.sql}")
        values = f"({', '.join(given)})" if given else ""
        (row,) = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE wanted{values}")
        await connection.execute("DEALLOCATE wanted")
    found: dict[str, Any] = row[0][0]
    return found


def pages(plan: dict[str, Any]) -> int:
    """How many pages it looked at."""
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("mode", PLANS)
async def test_an_idle_round_is_one_statement_and_reads_a_handful_of_pages(
    backstage: Backstage, worker: Worker, queries: list[str], mode: str
) -> None:
    await many_that_wait(backstage)
    plan = await plan_of(worker, None, mode, escalating._anything_due())
    assert "Seq Scan" not in json.dumps(plan)
    assert pages(plan) <= 20
    queries.clear()
    assert await watch_promises(worker) is False
    assert len([sent for sent in queries if "sla_clocks" in sent]) == 1


@pytest.mark.parametrize("mode", PLANS)
async def test_a_round_reads_what_is_due_and_not_what_waits(backstage: Backstage, worker: Worker, mode: str) -> None:
    homes = await many_that_wait(backstage)
    await backstage.owner.execute(
        "UPDATE sla_clocks SET next_threshold_at = now() WHERE id IN (SELECT id FROM sla_clocks "
        "WHERE workspace_id = $1 AND kind = 'response' LIMIT 5)",
        homes[1].id,
    )
    found = await plan_of(worker, None, mode, escalating._workspaces())
    assert "Seq Scan" not in json.dumps(found)
    assert pages(found) <= 80
    assert found["Plan"]["Actual Rows"] == 1
    taken = await plan_of(worker, homes[1], mode, escalating._take(500), f"'{homes[1].id}'")
    assert "Seq Scan" not in json.dumps(taken)
    assert pages(taken) <= 80


@pytest.mark.parametrize("mode", PLANS)
async def test_the_next_complaints_to_be_worked_out_anew_are_found_in_order(
    backstage: Backstage, worker: Worker, mode: str
) -> None:
    homes = await many_that_wait(backstage)
    wanted = recounting._next()
    given = {
        "workspace_id": f"'{homes[1].id}'", "severity": "'medium'", "after_id": f"'{NOBODY}'", "calendar_id": "NULL",
        "most": "20", "customer_id": "NULL",
    }  # fmt: skip
    plan = await plan_of(worker, homes[1], mode, wanted, *(given[name] for name in wanted.names))
    assert "Seq Scan" not in json.dumps(plan)
    assert pages(plan) <= 600, "twenty, not all that there are"
