"""What chaos is made in: embedded servers, API and workers as processes."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import redis

from benchmarks import nursery
from benchmarks.stage import SECRET_KEY, _workspace
from services import schema
from services.local.folders import FolderInUse
from services.local.processes import Child
from services.local.servers import SUPERUSER, DsnOf, embedded_postgres, embedded_valkey

DATABASE = "chaos"
TEMPLATE = "chaos_template"


class Postgres:
    """A server that can be killed and comes back on the same data, at the same address."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet."""
        self._folder = folder
        self._stack = ExitStack()
        self._children: list[Child] = []
        self.dsn_of: DsnOf

    def start(self) -> None:
        """Start, or start again after having been killed: whatever the dead one left is cleared away."""
        self._stack.close()
        self._children.clear()
        until = time.monotonic() + 10
        while True:
            try:
                self.dsn_of = self._stack.enter_context(embedded_postgres(self._folder, children=self._children))
            except FolderInUse:
                # A process that is just being started holds on to everything of ours until it is itself.
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """As when the power fails."""
        self._children[0].process.kill()

    def stop(self) -> None:
        """For good."""
        self._stack.close()


class Queue:
    """A Valkey that can be killed and comes back empty, at the same address."""

    def __init__(self, folder: Path) -> None:
        """Learn from an embedded one how it is run, and take its place."""
        children: list[Child] = []
        with embedded_valkey(folder, children=children) as self.url:
            self._program = str(children[0].process.args[0])  # type: ignore[index]  # a list, as it was started
        at = urlsplit(self.url)
        self._settings = f"bind 127.0.0.1\nport {at.port}\nrequirepass {at.password}\nappendonly no\nsave ''\n"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, unless it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [self._program, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self._process.stdin:
            self._process.stdin.write(self._settings.encode())
            self._process.stdin.close()

    def kill(self) -> None:
        """At once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def flush(self) -> None:
        """Lose everything."""
        with suppress(redis.RedisError), redis.Redis.from_url(self.url, socket_timeout=1) as client:
            client.flushall()


@dataclass(frozen=True)
class Ground:
    """The servers that worlds are made on, one after the other, and a folder for what they leave."""

    folder: Path
    postgres: Postgres
    queue: Queue


@dataclass
class World:
    """Everything that runs, and whom it runs for."""

    folder: Path
    postgres: Postgres
    queue: Queue
    api_port: int
    workers: int
    worker: str
    number: int
    has_api: bool
    homes: list[UUID] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    processes: dict[str, ForkServerProcess] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.api_port}"

    async def owner(self) -> asyncpg.Connection:
        """A connection that sees everything."""
        return await asyncpg.connect(self.postgres.dsn_of(SUPERUSER, DATABASE), timeout=5, command_timeout=60)

    async def begin(self, receiver_url: str) -> None:
        """Make the database and the workspaces, start the processes, and have the receiver told of what is said."""
        await asyncio.to_thread(self.queue.flush)
        owner = await asyncpg.connect(self.postgres.dsn_of(SUPERUSER, "postgres"))
        await owner.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await owner.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE}")
        await owner.close()
        owner = await self.owner()
        for _ in range(self.number):
            home, token, people = await _workspace(owner, 0)
            self.homes.append(home)
            self.tokens.append(token)
            self.people.append(people[0])
        await owner.close()
        for name in (*(["api"] if self.has_api else []), *(f"worker {n}" for n in range(self.workers))):
            self.start(name)
        if self.has_api:
            await self._have_told(receiver_url)
        until = time.monotonic() + 60
        while not await self._beats():
            if time.monotonic() > until:
                raise TimeoutError("the workers do not beat")
            await asyncio.sleep(0.1)

    async def _have_told(self, receiver_url: str) -> None:
        body = {"url": receiver_url, "types": ["reminder.fired"]}
        async with httpx.AsyncClient(base_url=self.api_url, timeout=10, trust_env=False) as client:
            await self._answers(client)
            for token in self.tokens:
                headers = {"Authorization": f"Bearer {token}"}
                (await client.post("/v1/webhook-endpoints", json=body, headers=headers)).raise_for_status()

    def start(self, name: str) -> None:
        """Start a process by its name."""
        role = "rapport_api" if name == "api" else "rapport_worker"
        main = "services.cli.main:api" if name == "api" else self.worker
        environment = {
            **os.environ,
            "DATABASE_URL": self.postgres.dsn_of(role, DATABASE),
            "REDIS_URL": self.queue.url,
            "RAPPORT_SECRET_KEY": SECRET_KEY,
            "RAPPORT_DATA_DIR": str(self.folder / "data"),
            "RAPPORT_LOG_LEVEL": "error",
            "RAPPORT_ACCESS_LOG": "false",
            "RAPPORT_RATE_LIMIT": "0",
            "RAPPORT_WEBHOOKS_ALLOW_LOOPBACK": "true",
            "RAPPORT_PORT": str(self.api_port),
        }
        self.processes[name] = nursery.start(main, environment, self.folder / "processes.log")

    def kill(self, name: str) -> None:
        """At once, with whatever it has started."""
        process = self.processes[name]
        process.kill()
        process.join()

    def end(self) -> None:
        """Everything, for good."""
        for name in self.processes:
            self.kill(name)

    async def _answers(self, client: httpx.AsyncClient) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if (await client.get("/health/live")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
        raise TimeoutError("the API does not answer")

    async def _beats(self) -> bool:
        owner = await self.owner()
        try:
            number: int = await owner.fetchval("SELECT count(*) FROM worker_heartbeats")
            return number >= self.workers
        finally:
            await owner.close()


@contextmanager
def ground() -> Iterator[Ground]:
    """Embedded servers in a folder of their own, with a database to copy; whatever was started ends with the block."""
    nursery.open_early()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-chaos-")))
        postgres, queue = Postgres(folder / "postgres"), Queue(folder / "valkey")
        stack.callback(postgres.stop)
        postgres.start()
        stack.callback(queue.kill)
        queue.start()
        asyncio.run(_make_template(postgres.dsn_of(SUPERUSER, "postgres")))
        schema.upgrade(postgres.dsn_of(SUPERUSER, TEMPLATE))
        yield Ground(folder, postgres, queue)


async def _make_template(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(f"CREATE DATABASE {TEMPLATE}")
    await owner.close()


@contextmanager
def world(on: Ground, number: int, *, workers: int, worker: str, has_api: bool = True) -> Iterator[World]:
    """Workspaces and processes; the processes end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    around = World(on.folder, on.postgres, on.queue, port, workers, worker, number, has_api)
    try:
        yield around
    finally:
        around.end()
