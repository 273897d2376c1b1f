"""What firing costs beside a million that wait: the plan, not the clock, is what a test can hold on to."""

import json
from datetime import timedelta
from typing import Any

import pytest

from crm.actor import NOBODY
from crm.database import Statement
from crm.notifications import firing
from tests.factories import Workspace
from tests.notifications.conftest import Round

PLANS = ["force_custom_plan", "force_generic_plan"]
"""A plan made for the values at hand, and the one Postgres keeps once it has run a statement a few times."""


async def plan_of(rounds: Round, mode: str, wanted: Statement, *arguments: str) -> dict[str, Any]:
    """How Postgres runs a statement, as the worker."""
    async with rounds.worker.scanning() as tx:
        connection = tx._connection
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await tx.row(firing._settings())
        await connection.execute(f"PREPARE wanted AS {wanted.sql}")
        given = f"({', '.join(arguments)})"
        (row,) = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE wanted {given}")
        await connection.execute("DEALLOCATE wanted")
    found: dict[str, Any] = row[0][0]
    return found


async def many_that_wait(rounds: Round) -> list[Workspace]:
    """Three workspaces, each with thousands of reminders for the days to come."""
    homes = [await rounds.workspace() for _ in range(3)]
    for home in homes:
        for days in (1, 2, 3):
            await rounds.plan(home.id, home.anna.id, 3_000, due=timedelta(days=days))
    await rounds.stage.owner.execute("VACUUM ANALYZE reminders")
    return homes


@pytest.mark.parametrize("mode", PLANS)
async def test_an_idle_round_is_one_statement_and_reads_a_handful_of_pages(
    rounds: Round, queries: list[str], mode: str
) -> None:
    await many_that_wait(rounds)
    plan = await plan_of(rounds, mode, firing._anything_due(), "NULL")
    assert "Seq Scan" not in json.dumps(plan)
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] <= 20
    queries.clear()
    assert await rounds.fire() == 0
    assert len([sent for sent in queries if "reminders" in sent]) == 1


@pytest.mark.parametrize("mode", PLANS)
async def test_a_round_reads_what_is_due_and_not_what_waits(rounds: Round, mode: str) -> None:
    homes = await many_that_wait(rounds)
    await rounds.plan(homes[1].id, homes[1].anna.id, 5)
    values = {
        "now": "NULL",
        "actor_kind": "'system'",
        "actor_id": f"'{NOBODY}'",
    }
    fire = firing._fire(100, firing.always_heard, firing.always_heard)
    plan = await plan_of(rounds, mode, fire, *(values[name] for name in fire.names))
    nodes = [node for node in _nodes(plan["Plan"]) if node.get("Relation Name") == "reminders"]
    scans = [node for node in nodes if "Scan" in node["Node Type"]]
    assert scans
    for node in scans:
        assert "Index" in node["Node Type"], node
        assert node["Shared Hit Blocks"] + node["Shared Read Blocks"] < 120, node
        assert node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0) < 50, node


@pytest.mark.parametrize("mode", PLANS)
@pytest.mark.parametrize("known", ["nothing is due", "all is due"])
async def test_of_a_backlog_no_more_is_read_than_is_taken_whatever_postgres_believes(
    rounds: Round, mode: str, known: str
) -> None:
    homes = await many_that_wait(rounds)
    await rounds.stage.owner.execute("UPDATE reminders SET fire_at = now() - interval '1 minute'")
    if known == "all is due":
        await rounds.stage.owner.execute("VACUUM ANALYZE reminders")
    # The workspaces in front are done with: what they have must not be looked through to find the last one.
    await rounds.stage.owner.execute(
        "UPDATE reminders SET state = 'fired', fired_at = now() WHERE workspace_id <> $1", homes[-1].id
    )
    await rounds.stage.owner.execute("VACUUM reminders")
    fire = firing._fire(90, firing.always_heard, firing.always_heard)
    values = {"now": "NULL", "actor_kind": "'system'", "actor_id": f"'{NOBODY}'"}
    plan = await plan_of(rounds, mode, fire, *(values[name] for name in fire.names))
    scans = [node for node in _nodes(plan["Plan"]) if node.get("Relation Name") == "reminders"]
    for node in scans:
        if "Scan" in node["Node Type"]:
            read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            assert read * node["Actual Loops"] <= 300, node
            assert node["Index Name"] in {"ix_reminders_due", "ix_reminders_due_by_workspace", "pk_reminders"}, node


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in _nodes(child))]
