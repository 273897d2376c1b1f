"""``python -m benchmarks.imports``: how fast a file of customers lands, and where the time goes.

100,000 lines of twelve columns, half of them Chinese companies, through the worker's own road: search tokens, facts,
problems and all. Prints the lines per second, the processor seconds of Python and of Postgres, and the most memory.
"""

import argparse
import csv
import os
import random
import resource
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import uvloop

from benchmarks.stage import SECRET_KEY, Stage, stage
from crm.actor import ActorKind
from crm.database import Database
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
            name, f"91{number:016}", trade, city, chance.choice(("大型", "中型", "小型")),
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


def _postgres_cpu() -> float:
    """Processor seconds of every Postgres backend of ours that is alive, and of those that have ended."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        if "postgres" in text and os.getsid(int(entry.parent.name)) == _session_of_postgres():
            total += (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / ticks
    return total


def _session_of_postgres() -> int:
    return os.getsid(0)


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--beside", type=int, default=1_000, help="customers that are there already")
    chosen = parser.parse_args()
    content = written(chosen.lines)
    with stage(chosen.beside) as on:
        took = uvloop.run(bring_in(on, content))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{took['lines']:.0f} lines in {took['seconds']:.1f} s: {took['lines'] / took['seconds']:.0f} lines/s")
    print(f"Python {took['python_cpu']:.1f} s of processor time, {took['to_begin']:.1f} s before the first batch")
    print(f"at most {peak:.0f} MiB of memory in this process")


if __name__ == "__main__":
    main()
