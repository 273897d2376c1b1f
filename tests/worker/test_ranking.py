"""The monthly look at key customers: once a month, in each workspace, whatever becomes of the others."""

from datetime import UTC, date, datetime

import pytest

from crm.key_customers.actions import confirm
from crm.key_customers.monthly import month
from services.worker.ranking import rank
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, settle, until_idle


async def influential(backstage: Backstage, many: int) -> None:
    await backstage.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, influence) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, 5 FROM generate_series(1, $2::int) AS n",
        backstage.home.id,
        many,
    )


@pytest.mark.parametrize(
    ("moment", "zone", "first"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), "Asia/Shanghai", date(2026, 11, 1)),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "Asia/Shanghai", date(2026, 12, 1)),
        (datetime(2026, 12, 1, 4, 59, tzinfo=UTC), "America/New_York", date(2026, 11, 1)),
    ],
)
def test_a_month_begins_on_the_calendar_of_the_workspace(moment: datetime, zone: str, first: date) -> None:
    assert month(moment, zone) == first


async def test_a_month_is_done_once_and_the_next_month_again(backstage: Backstage, worker: Worker) -> None:
    await influential(backstage, 1)
    await until_idle(rank, worker)
    await influential(backstage, 1)
    await until_idle(rank, worker)
    assert (await backstage.types()).count("key_proposal.made") == 1
    await backstage.owner.execute("UPDATE key_rounds SET done_for = done_for - interval '1 month'")
    await until_idle(rank, worker)
    assert (await backstage.types()).count("key_proposal.made") == 2


async def test_a_month_too_long_for_one_batch_goes_on_where_it_stopped(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await influential(backstage, 7)
    monkeypatch.setattr("services.worker.ranking.MOST", 3)
    assert await rank(worker)
    assert (await backstage.types()).count("key_proposal.made") == 3
    await until_idle(rank, await backstage.hire())
    assert (await backstage.types()).count("key_proposal.made") == 7


async def test_a_workspace_with_broken_settings_does_not_hold_up_the_others(
    backstage: Backstage, worker: Worker
) -> None:
    await backstage.owner.execute(
        "INSERT INTO workspaces (name, settings) VALUES ('Odd', '{\"nobody knows\": 1}'::jsonb)"
    )
    await influential(backstage, 1)
    await until_idle(rank, worker)
    assert (await backstage.types()).count("key_proposal.made") == 1


async def test_a_new_key_customer_wants_contact_sooner(backstage: Backstage, worker: Worker) -> None:
    customer_id = await backstage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, influence, owner_id, next_contact_due_on) "
        "VALUES ($1, 'company', 'C', 'c', 5, $2, current_date + 90) RETURNING id",
        backstage.home.id,
        backstage.home.anna.id,
    )
    await until_idle(rank, worker)
    proposal_id = await backstage.owner.fetchval("SELECT id FROM key_proposals")
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        await confirm(tx, proposal_id)
    await settle(worker)
    due = "SELECT next_contact_due_on - current_date FROM customers WHERE id = $1"
    assert await backstage.owner.fetchval(due, customer_id) <= 31
