"""``python -m benchmarks.imports``: how fast a file of customers comes in and goes out, and who notices meanwhile.

100,000 lines of twelve columns, half of them Chinese companies, sent to the API, looked at, committed and carried out
by the worker, each a process of its own as in production: search tokens, duplicates, facts and all. Beside it others
read and write through the API at a steady pace, first alone, then during the import. Everything, Postgres and the
requests themselves, shares the machine's cores.
"""

import argparse
import asyncio
import csv
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
import psutil
import uvloop

from benchmarks.beside import Pace, Watch, most_memory, state_of_machine
from benchmarks.contest import http, serve
from benchmarks.stage import SECRET_KEY, Stage, stage
from benchmarks.tidy import end_tidily
from crm.customers.registration import check_character
from services.local.servers import SUPERUSER

QUIET = 12.0
"""Seconds that the others are alone."""
PER_SECOND = 60.0
"""Requests of the others."""
MOST_CATCHING_UP = 600.0
"""Seconds that the worker gets to do what the import has left."""
OVER = ("done", "failed")
HEADINGS = (
    "客户名称", "统一社会信用代码", "行业", "地区", "规模", "客户等级", "电话", "邮箱", "网址", "地址", "标签", "备注",
)  # fmt: skip
CITIES = ("重庆", "上海", "北京", "深圳", "广州", "成都", "杭州", "武汉", "西安", "厦门")
WORDS = ("长安", "华光", "银河", "远大", "海天", "明德", "新力", "同方", "宏图", "瑞丰", "金鼎", "东升", "中科", "天元")
TRADES = ("汽车", "电子", "机械", "医药", "软件", "贸易", "物流", "化工", "食品", "建材")
LATIN = ("Acme", "Globex", "Initech", "Umbrella", "Stark", "Wayne", "Wonka", "Cyber", "Soylent", "Hooli")
ENDS = ("Trading", "Motors", "Systems", "Foods", "Medical", "Logistics", "Software", "Chemicals")


def coded(start: str) -> str:
    """A registration code that begins so."""
    return start + check_character(start)


def lines(count: int, seed: int = 7) -> Iterator[tuple[str, ...]]:
    """So many customers, each of a name and a number of its own."""
    chance = random.Random(seed)
    for number in range(count):
        city, trade = chance.choice(CITIES), chance.choice(TRADES)
        if number % 2:
            name = f"{city}{chance.choice(WORDS)}{chance.choice(WORDS)}{trade}{number}有限公司"
        else:
            name = f"{chance.choice(LATIN)} {chance.choice(ENDS)} {number} Co., Ltd."
        yield (
            name, coded(f"91{number:015}"), trade, city, chance.choice(("大型", "中型", "小型")),
            chance.choice(("重点", "潜在", "普通")), f"138{number:08}", f"info@company{number % 5000}.example.com",
            f"https://company{number}.example.com", f"{city}市人民路{number % 900 + 1}号", "展会、2026", "",
        )  # fmt: skip


def written(count: int, seed: int = 7) -> bytes:
    """They as a file."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    writer.writerows(lines(count, seed))
    return text.getvalue().encode()


@contextmanager
def working(on: Stage, folder: Path) -> Iterator[int]:
    """The worker as a process; its id."""
    surroundings = {
        "DATABASE_URL": on.dsn("rapport_worker"),
        "REDIS_URL": on.redis_url,
        "RAPPORT_SECRET_KEY": SECRET_KEY,
        "RAPPORT_DATA_DIR": str(folder),
        "RAPPORT_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen([sys.executable, "-m", "services.worker.main"], env={**os.environ, **surroundings})
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


@dataclass(frozen=True)
class Scene:
    """What the measurements share: the stage, the API's port, the worker's process and Postgres'."""

    on: Stage
    port: int
    worker: int
    postgres: int
    ids: tuple[str, ...]

    def others(self) -> Iterator[bytes]:
        """What others do meanwhile: six reads of one, two lists, a change and a create, again and again."""
        token, chance, numbers = self.on.token, random.Random(7), itertools.count(1)
        while True:
            for _ in range(6):
                yield http("GET", f"/v1/customers/{chance.choice(self.ids)}", token)
            yield http("GET", "/v1/customers?limit=50", token)
            yield http("GET", f"/v1/customers?limit=50&owner_id={chance.choice(self.on.owners)}", token)
            number = next(numbers)
            yield http("PATCH", f"/v1/customers/{chance.choice(self.ids)}", token, {"region": f"Region {number}"})
            new = {"name": f"Other {number}", "phone": f"+86139{number:08}"}
            yield http("POST", "/v1/customers?allow_duplicates=true", token, new)

    async def pace(self, over: asyncio.Event) -> Pace:
        """The others, until it is over."""
        pace = Pace(self.port, self.others(), PER_SECOND)
        await pace.keep(over)
        return pace

    def api(self) -> httpx.AsyncClient:
        """Someone who imports and exports."""
        signed = {"Authorization": f"Bearer {self.on.token}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}/v1", headers=signed, timeout=120)


