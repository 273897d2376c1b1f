"""Tasks that rules find owed: once each, and closed together when what they ask for has happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest_asyncio

from crm.actor import system
from crm.tasks.actions import Owed, close_for, owe
from tests.conftest import Client, Facts, Stage
from tests.factories import Workspace
from tests.tasks.test_tasks import create, customer_of, planned


@pytest_asyncio.fixture
async def owed(client: Client, workspace: Workspace) -> Owed:
    """A contact that is due."""
    customer_id = UUID(await customer_of(client))
    return Owed(
        kind="contact_due",
        title="Be in touch with Acme",
        subject_type="customer",
        subject_id=customer_id,
        customer_id=customer_id,
        assignee_id=workspace.ben.id,
        due_at=datetime.now(UTC) + timedelta(days=1),
        dedupe_key=f"contact_due:{customer_id}:2026-11-22",
    )


async def test_what_is_owed_twice_is_made_once(
    client: Client, stage: Stage, workspace: Workspace, owed: Owed, events: Facts
) -> None:
    async with stage.database.transaction(system(workspace.id, timezone="UTC")) as tx:
        made = await owe(tx, owed)
        assert made is not None
        assert await owe(tx, replace(owed, title="Again")) is None
        assert await owe(tx, replace(owed, dedupe_key="another")) is not None
    task = (await client.get(f"/v1/tasks/{made.id}")).json()
    assert (task["title"], task["assignee"]["name"], task["team_id"]) == (
        owed.title,
        "Ben Sales",
        str(workspace.south),
    )
    assert [state for _, state in await planned(client, task)] == ["scheduled"]
    facts = await events("task.created")
    assert [fact["actor_kind"] for fact in facts] == ["system", "system"]
    assert facts[0]["payload"] == task


async def test_all_open_tasks_of_a_kind_close_together_with_their_facts(
    client: Client, stage: Stage, workspace: Workspace, owed: Owed, events: Facts
) -> None:
    other_kind = await create(client, str(owed.customer_id))
    other_customer = await create(client, kind="contact_due")
    actor = system(workspace.id, timezone="UTC")
    async with stage.database.transaction(actor) as tx:
        first, second = await owe(tx, owed), await owe(tx, replace(owed, dedupe_key="another"))
    assert first is not None
    assert second is not None
    assert owed.customer_id is not None
    for expected in (2, 0):
        async with stage.database.transaction(actor) as tx:
            closed = await close_for(tx, customer_id=owed.customer_id, kind="contact_due", outcome="visited")
        assert closed == expected
    facts = await events("task.completed")
    assert {fact["subject_id"] for fact in facts} == {first.id, second.id}
    for fact in facts:
        task = (await client.get(f"/v1/tasks/{fact['subject_id']}")).json()
        assert (task["state"], task["outcome"]) == ("done", "visited")
        assert fact["payload"] == task
        assert [state for _, state in await planned(client, task)] == ["cancelled"]
    for untouched in (other_kind, other_customer):
        assert (await client.get(f"/v1/tasks/{untouched['id']}")).json() == untouched
