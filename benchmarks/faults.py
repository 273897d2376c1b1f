"""The ways to break what stands in ``surroundings``, and how long nobody was there for it."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from benchmarks.surroundings import World

RESTART = 0.2
"""Seconds after which whoever looks after a process starts it again."""


class Chaos:
    """The faults there are. Each is caused and heals by itself."""

    kinds = ("worker killed", "worker stopped", "api killed", "queue flushed", "backends terminated")
    weights = (5, 3, 1, 2, 3)

    def __init__(self, around: World, chance: random.Random) -> None:
        """In this world, by this chance."""
        self._around = around
        self._chance = chance
        self._one_at_a_time: dict[str, asyncio.Lock] = {}
        self._gone: set[str] = set()
        self._since: float | None = None
        self.outages: list[tuple[float, float]] = []
        """From when to when nothing could fire: no worker was there, or no Postgres. A worker counts as there from
        its start, so the time it needs until it can do something is not forgiven."""

    async def cause(self, kind: str) -> None:
        """Have it happen, and have whoever looks after the process or server do what they do."""
        around = self._around
        match kind:
            case "worker killed" | "worker stopped":
                name = f"worker {self._chance.randrange(around.workers)}"
                await (self._restart(name) if kind == "worker killed" else self._halt(name))
            case "api killed":
                await self._restart("api")
            case "queue flushed":
                await asyncio.to_thread(around.queue.flush)
            case "queue killed":
                around.queue.kill()
                await asyncio.sleep(1)
                await asyncio.to_thread(around.queue.start)
            case "backends terminated":
                await self._cut_off()
            case "postgres killed":
                async with self._alone("postgres"), self._away("postgres"):
                    around.postgres.kill()
                    await asyncio.to_thread(around.postgres.start)
            case _:
                raise ValueError(kind)

    async def _restart(self, name: str) -> None:
        async with self._alone(name), self._away(name):
            await asyncio.to_thread(self._around.kill, name)
            await asyncio.sleep(RESTART)
            self._around.start(name)

    async def _halt(self, name: str) -> None:
        """It stands still and comes back believing that nothing happened."""
        async with self._alone(name), self._away(name):
            process = self._around.processes[name]
            assert process.pid is not None
            os.kill(process.pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(self._chance.uniform(0.5, 4))
            finally:
                os.kill(process.pid, signal.SIGCONT)

    async def _cut_off(self) -> None:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            owner = await self._around.owner()
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'rapport-%'"
            )
            await owner.close()

    @asynccontextmanager
    async def _away(self, name: str) -> AsyncIterator[None]:
        self._gone.add(name)
        self._note()
        try:
            yield
        finally:
            self._gone.discard(name)
            self._note()

    def _note(self) -> None:
        workers = {f"worker {n}" for n in range(self._around.workers)}
        now, nobody = time.time(), "postgres" in self._gone or workers <= self._gone
        if nobody and self._since is None:
            self._since = now
        elif not nobody and self._since is not None:
            self.outages.append((self._since, now))
            self._since = None

    def _alone(self, name: str) -> asyncio.Lock:
        return self._one_at_a_time.setdefault(name, asyncio.Lock())
