"""A person of whom something is held everywhere."""

from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Client
from tests.guards.scene import at, hours


@dataclass
class Known:
    """A contact with a visit that met them, one to come, a call, a task and a consent."""

    customer_id: str
    contact_id: str
    beside_id: str
    ids: dict[str, str] = field(default_factory=dict)


async def post(client: Client, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
    """Make something, or do something with it."""
    response = await client.post(path, json=body, headers=headers)
    assert response.status_code in {200, 201}, (path, response.text)
    made: dict[str, Any] = response.json()
    return made


async def known(client: Client, **person: Any) -> Known:
    """Somebody, and somebody else beside them."""
    customer_id = (await post(client, "/v1/customers", {"name": "Acme"}))["id"]
    about = {"customer_id": customer_id, "name": "Zhao Min", **person}
    contact_id = (await post(client, "/v1/contacts", about, **{"Idempotency-Key": "contact"}))["id"]
    beside_id = (await post(client, "/v1/contacts", {"customer_id": customer_id, "name": "Li Lei"}))["id"]
    found = Known(customer_id, contact_id, beside_id)
    said = {"purpose": "care", "status": "given", "notice_version": "1"}
    found.ids["consent"] = (await post(client, f"/v1/contacts/{contact_id}/consents", said))["id"]
    call = {"customer_id": customer_id, "contact_id": contact_id, "channel": "call", "outcome": "reached"}
    found.ids["interaction"] = (await post(client, "/v1/interactions", call, **{"Idempotency-Key": "call"}))["id"]
    visit = {"customer_id": customer_id, "contact_ids": [contact_id, beside_id], "purpose": "care"}
    for name, start in (("met", 1), ("planned", 24)):
        key = {"Idempotency-Key": name}
        found.ids[name] = (await post(client, "/v1/visits", visit | hours(start), **key))["id"]
    step = {"title": "Send the offer", "due_at": at(48)}
    report = {"result": "signed", "met_contact_ids": [beside_id, contact_id], "next_step": step}
    await post(client, f"/v1/visits/{found.ids['met']}/complete", report)
    task = {"title": "Call Zhao Min back", "subject": {"type": "contact", "id": contact_id}, "due_at": at(24)}
    found.ids["task"] = (await post(client, "/v1/tasks", task, **{"Idempotency-Key": "task"}))["id"]
    return found
