"""Whether customers hear from us often enough, shown and asked for."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crm.clock import today
from crm.customers.rules import contact_every
from crm.workspaces.settings import effective
from tests.care.people import customer
from tests.conftest import Client
from tests.factories import Workspace

CASES = [("never", None, 5), ("on_track", 10, 1), ("due", 10, 0), ("overdue", 100, -3)]


async def made(client: Client, workspace: Workspace, name: str, days_ago: int | None, due_in: int) -> str:
    customer_id = await customer(client, name)
    await workspace.owner.execute(
        "UPDATE customers SET last_contact_at = now() - $2 * interval '1 day', next_contact_due_on = $3 WHERE id = $1",
        UUID(customer_id),
        days_ago,
        today("Asia/Shanghai") + timedelta(days=due_in),
    )
    return customer_id


async def test_each_state_is_shown_with_the_days_over(client: Client, workspace: Workspace) -> None:
    for name, days_ago, due_in in CASES:
        shown = (await client.get(f"/v1/customers/{await made(client, workspace, name, days_ago, due_in)}")).json()
        assert shown["rhythm"] == {"state": name, "days_over": -due_in if due_in < 0 else None}
    late = await made(client, workspace, "Late", None, -1)
    assert (await client.get(f"/v1/customers/{late}")).json()["rhythm"] == {"state": "never", "days_over": 1}


@pytest.mark.parametrize("asked", [["never"], ["on_track"], ["due"], ["overdue"], ["due", "overdue"]])
async def test_customers_are_found_by_their_state(client: Client, workspace: Workspace, asked: list[str]) -> None:
    for name, days_ago, due_in in CASES:
        await made(client, workspace, name, days_ago, due_in)
    found: dict[str, Any] = (await client.get("/v1/customers", params={"rhythm": asked, "sort": "name"})).json()
    assert [one["name"] for one in found["data"]] == sorted(asked)


@pytest.mark.parametrize(("set_to", "every"), [(90, 90), (119, 119), (120, 119), (366, 119)])
def test_nobody_gets_cold_without_somebody_having_been_told(set_to: int, every: int) -> None:
    settings = effective({"cadence": {"ordinary": set_to}})
    assert contact_every(None, "ordinary", settings) == every
