"""What tests of promises have in common."""

from datetime import datetime
from typing import Any

from tests.conftest import Client

OFFICE = [
    {"weekday": weekday, "opens": opens, "closes": closes}
    for weekday in range(1, 6)
    for opens, closes in (("09:00", "12:00"), ("13:30", "18:00"))
]
CHINA_CALENDAR = {"name": "China", "timezone": "Asia/Shanghai", "country": "CN", "week": OFFICE}
ALL_WEEK = [{"weekday": weekday, "opens": "00:00", "closes": "24:00"} for weekday in range(1, 8)]


async def new_policy(client: Client, **more: Any) -> dict[str, Any]:
    """A policy for medium severity, unless it says otherwise."""
    body = {
        "name": "Medium",
        "severity": "medium",
        "acknowledge_minutes": 120,
        "response_minutes": 480,
        "resolution_minutes": 960,
        "thresholds": [80, 100],
        "escalation": [{"percent": 80, "to": "assignee"}, {"percent": 100, "to": "manager"}],
        **more,
    }
    response = await client.post("/v1/sla-policies", json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def clocks_of(
    client: Client, complaint_id: str, *, explained: bool = False, **query: Any
) -> list[dict[str, Any]]:
    """The clocks of a complaint as they stand."""
    path = f"/v1/complaints/{complaint_id}/clocks{'/explain' if explained else ''}"
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["clocks"]
    return found


async def clock_of(client: Client, complaint_id: str, kind: str) -> dict[str, Any]:
    """The latest clock of one kind."""
    return [one for one in await clocks_of(client, complaint_id) if one["kind"] == kind][-1]


def moment(text: str) -> datetime:
    """A moment of an answer."""
    return datetime.fromisoformat(text)
