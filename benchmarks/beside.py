"""What happens beside a piece of work: requests at a steady pace, and what the processes of this machine's own take."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.load import HEAD_END

LENGTH = b"content-length:"


@dataclass
class Pace:
    """Requests at a fixed rate, whether the ones before are answered or not: seconds from when each was due."""

    port: int
    requests: Iterator[bytes]
    per_second: float
    connections: int = 8
    failures: int = 0
    taken: list[float] = field(default_factory=list)

    async def keep(self, over: asyncio.Event) -> None:
        """Go on until it is over."""
        began = time.perf_counter()
        gap = self.connections / self.per_second
        await asyncio.gather(*(self._keep(began + gap * one / self.connections, gap, over) for one in self._places()))

    def _places(self) -> range:
        return range(self.connections)

    async def _keep(self, due: float, gap: float, over: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while not over.is_set():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(next(self.requests))
            head = (await reader.readuntil(HEAD_END)).lower()
            at = head.find(LENGTH)
            if at >= 0:
                await reader.readexactly(int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]))
            self.taken.append(time.perf_counter() - due)
            self.failures += head[9:10] != b"2"
            due += gap
        writer.close()

    def share(self, of: float) -> float:
        """The milliseconds that so great a share of the requests stayed below."""
        return sorted(self.taken)[int(len(self.taken) * of)] * 1000 if self.taken else 0.0


@dataclass
class Watch:
    """Processor seconds of some processes and their children, those that have ended in between too."""

    roots: tuple[int, ...]
    seen: dict[int, float] = field(default_factory=dict)

    def look(self) -> float:
        """All that they have taken until now, as far as it was seen."""
        for root in self.roots:
            try:
                own = psutil.Process(root)
                for process in (own, *own.children(recursive=True)):
                    times = process.cpu_times()
                    self.seen[process.pid] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return sum(self.seen.values())

    async def keep(self, over: asyncio.Event) -> None:
        """Look now and then until it is over."""
        while not over.is_set():
            self.look()
            await asyncio.sleep(0.5)


def most_memory(pid: int) -> float:
    """The most MiB that a process has ever had in memory (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def state_of_machine() -> str:
    """How busy it is just now."""
    load = ", ".join(f"{one:.1f}" for one in psutil.getloadavg())
    return f"{psutil.cpu_count()} cores, {psutil.cpu_percent(1.0):.0f} % busy before we began, load averages {load}"
