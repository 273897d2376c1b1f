"""Contracts that are over are told once and renewed (``domain.md`` A120, C2)."""

from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from services.worker.rounds import Worker
from services.worker.selling import look_after_sales
from tests.opportunities.selling import day
from tests.opportunities.test_days import sale
from tests.worker.conftest import Backstage, backstage, until_idle, worker
from tests.worker.test_rules import customer

__all__ = ["backstage", "worker"]


async def won(backstage: Backstage, ends: int, **columns: Any) -> Any:
    """A sale that was won, with a contract that ends so many days from today."""
    closed = date(2025, 11, 24)
    given = {
        "customer_id": await customer(backstage), "state": "won", "amount": 100, "currency": "CNY",
        "closed_on": closed, "closed_at": datetime(2025, 11, 24, tzinfo=UTC),
        "contract_ends_on": date.fromisoformat(day(ends)), "team_id": backstage.home.north, **columns,
    }  # fmt: skip
    return await sale(backstage, backstage.home.anna, **given)


async def renewals(backstage: Backstage) -> list[asyncpg.Record]:
    return await backstage.owner.fetch("SELECT * FROM opportunities WHERE renewal_of_id IS NOT NULL ORDER BY name")


async def expired(backstage: Backstage) -> list[Any]:
    rows = await backstage.owner.fetch("SELECT subject_id FROM events WHERE type = 'contract.expired'")
    return [row["subject_id"] for row in rows]


async def another_day(backstage: Backstage) -> None:
    await backstage.owner.execute("UPDATE opportunity_rounds SET done_for = NULL")


async def test_a_contract_that_is_over_is_told_once_and_its_renewal_begins(
    backstage: Backstage, worker: Worker
) -> None:
    over = await won(backstage, -1)
    await won(backstage, 0, name="Last day")
    await won(backstage, -1, name="Put aside", archived_at=datetime.now(UTC))
    await won(backstage, -1, name="Endless", contract_ends_on=None)
    for _ in range(2):
        await until_idle(look_after_sales, worker)
        await another_day(backstage)
    assert await expired(backstage) == [over]
    old = await backstage.owner.fetchrow("SELECT * FROM opportunities WHERE id = $1", over)
    assert old is not None
    assert old["contract_expired_at"] is not None
    (new,) = await renewals(backstage)
    assert (new["renewal_of_id"], new["name"], new["state"], new["opened_on"].isoformat()) == (
        over, "Two lines: renewal", "open", day(),
    )  # fmt: skip
    same = ("customer_id", "owner_id", "team_id", "pipeline_id", "stage_id")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert new["review_due_on"] is not None
    told = await backstage.owner.fetchval(
        "SELECT payload ->> 'renewal_of_id' FROM events WHERE type = 'opportunity.created' AND subject_id = $1",
        new["id"],
    )
    assert told == str(over)
    moves = await backstage.owner.fetch("SELECT move FROM opportunity_moves WHERE opportunity_id = $1", new["id"])
    assert [row["move"] for row in moves] == ["create"]


@pytest.mark.parametrize("why", ["off", "long_ago", "customer_archived"])
async def test_a_contract_can_be_over_without_a_renewal(backstage: Backstage, worker: Worker, why: str) -> None:
    over = await won(backstage, -91 if why == "long_ago" else -90)
    if why == "off":
        await backstage.owner.execute('UPDATE workspaces SET settings = \'{"opportunities": {"renewals": "off"}}\'')
    if why == "customer_archived":
        await backstage.owner.execute("UPDATE customers SET archived_at = now()")
    await until_idle(look_after_sales, worker)
    assert await expired(backstage) == [over]
    assert await renewals(backstage) == []


async def test_a_renewal_is_renewed_under_its_name_and_in_a_pipeline_that_is_in_use(
    backstage: Backstage, worker: Worker
) -> None:
    first = await won(backstage, -90, contract_expired_at=datetime.now(UTC), name="Lines")
    other = await backstage.owner.fetchval(
        "INSERT INTO pipelines (workspace_id, name, archived_at) VALUES ($1, 'Old', now()) RETURNING id",
        backstage.home.id,
    )
    stage = await backstage.owner.fetchval(
        "INSERT INTO pipeline_stages (workspace_id, pipeline_id, key, name, place, probability) "
        "VALUES ($1, $2, 'x', 'X', 1, 0.5) RETURNING id",
        backstage.home.id, other,
    )  # fmt: skip
    second = await won(backstage, -1, name="Lines: renewal", renewal_of_id=first, pipeline_id=other, stage_id=stage)
    await until_idle(look_after_sales, worker)
    third = await backstage.owner.fetchrow("SELECT * FROM opportunities WHERE renewal_of_id = $1", second)
    used = await backstage.owner.fetchrow(
        "SELECT s.id, s.pipeline_id FROM pipeline_stages AS s JOIN pipelines AS p ON p.id = s.pipeline_id "
        "WHERE p.is_default AND s.place = 1"
    )
    assert third is not None
    assert used is not None
    assert (third["name"], third["pipeline_id"], third["stage_id"]) == (
        "Lines: renewal", used["pipeline_id"], used["id"],
    )  # fmt: skip
