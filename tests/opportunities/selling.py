"""What the tests of opportunities begin with."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.conftest import Client
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace

ZONE = ZoneInfo("Asia/Shanghai")
PROMISING = {"money": "yes", "authority": "yes", "need": "yes"}
AMOUNT = {"amount": "500000.00", "currency": "CNY"}


def day(ahead: int = 0) -> str:
    """The day so many days ahead, in the zone of the workspace."""
    return (datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=ahead)).isoformat()


KNOWN: dict[str, Any] = {
    **PROMISING,
    "amount": AMOUNT,
    "expected_close_on": day(30),
    "next_step": "Call",
    "next_step_on": day(3),
}
"""All that the default pipeline asks of the sale itself."""


async def sell(client: Client, customer_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A new opportunity."""
    at = customer_id or await customer_of(client)
    response = await client.post("/v1/opportunities", json={"customer_id": at, "name": "Two lines", **more})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def change(client: Client, sale: dict[str, Any] | str, **values: Any) -> dict[str, Any]:
    """The opportunity after this change."""
    id_ = sale if isinstance(sale, str) else sale["id"]
    response = await client.patch(f"/v1/opportunities/{id_}", json=values)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def act(client: Client, sale: dict[str, Any], verb: str, **body: Any) -> httpx.Response:
    """Ask for a move."""
    return await client.post(f"/v1/opportunities/{sale['id']}/{verb}", json=body)


async def reached(client: Client, workspace: Workspace) -> str:
    """A customer who was reached."""
    customer_id = await customer_of(client)
    await workspace.owner.execute("UPDATE customers SET last_contact_at = now() WHERE id = $1", customer_id)
    return customer_id


async def ready(client: Client, workspace: Workspace, **more: Any) -> dict[str, Any]:
    """A new sale of which everything is known that the default pipeline asks."""
    customer_id = await reached(client, workspace)
    await contact_of(client, customer_id, roles=[{"role": "decider"}])
    return await sell(client, customer_id, **{**KNOWN, **more})
