"""What the worker makes of a customer that was handed over: nothing a second time."""

from typing import Any

import pytest

from crm.customers import actions as customers
from crm.customers.schemas import CustomerCreate
from crm.handovers import actions as handovers
from crm.handovers.schemas import CustomerTransfer
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, settle


async def everything(backstage: Backstage) -> list[Any]:
    tables = ("customers", "tasks", "reminders", "notifications")
    return [await backstage.owner.fetch(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1") for table in tables]


@pytest.mark.parametrize("along", [True, False])
async def test_the_task_to_be_in_touch_goes_to_the_new_owner_once(
    backstage: Backstage, worker: Worker, *, along: bool
) -> None:
    home = backstage.home
    mine = backstage.stage.database.writing(home.anna.actor)
    at = (await customers.create(mine, CustomerCreate(name="Acme", kind="company"))).id
    await settle(worker)
    wanted = CustomerTransfer.model_validate(
        {"owner_id": home.ben.id, "reason": "x", "with": {"tasks": along, "visits": along}}
    )
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        await handovers.transfer(tx, at, wanted)
    handed_over = await everything(backstage)
    await settle(worker)
    (task,) = await backstage.owner.fetch("SELECT id, assignee_id, team_id, state FROM tasks")
    assert (task["assignee_id"], task["team_id"], task["state"]) == (home.ben.id, home.south, "open")
    reminders = await backstage.owner.fetch("SELECT user_id FROM reminders WHERE state = 'scheduled'")
    assert [row["user_id"] for row in reminders] == [home.ben.id]
    assert (await everything(backstage) == handed_over) is along, "the worker finds nothing left to do"
    moves = [kind for kind in await backstage.types() if kind in {"task.reassigned", "task.updated", "task.created"}]
    assert moves == ["task.created", "task.reassigned" if along else "task.updated"]
