"""``make bench``: the product and the yardstick in turn, each operation several times; writes ``RESULTS.md``."""

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import asyncpg

from benchmarks import reminders
from benchmarks.contest import HEADINGS, PROCESSES, Operation, Pace, compare, http, measure, serve, serve_product
from benchmarks.stage import SECRET_KEY, Stage, stage
from benchmarks.tidy import end_tidily
from services.local.servers import SUPERUSER

RESULTS = Path(__file__).with_name("RESULTS.md")


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


async def _ids(on: Stage) -> list[str]:
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    rows = await owner.fetch("SELECT id FROM customers WHERE workspace_id = $1", on.workspace_id)
    await owner.close()
    return [str(row["id"]) for row in rows]


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
    pace = Pace(chosen.seconds, chosen.rounds, chosen.connections)
    with stage(chosen.customers) as on, ExitStack() as stack:
        bare = {"BENCH_DATABASE_URL": on.dsn(SUPERUSER), "BENCH_WORKSPACE": str(on.workspace_id)}
        yardstick_port = stack.enter_context(serve(["benchmarks.yardstick:app"], bare))
        product_port = stack.enter_context(serve_product(on.dsn("rapport_api"), on.redis_url, SECRET_KEY))
        lines = []
        for operation in operations(on, asyncio.run(_ids(on))):
            if chosen.only in {None, operation.name}:
                lines.append(compare(operation, on.token, yardstick_port, product_port, pace))
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
            # By what gets through, since the median jumps between two processes of which one answers sooner.
            ratio = statistics.median(a.per_second / b.per_second for a, b in pairs)
            depth = f"Page 1,000 of the list takes {ratio:.2f} of the time of page 1 (bar: 1.20)."
            print(depth)
            stack.close()
            late = reminders.sentence(reminders.measure(on, number=10_000, rounds=chosen.rounds))
            print(late)
            RESULTS.write_text(report(lines, f"{depth}\n\n{late}", chosen), encoding="utf-8")


def report(lines: list[str], others: str, chosen: argparse.Namespace) -> str:
    """The page that is committed."""
    table = "\n".join(lines)
    return f"""# Results

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.python_implementation()}
{platform.python_version()}, embedded Postgres 18, {chosen.customers:,} customers and {2 * chosen.customers:,} visits in
one of five workspaces, {chosen.connections} connections, {PROCESSES} processes each, {chosen.rounds} runs of
{chosen.seconds:.0f} s each, product and yardstick in turn.

Requests per second (median/p99 in ms). The ratio is the median over the pairs of runs, with its range.

{HEADINGS}
{table}

{others}

The yardstick is `benchmarks/yardstick.py`: one ASGI function, raw asyncpg with the pool's reset query off, hand-written
SQL with JSON from Postgres, no row-level security, no sign-in. It gives the same answers; its writes are one
transaction that writes the row and its fact. Rapport is measured through HTTP with a real access token, as the role
`rapport_api`.
"""


if __name__ == "__main__":
    main()
