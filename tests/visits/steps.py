"""What the tests of visits begin with."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from tests.conftest import Client
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of

HERE = {"latitude": 31.2304, "longitude": 121.4737}
"""People's Square, Shanghai."""


def at(**ago: float) -> str:
    """A moment so long ago; negative is ahead."""
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


async def place(client: Client, **more: Any) -> tuple[str, str]:
    """A customer and a contact there, by their ids."""
    customer_id = await customer_of(client, **more)
    return customer_id, str((await contact_of(client, customer_id))["id"])


_hours = count()


def asked(customer_id: str, *contact_ids: str, **more: Any) -> dict[str, Any]:
    """The body that plans a visit for tomorrow or later, at an hour of its own: an owner has one visit at a time."""
    hours = next(_hours)
    times = {"planned_start": at(days=-1, hours=-hours), "planned_end": at(days=-1, hours=-hours - 1)}
    return {"customer_id": customer_id, "contact_ids": list(contact_ids), "purpose": "care"} | times | more


async def plan(client: Client, customer_id: str, *contact_ids: str, **more: Any) -> dict[str, Any]:
    """A visit as it was planned."""
    response = await client.post("/v1/visits", json=asked(customer_id, *contact_ids, **more))
    assert response.status_code == 201, response.text
    planned: dict[str, Any] = response.json()
    return planned


def report(contact_id: str, **more: Any) -> dict[str, Any]:
    """The least that completes a visit."""
    return {"result": "Signed.", "met_contact_ids": [contact_id]} | (more or {"none_needed": True})


async def act(client: Client, visit: dict[str, Any], verb: str, body: Any = None, **options: Any) -> httpx.Response:
    """One action on a visit."""
    return await client.post(f"/v1/visits/{visit['id']}/{verb}", json=body, **options)
