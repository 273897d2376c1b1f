"""A stage of one's own with everything between a change and its webhook: the API, a worker, a receiver."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest_asyncio

from crm.database import Database
from crm.webhooks import due
from services.api.main import create_app
from services.api.openapi import published
from services.worker import delivering
from services.worker.messages import open_queue
from services.worker.publishing import publish_facts
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY, Client, Running, Stage
from tests.factories import Workspace, found_workspace

Reply = tuple[int, dict[str, str]]


@dataclass
class Received:
    """One call a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The delivery's id: the same over all attempts."""
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:
        """The body, read."""
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """A partner's server. What it answers is up to the test."""

    port: int = 0
    got: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Awaitable[Reply]] | None = None
    under_way: int = 0
    most_under_way: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def always(self, status: int, **headers: str) -> None:
        """Answer this to everything."""

        async def answer(_: Received) -> Reply:
            return status, {name.replace("_", "-"): value for name, value in headers.items()}

        self.answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one call."""
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            received = Received(first.split(" ")[1], headers, body)
            self.got.append(received)
            status, more = await self.answer(received) if self.answer else (204, {})
            shown = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\n{shown}\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.under_way -= 1
            writer.close()


@dataclass
class Post:
    """Everything between a change and its webhook."""

    stage: Stage
    home: Workspace
    client: Client
    running: Running
    worker: Worker
    receiver: Receiver
    stack: AsyncExitStack

    @property
    def owner(self) -> asyncpg.Connection:
        """Sees everything."""
        return self.stage.owner

    async def hire(self) -> Worker:
        """Another worker."""
        return await _hire(self.stage, self.stack)

    async def open_receiver(self) -> Receiver:
        """Another partner."""
        return await _open_receiver(self.stack)

    def client_of(self, home: Workspace) -> Client:
        """The admin of a workspace on this stage."""
        return Client(self.running, home.admin.token)

    async def endpoint(
        self,
        url: str | None = None,
        types: list[str] | None = None,
        client: Client | None = None,
        *,
        personal_data: bool = True,
    ) -> dict[str, Any]:
        """A new endpoint, with its secret."""
        new = {"url": url or self.receiver.url, "types": types or ["*"], "personal_data": personal_data}
        response = await (client or self.client).post("/v1/webhook-endpoints", json=new)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    async def happen(self, number: int = 1, client: Client | None = None) -> list[dict[str, Any]]:
        """So many customers are created; gives them, when their facts are published."""
        made = [
            (
                await (client or self.client).post(
                    "/v1/customers", json={"name": f"Customer {n}"}, params={"allow_duplicates": True}
                )
            ).json()
            for n in range(number)
        ]
        await self.publish()
        return made

    async def publish(self) -> None:
        """Tell whoever is owed."""
        while await publish_facts(self.worker):
            pass

    async def deliver(self, worker: Worker | None = None) -> int:
        """One round of deliveries of whatever is due; how many were begun."""
        async with self.worker.database.scanning() as tx:
            found, _ = await due.take_hints(tx, due.FIRST, 1000)
        await asyncio.gather(
            *(delivering.run(worker or self.worker, one.workspace_id, one.delivery_id) for one in found)
        )
        return len(found)

    async def later(self, by: timedelta) -> None:
        """Wind the clock on: every moment that deliveries and endpoints keep is so much longer ago."""
        for table, columns in {
            "webhook_deliveries": ["next_attempt_at", "hinted_until", "leased_until", "created_at"],
            "webhook_endpoints": ["failing_since", "previous_secret_until"],
        }.items():
            shifted = ", ".join(f"{column} = {column} - $1::interval" for column in columns)
            await self.owner.execute(f"UPDATE {table} SET {shifted}", by)

    async def until_next(self) -> timedelta:
        """Wind the clock on to the next attempt that is planned; gives how long that was."""
        wait: timedelta = await self.owner.fetchval(
            "SELECT min(next_attempt_at) - now() FROM webhook_deliveries "
            "WHERE state = 'pending' AND isfinite(next_attempt_at)"
        )
        wait = max(wait, timedelta(0)) + timedelta(milliseconds=1)
        await self.later(wait)
        return wait

    async def deliveries(self) -> list[asyncpg.Record]:
        """All deliveries, in order."""
        rows: list[asyncpg.Record] = await self.owner.fetch("SELECT * FROM webhook_deliveries ORDER BY event_id, id")
        return rows

    async def delivery(self) -> asyncpg.Record:
        """The only delivery."""
        (row,) = await self.deliveries()
        return row

    async def endpoint_row(self, id: str) -> asyncpg.Record:
        """An endpoint as it is stored."""
        row = await self.owner.fetchrow("SELECT * FROM webhook_endpoints WHERE id = $1", UUID(id))
        assert row is not None
        return row


async def _hire(stage: Stage, stack: AsyncExitStack) -> Worker:
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=12)
    stack.push_async_callback(database.close)
    queue = open_queue(stage.redis_url)
    stack.push_async_callback(queue.aclose, close_connection_pool=True)
    worker = Worker(stage.settings(DATABASE_URL=stage.dsn("rapport_worker")), database, queue)
    stack.push_async_callback(worker.outbound.aclose)
    return worker


async def _open_receiver(stack: AsyncExitStack) -> Receiver:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    stack.callback(server.close)
    receiver.port = server.sockets[0].getsockname()[1]
    return receiver


@cache
def _schema() -> dict[str, Any]:
    return published()


@pytest_asyncio.fixture
async def post(own_stage: Stage) -> AsyncIterator[Post]:
    """A workspace with its API, a worker and a receiver, alone on a stage."""
    async with AsyncExitStack() as stack:
        app = create_app(own_stage.settings())
        await stack.enter_async_context(app.router.lifespan_context(app))
        running = Running(app, _schema())
        home = await found_workspace(own_stage.owner, SECRET_KEY)
        client = Client(running, home.admin.token)
        stack.push_async_callback(client.aclose)
        worker, receiver = await _hire(own_stage, stack), await _open_receiver(stack)
        yield Post(own_stage, home, client, running, worker, receiver, stack)
