"""The count of unread notifications as a stream: over a real connection, since a stream is what happens on one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
import uvicorn

from services.api.inboxes import MOST_OF_ONE
from services.api.main import create_app
from tests.conftest import SECRET_KEY, Stage
from tests.factories import Person, Workspace, found_workspace
from tests.notifications.test_inbox import tell

PATIENCE = 5.0


class _Server(uvicorn.Server):
    def capture_signals(self) -> Any:
        return nullcontext()


@dataclass
class Listener:
    """Somebody who reads a stream."""

    response: httpx.Response
    lines: AsyncIterator[str]

    async def event(self) -> tuple[str, int | None, Any]:
        """The next event: its name, its id, what it says. Comments and the advice to come back are passed over."""
        found: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self.lines:
                if not line and "data" in found:
                    id_ = found.get("id")
                    return found["event"], None if id_ is None else int(id_), json.loads(found["data"])
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    found[name] = value
        raise EOFError("the stream is over")

    async def over(self) -> None:
        """Read until nothing more comes."""
        async with asyncio.timeout(PATIENCE):
            async for _ in self.lines:
                pass


@dataclass
class Hall:
    """An API that really listens."""

    stage: Stage
    home: Workspace
    app: Any
    client: httpx.AsyncClient

    def headers(self, who: Person) -> dict[str, str]:
        """As whom."""
        return {"Authorization": f"Bearer {who.token}"}

    @asynccontextmanager
    async def listen(self, who: Person) -> AsyncIterator[Listener]:
        """Open a stream."""
        async with self.client.stream("GET", "/v1/notifications/stream", headers=self.headers(who)) as response:
            yield Listener(response, response.aiter_lines())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes by itself."""
    for _ in range(int(PATIENCE * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


@pytest_asyncio.fixture
async def hall(own_stage: Stage) -> AsyncIterator[Hall]:
    """An API of one's own behind a real server."""
    app = create_app(own_stage.settings(RAPPORT_POOL_SIZE=2))
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    home = await found_workspace(own_stage.owner, SECRET_KEY)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
        await until(lambda: app.state.door.listening)
        yield Hall(own_stage, home, app, client)
    app.state.draining = True
    server.should_exit = True
    await running


async def test_a_stream_begins_with_the_count_and_tells_each_change(hall: Hall) -> None:
    anna = hall.home.anna
    (first,) = await tell(hall.stage, hall.home, anna.id, "Before")
    async with hall.listen(anna) as listener:
        assert listener.response.headers["content-type"].startswith("text/event-stream")
        name, began, said = await listener.event()
        assert (name, said) == ("unread", {"unread": 1})
        await tell(hall.stage, hall.home, anna.id, "A", "B")
        name, later, said = await listener.event()
        assert (name, said) == ("unread", {"unread": 3})
        assert began is not None
        assert later is not None
        assert later > began
        await hall.client.post(f"/v1/notifications/{first}/read", headers=hall.headers(anna))
        assert (await listener.event())[2] == {"unread": 2}
        await hall.client.post("/v1/notifications/read-all", headers=hall.headers(anna))
        assert (await listener.event())[2] == {"unread": 0}


async def test_nobody_hears_of_somebody_elses_inbox(hall: Hall) -> None:
    async with hall.listen(hall.home.ben) as listener:
        assert (await listener.event())[2] == {"unread": 0}
        await tell(hall.stage, hall.home, hall.home.anna.id, "Hers")
        await tell(hall.stage, hall.home, hall.home.ben.id, "His")
        assert (await listener.event())[2] == {"unread": 1}


async def test_listeners_hold_no_connection_and_are_limited(hall: Hall) -> None:
    anna = hall.home.anna
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(hall.listen(anna)) for _ in range(MOST_OF_ONE)]
        for listener in listeners:
            await listener.event()
        # The pool has two connections; five listeners leave both to others.
        asked = (hall.client.get("/v1/notifications", headers=hall.headers(anna)) for _ in range(4))
        assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}
        refused = await hall.client.get("/v1/notifications/stream", headers=hall.headers(anna))
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) > 0
    await until(lambda: hall.app.state.inboxes._count == 0)
    async with hall.listen(anna) as again:
        assert (await again.event())[2] == {"unread": 0}


async def test_a_stream_ends_with_the_token(hall: Hall) -> None:
    hall.app.state.inboxes._heartbeat_seconds = 0.05
    async with hall.listen(hall.home.anna) as listener:
        await listener.event()
        await hall.stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", hall.home.anna.id)
        assert await listener.event() == ("end", None, {"reason": "signed_out"})
        await listener.over()


async def test_a_stream_ends_when_the_server_drains_and_none_begins(hall: Hall) -> None:
    async with hall.listen(hall.home.anna) as listener:
        await listener.event()
        hall.app.state.draining = True
        assert await listener.event() == ("end", None, {"reason": "draining"})
        await listener.over()
    refused = await hall.client.get("/v1/notifications/stream", headers=hall.headers(hall.home.anna))
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)


async def test_what_was_announced_while_nobody_could_hear_is_told_afterwards(hall: Hall) -> None:
    async with hall.listen(hall.home.anna) as listener:
        await listener.event()
        await hall.stage.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rapport-door' "
            "AND datname = current_database()"
        )
        await tell(hall.stage, hall.home, hall.home.anna.id, "Unheard")
        assert (await listener.event())[2] == {"unread": 1}


async def test_a_key_has_no_inbox(hall: Hall) -> None:
    key = await hall.home.key("notifications:read")
    refused = await hall.client.get("/v1/notifications/stream", headers={"Authorization": f"Bearer {key}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "only_for_people")
