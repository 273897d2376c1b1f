"""What tests of imports do again and again."""

import json
from dataclasses import dataclass
from typing import Any

from crm.database import Database
from services.worker.importing import import_round
from tests.conftest import Client


@dataclass
class Worker:
    """As much of the worker as an import needs."""

    database: Database
    importing: bool = False


def form(content: str | bytes, **more: Any) -> dict[str, Any]:
    """The form that sends a file."""
    data = {name: value if isinstance(value, str) else json.dumps(value) for name, value in more.items()}
    raw = content if isinstance(content, bytes) else content.encode()
    return {"files": {"file": ("customers.csv", raw, "text/csv")}, "data": data}


async def start(client: Client, content: str | bytes, **more: Any) -> dict[str, Any]:
    """An import that waits."""
    response = await client.post("/v1/imports", **form(content, **more))
    assert response.status_code == 202, response.text
    started: dict[str, Any] = response.json()
    return started


async def run(client: Client, worker: Worker, content: str | bytes, **more: Any) -> dict[str, Any]:
    """An import that is over."""
    path = f"/v1/imports/{(await start(client, content, **more))['id']}"
    while await import_round(worker):
        pass
    done: dict[str, Any] = (await client.get(path)).json()
    return done


async def told(client: Client, done: dict[str, Any]) -> list[tuple[int, bool, str, str]]:
    """What was wrong: line, whether refused, column, code."""
    problems = (await client.get(f"/v1/imports/{done['id']}/problems")).json()["data"]
    return [
        (one["line"], one["refused"], error["pointer"], error["code"]) for one in problems for error in one["errors"]
    ]


async def customers(client: Client) -> dict[str, dict[str, Any]]:
    """The customers by name."""
    page = (await client.get("/v1/customers", params={"limit": 200})).json()["data"]
    assert len({one["name"] for one in page}) == len(page), "no name twice"
    return {one["name"]: one for one in page}


def counts(done: dict[str, Any]) -> tuple[str, int, int, int, int]:
    """How it ended: state, created, updated, unchanged, refused."""
    named = [f"{name}_count" for name in ("created", "updated", "unchanged", "refused")]
    created, updated, unchanged, refused = (done[name] for name in named)
    assert created + updated + unchanged + refused == done["lines_done"] == done["lines"]
    return done["state"], created, updated, unchanged, refused
