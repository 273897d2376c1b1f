"""A closed loop of keep-alive connections over plain sockets, light enough not to be what is measured."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Measured:
    """What one run gave: requests per second, and latency in milliseconds."""

    per_second: float
    median_ms: float
    p99_ms: float
    failures: int


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last answer is whole."""

    def __init__(self, requests: Iterator[bytes], until: float, latencies: list[float], failures: list[bytes]) -> None:
        self._requests = requests
        self._until = until
        self._latencies = latencies
        self._failures = failures
        self._received = bytearray()
        self._sent_at = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, which is none of asyncio's.
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._received) < end + 4 + length:
            return
        now = time.perf_counter()
        self._latencies.append(now - self._sent_at)
        if head[9:10] != b"2":
            self._failures.append(bytes(self._received[:600]))
        self._received.clear()
        if now >= self._until:
            self._transport.close()
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(exc)

    def _next(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


async def run(port: int, requests: Iterator[bytes], *, seconds: float, connections: int) -> Measured:
    """Load 127.0.0.1:port for so long over so many connections."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    failures: list[bytes] = []
    started = time.perf_counter()
    until = started + seconds
    made = [
        (await loop.create_connection(lambda: _Connection(requests, until, latencies, failures), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.done for one in made))
    took = time.perf_counter() - started
    if failures:
        print(failures[0].decode(errors="replace"))
    latencies.sort()
    return Measured(
        per_second=len(latencies) / took,
        median_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[int(len(latencies) * 0.99)] * 1000,
        failures=len(failures),
    )
