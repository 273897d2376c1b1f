"""What the tests of opportunities begin with."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.conftest import Client
from tests.contacts.test_contacts import customer_of

ZONE = ZoneInfo("Asia/Shanghai")
PROMISING = {"money": "yes", "authority": "yes", "need": "yes"}
AMOUNT = {"amount": "500000.00", "currency": "CNY"}


def day(ahead: int = 0) -> str:
    """The day so many days ahead, in the zone of the workspace."""
    return (datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=ahead)).isoformat()


KNOWN = {**PROMISING, "amount": AMOUNT, "expected_close_on": day(30), "next_step": "Call", "next_step_on": day(3)}
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


async def reach(client: Client, customer_id: str) -> None:
    """Speak with the customer."""
    call = {"customer_id": customer_id, "channel": "call", "outcome": "reached"}
    assert (await client.post("/v1/interactions", json=call)).status_code == 201
