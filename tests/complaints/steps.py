"""What the tests of complaints begin with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.conftest import Client
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace


def at(**ago: float) -> str:
    """A moment so long ago; negative is ahead."""
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


async def receive(client: Client, customer_id: str | None = None, **more: Any) -> dict[str, Any]:
    """A complaint that has just come in."""
    of = customer_id or await customer_of(client)
    return await from_nobody(client, customer_id=of, **more)


async def from_nobody(client: Client, **more: Any) -> dict[str, Any]:
    """A complaint of whom nobody knows who complains, where it is not said."""
    body = {"channel": "phone", "subject": "The pump leaks", "category": "quality", **more}
    response = await client.post("/v1/complaints", json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def act(client: Client, complaint: dict[str, Any], verb: str, **body: Any) -> httpx.Response:
    """Ask for a step."""
    return await client.post(f"/v1/complaints/{complaint['id']}/{verb}", json=body)


async def go(client: Client, complaint: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The complaint after a step that is taken."""
    response = await act(client, complaint, verb, **body)
    assert response.status_code == 200, f"{verb}: {response.text}"
    gone: dict[str, Any] = response.json()
    return gone


async def get(client: Client, complaint: dict[str, Any]) -> dict[str, Any]:
    """The complaint as it stands, with its steps."""
    response = await client.get(f"/v1/complaints/{complaint['id']}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def history(client: Client, complaint: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps that were taken."""
    response = await client.get(f"/v1/complaints/{complaint['id']}/history")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


SOLUTION: dict[str, Any] = {
    "solution": "A new pump",
    "remedy_sought": "replace",
    "solution_answers_remedy": True,
    "validity": "upheld",
}


class Path:
    """Takes a complaint along its path: service handles it, the manager approves."""

    def __init__(self, service: Client, manager: Client, workspace: Workspace) -> None:
        """With these people."""
        self.service, self.manager, self.workspace = service, manager, workspace

    async def to(self, state: str, complaint: dict[str, Any], *, severity: str = "medium") -> dict[str, Any]:
        """The complaint in this state, from where it was received."""
        walk: list[tuple[str, Client, str, dict[str, Any]]] = [
            ("acknowledged", self.service, "acknowledge", {}),
            ("assessing", self.service, "assess", {"severity": severity, "category": "quality"}),
            ("assessing", self.service, "assign", {"assignee_id": str(self.workspace.service.id)}),
            ("investigating", self.service, "investigate", {}),
            ("solution_proposed", self.service, "propose", SOLUTION),
            ("approved", self.manager, "approve", {}),
            ("communicated", self.service, "communicate", {"reached": True}),
            ("implementing", self.service, "accept", {}),
            ("implementing", self.service, "implement", {}),
            ("resolved", self.service, "resolve", {}),
            ("closed", self.service, "close", {"confirmed": True}),
        ]
        last = max(place for place, one in enumerate(walk) if one[0] == state)
        for wanted, who, verb, body in walk[: last + 1]:
            complaint = await go(who, complaint, verb, **body)
            assert complaint["state"] == wanted
        return complaint
