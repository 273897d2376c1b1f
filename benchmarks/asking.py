"""Questions to the large house: the command that asks them, and the page their answers are written to."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.house import DATA, House, house

Measure = Callable[[House, int, str | None], Awaitable[list[str]]]
"""Asks each question so many times, only those with these words where there are any; gives the rows of the table."""

Report = Callable[[House, list[str], str], str]
"""The page, with the load of the machine before and after."""


def ask_the_house(name: str, doc: str | None, measure: Measure, report: Report, *, times: int, out: Path) -> None:
    """Read the command line, ask, and write the page."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=doc)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--facts", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=times)
    parser.add_argument("--only", help="Only questions with these words; writes nothing.")
    parser.add_argument("--out", type=Path, default=out)
    given = parser.parse_args()
    with house(given.data, customers=given.customers, facts=given.facts) as of:
        before = os.getloadavg()
        lines = asyncio.run(_asked(measure, of, given.times, given.only))
        load = f"{before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
        if given.only is None:
            given.out.write_text(report(of, lines, load), encoding="utf-8")
        print(load)


async def _asked(measure: Measure, of: House, times: int, only: str | None) -> list[str]:
    return await measure(of, times, only)