async def quietly(scene: Scene, seconds: float) -> Pace:
    """The others alone for so long."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    return await scene.pace(over)


async def finished(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """What an import or an export has come to when it is over."""
    while True:
        now: dict[str, Any] = (await client.get(path)).raise_for_status().json()
        if now["state"] in OVER:
            return now
        await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Import:
    """What an import took: seconds from the upload to its end, those that the file travelled, processor seconds."""

    was: dict[str, Any]
    seconds: float
    sent_in: float
    worker_cpu: float
    postgres_cpu: float
    others: Pace


async def bring_in(scene: Scene, content: bytes) -> Import:
    """Upload, preview, commit, done; the others go on meanwhile."""
    over = asyncio.Event()
    worker, postgres = Watch((scene.worker,)), Watch((scene.postgres,))
    before = worker.look(), postgres.look()
    watching = [asyncio.create_task(one.keep(over)) for one in (worker, postgres)]
    others = asyncio.create_task(scene.pace(over))
    file = {"file": ("customers.csv", content, "text/csv")}
    async with scene.api() as client:
        await asyncio.sleep(1)
        others.add_done_callback(lambda _: None)
        began = time.perf_counter()
        draft = (await client.post("/imports", files=file, data={"commit": "false"})).raise_for_status().json()
        (await client.post("/imports/preview", files=file)).raise_for_status()
        sent_in = time.perf_counter() - began
        (await client.post(f"/imports/{draft['id']}/commit")).raise_for_status()
        was = await finished(client, f"/imports/{draft['id']}")
        seconds = time.perf_counter() - began
    used = worker.look() - before[0], postgres.look() - before[1]
    over.set()
    await asyncio.gather(*watching)
    return Import(was, seconds, sent_in, *used, await others)


async def take_out(scene: Scene, format_: str) -> tuple[int, float]:
    """Export all customers: how many, and in how many seconds from the wish to the whole file."""
    async with scene.api() as client:
        began = time.perf_counter()
        wish = (await client.post("/exports", json={"noun": "customers", "format": format_})).raise_for_status().json()
        was = await finished(client, f"/exports/{wish['id']}")
        return was["rows"], time.perf_counter() - began


async def known(on: Stage) -> tuple[str, ...]:
    """The customers that are there before."""
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    rows = await owner.fetch("SELECT id FROM customers WHERE workspace_id = $1", on.workspace_id)
    await owner.close()
    return tuple(str(row["id"]) for row in rows)


async def left_to_do(on: Stage) -> tuple[int, int]:
    """Facts that nobody has been told of yet, and reactions that are owed."""
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    facts = await owner.fetchval("SELECT count(*) FROM events WHERE published_at IS NULL")
    owed = await owner.fetchval("SELECT count(*) FROM reactions WHERE state = 'pending'")
    await owner.close()
    return facts, owed


async def caught_up(on: Stage) -> float | None:
    """Seconds until nothing is left to do; None where that took too long."""
    began = time.perf_counter()
    while any(await left_to_do(on)):
        if time.perf_counter() - began > MOST_CATCHING_UP:
            return None
        await asyncio.sleep(0.5)
    return time.perf_counter() - began


async def postgres_of(on: Stage) -> int:
    """The process id of the server."""
    owner = await asyncpg.connect(on.dsn(SUPERUSER))
    backend = await owner.fetchval("SELECT pg_backend_pid()")
    parent = psutil.Process(backend).ppid()
    await owner.close()
    return parent


async def measure(scene: Scene, content: bytes, formats: list[str]) -> None:
    """Measure, and say it."""
    await quietly(scene, 2)
    alone = await quietly(scene, QUIET)
    print(f"others alone: median {alone.share(0.5):.1f} ms, p99 {alone.share(0.99):.1f} ms, {alone.failures} failures")
    took = await bring_in(scene, content)
    lines, others = took.was["lines"], took.others
    print(
        f"import: {took.was['created_count']} of {lines} lines in {took.seconds:.1f} s, {took.sent_in:.1f} s of them "
        f"upload and preview: {lines / took.seconds:,.0f} rows/s"
    )
    per_thousand = [used / lines * 1000 for used in (took.worker_cpu, took.postgres_cpu)]
    print("processor seconds per 1,000 rows: worker {:.3f}, Postgres (all of it) {:.3f}".format(*per_thousand))
    ratio = others.share(0.99) / alone.share(0.99)
    print(
        f"others meanwhile: median {others.share(0.5):.1f} ms, p99 {others.share(0.99):.1f} ms, "
        f"{others.failures} failures; p99 {ratio:.1f} times the quiet one"
    )
    left = await left_to_do(scene.on)
    print("left to the worker for later: {} facts to publish, {} reactions".format(*left))
    print(f"worker: at most {most_memory(scene.worker):.0f} MiB of memory by the end of the import")
    if caught := await caught_up(scene.on):
        print(f"all of it done {caught:.1f} s later: {sum(left) / caught:,.0f} a second")
    else:
        print(f"not all of it done {MOST_CATCHING_UP:.0f} s later")
    for format_ in formats:
        rows, seconds = await take_out(scene, format_)
        print(f"export as {format_}: {rows} rows in {seconds:.1f} s: {rows / seconds:,.0f} rows/s")
    print(f"worker: at most {most_memory(scene.worker):.0f} MiB of memory after the exports")


def main() -> None:
    """Set the stage, and measure."""
    end_tidily()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--beside", type=int, default=5_000, help="customers that are there already")
    parser.add_argument("--formats", nargs="*", default=["csv"], help="of the exports, one after the other")
    chosen = parser.parse_args()
    print(state_of_machine(), flush=True)
    content = written(chosen.lines)
    with stage(chosen.beside) as on, ExitStack() as stack:
        product = {
            "DATABASE_URL": on.dsn("rapport_api"),
            "REDIS_URL": on.redis_url,
            "RAPPORT_SECRET_KEY": SECRET_KEY,
            "RAPPORT_RATE_LIMIT": "0",
            "RAPPORT_ACCESS_LOG": "false",
            "RAPPORT_LOG_LEVEL": "warning",
        }
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rapport-bench-")))
        port = stack.enter_context(serve(["--factory", "services.api.main:create_app"], product))
        ids, postgres = asyncio.run(known(on)), asyncio.run(postgres_of(on))
        worker = stack.enter_context(working(on, folder))
        uvloop.run(measure(Scene(on, port, worker, postgres, ids), content, chosen.formats))


if __name__ == "__main__":
    main()
