"""``python -m benchmarks.imports``: how fast a file of customers lands, where the time goes, and how fast it leaves.

100,000 lines of twelve columns, half of them Chinese companies, through the worker's own road: search tokens, facts,
problems and all. Prints the lines per second, the processor seconds of Python and of Postgres, and the most memory.
"""

import argparse
import csv
import random
import resource
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import orjson
import uvloop

from benchmarks.stage import SECRET_KEY, Stage, stage
from crm.actor import ActorKind
from crm.database import Database
from crm.customers.registration import check_character
from crm.exports import queries, writing
from crm.exports.actions import create
from crm.exports.schemas import ExportCreate
from crm.exports.vocabulary import Format
from crm.imports import actions, carrying, claims
from crm.workspaces.access import acting_for
from crm.workspaces.tokens import Tokens

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


async def bring_in(on: Stage, content: bytes) -> dict[str, float]:
    """Carry out one import in this process; what it took."""
    bearer = Tokens(SECRET_KEY).read_access(on.token)
    database = Database(on.dsn("rapport_worker"), name="bench", size=4)
    actor = await acting_for(database, bearer.workspace_id, ActorKind.USER, bearer.user_id)
    assert actor is not None
    access = database.writing(actor)
    began, used = time.perf_counter(), time.process_time()
    started = await actions.start(access, file_name="bench.csv", content=content, lease_id=uuid4())
    work = await carrying.take_up(database, await claims.claimed(access, started.id))
    assert work is not None
    ready = time.perf_counter()
    while await carrying.step(database, work):
        pass
    over = time.perf_counter()
    await database.close()
    return {
        "seconds": over - began,
        "to_begin": ready - began,
        "python_cpu": time.process_time() - used,
        "lines": work.claim.lines,
    }


async def take_out(on: Stage, format_: Format) -> tuple[int, float, int]:
    """Write an export of all customers: how many rows, in how many seconds, of what size."""
    bearer = Tokens(SECRET_KEY).read_access(on.token)
    database = Database(on.dsn("rapport_worker"), name="bench", size=4)
    actor = await acting_for(database, bearer.workspace_id, ActorKind.USER, bearer.user_id)
    assert actor is not None
    created = await create(database.writing(actor), ExportCreate(noun="customers", format=format_))
    with TemporaryDirectory() as folder:
        place = writing.Folder(Path(folder))
        began = time.perf_counter()
        async with database.scanning() as tx:
            held = await writing.claim(tx)
        assert held is not None
        await writing.write(database, held, place)
        seconds = time.perf_counter() - began
        size = place.path(bearer.workspace_id, held.id, format_).stat().st_size
    rows = orjson.loads((await queries.get(database.reading(actor), created.id)).body)["rows"]
    await database.close()
    return rows, seconds, size


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--beside", type=int, default=1_000, help="customers that are there already")
    chosen = parser.parse_args()
    content = written(chosen.lines)
    with stage(chosen.beside) as on:
        took = uvloop.run(bring_in(on, content))
        rows, seconds, size = uvloop.run(take_out(on, "csv"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{took['lines']:.0f} lines in {took['seconds']:.1f} s: {took['lines'] / took['seconds']:.0f} lines/s")
    print(f"Python {took['python_cpu']:.1f} s of processor time, {took['to_begin']:.1f} s before the first batch")
    print(f"export: {rows} rows, {size / 1e6:.1f} MB in {seconds:.1f} s: {rows / seconds:.0f} rows/s")
    print(f"at most {peak:.0f} MiB of memory in this process")


if __name__ == "__main__":
    main()
