"""``make bench``: the product and the yardstick in turn, each operation several times; writes ``RESULTS.md``."""

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import asyncpg
import uvloop

from benchmarks import reminders
from benchmarks.load import Measured, run
from benchmarks.stage import SECRET_KEY, Stage, stage
from benchmarks.tidy import end_tidily
from services.local.servers import SUPERUSER

RESULTS = Path(__file__).with_name("RESULTS.md")
PROCESSES = 2


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


def operations(on: Stage, ids: list[str]) -> list[Operation]:
    """What is measured."""
    chance = random.Random(7)
    numbers = itertools.count(1)

    def get(token: str) -> Iterator[bytes]:
        while True:
            yield http("GET", f"/v1/customers/{chance.choice(ids)}", token)

    def page(token: str) -> Iterator[bytes]:
        return itertools.repeat(http("GET", "/v1/customers?limit=50", token))

    def filtered(token: str) -> Iterator[bytes]:
        while True:
            owner = chance.choice(on.owners)
            yield http("GET", f"/v1/customers?limit=50&owner_id={owner}&region={quote('华东')}&region=North", token)

    def create(token: str, path: str = "/v1/customers?allow_duplicates=true") -> Iterator[bytes]:
        while True:
            number = next(numbers)
            new = {"name": f"Acme {number}", "industry": "software", "region": "West"}
            yield http("POST", path, token, new | {"phone": f"+86139{number:08}", "owner_id": str(on.owners[0])})

    def update(token: str) -> Iterator[bytes]:
        while True:
            yield http("PATCH", f"/v1/customers/{chance.choice(ids)}", token, {"region": f"Region {next(numbers)}"})

    return [
        Operation("get one", 0.4, get),
        Operation("list of 50", 0.6, page),
        Operation("filtered list", 0.55, filtered),
        Operation("create", 0.6, create),
        Operation("create, duplicates looked for", 0.0, lambda token: create(token, "/v1/customers")),
        Operation("update", 0.6, update),
    ]


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


async def _ids(on: Stage) -> list[str]:
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    rows = await owner.fetch("SELECT id FROM customers WHERE workspace_id = $1", on.workspace_id)
    await owner.close()
    return [str(row["id"]) for row in rows]


def measure(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Measured:
    """One run."""
    return uvloop.run(run(port, requests, seconds=seconds, connections=connections))


def deep_page(port: int, token: str, pages: int) -> tuple[Iterator[bytes], Iterator[bytes]]:
    """Requests for page 1 and for page ``pages`` of the list."""
    cursor = ""
    for _ in range(pages - 1):
        path = f"/v1/customers?limit=50&cursor={cursor}" if cursor else "/v1/customers?limit=50"
        request = Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
        with urlopen(request) as response:
            cursor = json.load(response)["next_cursor"]
    first = itertools.repeat(http("GET", "/v1/customers?limit=50", token))
    return first, itertools.repeat(http("GET", f"/v1/customers?limit=50&cursor={cursor}", token))


def main() -> None:
    """Measure, print, write down."""
    end_tidily()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant per operation")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", help="one operation")
    chosen = parser.parse_args()
    with stage(chosen.customers) as on, ExitStack() as stack:
        bare = {"BENCH_DATABASE_URL": on.dsn(SUPERUSER), "BENCH_WORKSPACE": str(on.workspace_id)}
        product = {
            "DATABASE_URL": on.dsn("rapport_api"),
            "REDIS_URL": on.redis_url,
            "RAPPORT_SECRET_KEY": SECRET_KEY,
            "RAPPORT_RATE_LIMIT": "0",
            "RAPPORT_ACCESS_LOG": "false",
            "RAPPORT_LOG_LEVEL": "warning",
        }
        yardstick_port = stack.enter_context(serve(["benchmarks.yardstick:app"], bare))
        product_port = stack.enter_context(serve(["--factory", "services.api.main:create_app"], product))
        lines = []
        for operation in operations(on, asyncio.run(_ids(on))):
            if chosen.only in {None, operation.name}:
                lines.append(compare(operation, on.token, yardstick_port, product_port, chosen))
                print(lines[-1])
        if chosen.only is None:
            first, deep = deep_page(product_port, on.token, min(1000, chosen.customers // 50))
            pairs = [
                (
                    measure(product_port, first, chosen.seconds, chosen.connections),
                    measure(product_port, deep, chosen.seconds, chosen.connections),
                )
                for _ in range(chosen.rounds)
            ]
            ratio = statistics.median(b.median_ms / a.median_ms for a, b in pairs)
            depth = f"Page 1,000 of the list takes {ratio:.2f} of the time of page 1 (bar: 1.20)."
            print(depth)
            stack.close()
            late = reminders.sentence(reminders.measure(on, number=10_000, rounds=chosen.rounds))
            print(late)
            RESULTS.write_text(report(lines, f"{depth}\n\n{late}", chosen), encoding="utf-8")


def compare(operation: Operation, token: str, yardstick: int, product: int, chosen: argparse.Namespace) -> str:
    """A row of the table: medians over the rounds, and the ratio pair by pair."""
    for port in (yardstick, product):
        measure(port, operation.requests(token), 1.0, chosen.connections)
    pairs = [
        (
            measure(yardstick, operation.requests(token), chosen.seconds, chosen.connections),
            measure(product, operation.requests(token), chosen.seconds, chosen.connections),
        )
        for _ in range(chosen.rounds)
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


def report(lines: list[str], others: str, chosen: argparse.Namespace) -> str:
    """The page that is committed."""
    table = "\n".join(lines)
    return f"""# Results

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.python_implementation()}
{platform.python_version()}, embedded Postgres 18, {chosen.customers:,} customers and {2 * chosen.customers:,} visits in
one of five workspaces, {chosen.connections} connections, {PROCESSES} processes each, {chosen.rounds} runs of
{chosen.seconds:.0f} s each, product and yardstick in turn.

Requests per second (median/p99 in ms). The ratio is the median over the pairs of runs, with its range.

| operation | yardstick | Rapport | ratio | bar | reached |
|---|---|---|---|---|---|
{table}

{others}

The yardstick is `benchmarks/yardstick.py`: one ASGI function, raw asyncpg with the pool's reset query off, hand-written
SQL with JSON from Postgres, no row-level security, no sign-in. It gives the same answers; its writes are one
transaction that writes the row and its fact. Rapport is measured through HTTP with a real access token, as the role
`rapport_api`.
"""


if __name__ == "__main__":
    main()
