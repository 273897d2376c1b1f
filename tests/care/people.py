"""Customers for the tests of care, with what was done about them."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.conftest import Client
from tests.factories import Workspace

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment of a day in Shanghai."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), SHANGHAI)


async def customer(client: Client, name: str = "Acme", **values: Any) -> str:
    """A new customer of whoever asks."""
    response = await client.post("/v1/customers?allow_duplicates=true", json={"name": name, **values})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def last_contact(workspace: Workspace, customer_id: str, day: str | None) -> None:
    """They were last in touch on that day."""
    moment = None if day is None else at(day)
    await workspace.owner.execute("UPDATE customers SET last_contact_at = $2 WHERE id = $1", UUID(customer_id), moment)


async def touch(client: Client, customer_id: str, moment: datetime, **values: Any) -> dict[str, Any]:
    """A call of ours, unless it is said otherwise."""
    said = {"channel": "call", "outcome": "reached", "occurred_at": moment.isoformat()}
    body = {"customer_id": customer_id, **said, **values}
    response = await client.post("/v1/interactions", json=body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def chinese_calendar(client: Client) -> str:
    """The workspace goes by China's calendar of 2026, as announced."""
    week = [
        {"weekday": day, "opens": opens, "closes": closes}
        for day in range(1, 6)
        for opens, closes in (("09:00", "12:00"), ("13:30", "18:00"))
    ]
    body = {"name": "China", "timezone": "Asia/Shanghai", "week": week}
    made = await client.post("/v1/calendars", json=body)
    assert made.status_code == 201, made.text
    calendar_id = str(made.json()["id"])
    taken = await client.post(f"/v1/calendars/{calendar_id}/import-holidays", json={"country": "CN", "year": 2026})
    assert taken.status_code == 200, taken.text
    chosen = await client.patch("/v1/workspace", json={"calendar_id": calendar_id})
    assert chosen.status_code == 200, chosen.text
    return calendar_id
