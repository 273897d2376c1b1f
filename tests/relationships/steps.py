"""What tests of relationships need to have done first."""

from typing import Any

from tests.conftest import Client


async def new_customer(client: Client, **more: Any) -> str:
    """The path of a new customer."""
    response = await client.post("/v1/customers?allow_duplicates=true", json={"name": "Acme", **more})
    assert response.status_code == 201, response.text
    return f"/v1/customers/{response.json()['id']}"


async def new_contact(client: Client, path: str, **more: Any) -> str:
    """Somebody at the customer of this path, who can be called; their id."""
    body = {"customer_id": path.rsplit("/", 1)[1], "name": "Li", "phones": ["13812345678"], **more}
    response = await client.post("/v1/contacts", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def done(client: Client, path: str, body: Any = None) -> dict[str, Any]:
    """Something that must work, and what came of it."""
    response = await client.post(path, json=body)
    assert response.status_code in {200, 201}, response.text
    found: dict[str, Any] = response.json()
    return found


async def history(client: Client, path: str) -> list[dict[str, Any]]:
    """A history, oldest first."""
    response = await client.get(path, params={"sort": "occurred_at", "limit": 200})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found
