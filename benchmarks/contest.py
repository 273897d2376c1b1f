"""A contest: the product and a bare yardstick behind uvicorn, asked the same by the same load, in turn."""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import repeat

import uvloop

from benchmarks.load import Measured, run

PROCESSES = 2

HEADINGS = """| operation | yardstick | Rapport | ratio | bar | reached |
|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Pace:
    """How long each run is, in seconds, how many there are of each contestant, and over how many connections."""

    seconds: float
    rounds: int
    connections: int


@dataclass(frozen=True)
class Operation:
    """One thing to measure, and the share of the yardstick that it must reach."""

    name: str
    bar: float
    requests: Callable[[str], Iterator[bytes]]


def http(method: str, path: str, token: str, body: object = None) -> bytes:
    """A request as bytes."""
    sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    kind = "content-type: application/json\r\n" if sent else ""
    head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{kind}"
    return f"{head}content-length: {len(sent)}\r\n\r\n".encode() + sent


def http_get(path: str) -> Callable[[str], Iterator[bytes]]:
    """The same question again and again."""
    return lambda token: repeat(http("GET", path, token))


@contextmanager
def serve(target: list[str], environment: dict[str, str]) -> Iterator[int]:
    """Uvicorn with this application on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", *target, "--port", str(port), "--workers", str(PROCESSES)]
    command += [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "warning",
        "--no-server-header",
    ]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1.5)
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


def serve_product(database_url: str, redis_url: str, secret_key: str) -> AbstractContextManager[int]:
    """The product's API, without what a benchmark must not run into: limits and the access log."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RAPPORT_SECRET_KEY": secret_key,
        "RAPPORT_RATE_LIMIT": "0",
        "RAPPORT_ACCESS_LOG": "false",
        "RAPPORT_LOG_LEVEL": "warning",
    }
    return serve(["--factory", "services.api.main:create_app"], environment)


def measure(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Measured:
    """One run."""
    return uvloop.run(run(port, requests, seconds=seconds, connections=connections))


def compare(operation: Operation, token: str, yardstick: int, product: int, pace: Pace) -> str:
    """A row of the table: medians over the rounds, and the ratio pair by pair."""
    for port in (yardstick, product):
        measure(port, operation.requests(token), 1.0, pace.connections)
    pairs = [
        (
            measure(yardstick, operation.requests(token), pace.seconds, pace.connections),
            measure(product, operation.requests(token), pace.seconds, pace.connections),
        )
        for _ in range(pace.rounds)
    ]
    failures = sum(one.failures for pair in pairs for one in pair)
    ratios = [ours.per_second / bare.per_second for bare, ours in pairs]
    ratio = statistics.median(ratios)
    cells = [operation.name]
    for side in (0, 1):
        runs = [pair[side] for pair in pairs]
        per_second, median, p99 = (
            statistics.median(getattr(one, name) for one in runs) for name in ("per_second", "median_ms", "p99_ms")
        )
        cells.append(f"{per_second:,.0f} ({median:.1f}/{p99:.1f})")
    cells += [
        f"**{ratio:.2f}** ({min(ratios):.2f}-{max(ratios):.2f})",
        f"{operation.bar:.2f}",
        "yes" if ratio >= operation.bar else "no",
    ]
    if failures:
        cells[-1] = f"{failures} failures"
    return "| " + " | ".join(cells) + " |"
