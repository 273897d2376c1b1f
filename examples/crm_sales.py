"""Bring in a small company's sales, as another system exported them, and hold Rapport's numbers against the files'.

A folder of four files: ``sales_teams.csv`` (sales_agent, manager, regional_office), ``products.csv`` (product, series,
sales_price), ``accounts.csv`` (account, sector, year_established, revenue, employees, office_location, subsidiary_of)
and ``sales_pipeline.csv`` (opportunity_id, sales_agent, product, account, deal_stage, engage_date, close_date,
close_value; days as 20-10-16). Only the public API is used: people, teams, products and a pipeline are added one by
one, customers and sales by import jobs. Running it again adds nothing.

    RAPPORT_API_KEY=… python -m examples.crm_sales FOLDER --url http://127.0.0.1:8000

Prints a table: each figure once as a spreadsheet has it of the files, once as the API has it. Exit status 1 where two
differ or a line was refused.
"""

import argparse
import asyncio
import csv
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import httpx

PIPELINE = "Hardware sales"
TEAM = "Team of "
STAGES = [
    {"key": "prospecting", "name": "Prospecting", "name_zh": "寻找", "probability": "0.10"},
    {"key": "engaging", "name": "Engaging", "name_zh": "洽谈", "probability": "0.40", "progress_code": 2},
]
MISSPELT = {"sector": {"technolgy": "technology"}, "office_location": {"Philipines": "Philippines"}}
OVER = ("done", "failed", "undone")
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Files:
    """The four files, as they are."""

    folder: Path
    teams: Rows
    products: Rows
    accounts: Rows
    sales: Rows


class Figure(NamedTuple):
    """A number: what it is about, of whom, and what it comes to."""

    about: str
    of: str


Figures = dict[Figure, str]


def read(folder: Path) -> Files:
    """The files of a folder."""
    names = ("sales_teams", "products", "accounts", "sales_pipeline")
    return Files(folder, *(_rows(folder / f"{name}.csv") for name in names))


def _rows(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def spellings(files: Files) -> dict[str, str]:
    """The product meant by each spelling in the sales: those that no product has differ from one in blanks only."""
    by_letters = {_letters(row["product"]): row["product"] for row in files.products}
    used = {row["product"] for row in files.sales}
    return {spelling: by_letters[_letters(spelling)] for spelling in sorted(used)}


def _letters(name: str) -> str:
    return re.sub(r"\W", "", name).lower()


def expected(files: Files) -> Figures:
    """What a spreadsheet says of the files: plain arithmetic, nothing of Rapport."""
    offices = {row["sales_agent"]: row["regional_office"] for row in files.teams}
    meant = spellings(files)
    sales = [
        Sale(
            row["deal_stage"].lower(),
            row["sales_agent"],
            offices[row["sales_agent"]],
            meant[row["product"]],
            row["account"],
            Decimal(row["close_value"] or 0),
        )
        for row in files.sales
    ]
    return figures(sales, people=len(offices), customers=len(files.accounts))


class Sale(NamedTuple):
    """A sale, as far as the figures go: ``stage`` is its state where it has ended."""

    stage: str
    agent: str
    office: str
    product: str
    account: str
    value: Decimal


def figures(sales: Sequence[Sale], *, people: int, customers: int) -> Figures:
    """Counts by stage, win rates by agent and office, won value by product."""
    found: Figures = {Figure("people", "sales"): str(people), Figure("customers", "all"): str(customers)}
    found[Figure("sales", "all")] = str(len(sales))
    found[Figure("sales", "without a customer")] = str(sum(not one.account for one in sales))
    for stage, count in sorted(Counter(one.stage for one in sales).items()):
        found[Figure("sales", stage)] = str(count)
    for about, of in (("win rate, office", lambda one: one.office), ("win rate, agent", lambda one: one.agent)):
        found.update(_win_rates(about, sales, of))
    values: dict[str, Decimal] = defaultdict(Decimal)
    for one in sales:
        if one.stage == "won":
            values[one.product] += one.value
    for product, value in sorted(values.items()):
        found[Figure("won value, product", product)] = f"{value:.2f}"
    found[Figure("won value", "all")] = f"{sum(values.values(), Decimal(0)):.2f}"
    return found


def _win_rates(about: str, sales: Sequence[Sale], of: Callable[[Sale], str]) -> Iterator[tuple[Figure, str]]:
    won = Counter(of(one) for one in sales if one.stage == "won")
    lost = Counter(of(one) for one in sales if one.stage == "lost")
    for whose in sorted(won | lost):
        ended = won[whose] + lost[whose]
        yield Figure(about, whose), f"{Decimal(won[whose]) / ended:.4f} ({won[whose]} of {ended})"


async def bring_in(api: httpx.AsyncClient, files: Files) -> list[dict[str, Any]]:
    """People, teams, products and a pipeline one by one, customers and sales by import jobs; how those ended."""
    await _people(api, files)
    await _products(api, files)
    pipeline = {"name": PIPELINE, "stages": STAGES}
    await _ensured(api, "pipelines", {PIPELINE: pipeline})
    customers = await _imported(api, files.folder / "accounts.csv", values=MISSPELT, mapping={"account": "name"})
    # Some lines have neither stage nor end; every one says which product, in one spelling or another.
    sales = await _imported(
        api,
        files.folder / "sales_pipeline.csv",
        kind="opportunities",
        date_order="day_first",
        defaults={"pipeline": PIPELINE, "lost_reason": "other"},
    )
    return [customers, sales]


async def _people(api: httpx.AsyncClient, files: Files) -> None:
    """Offices as teams, in each a team per manager, in each its agents."""
    offices = await _ensured(
        api, "teams", {office: {"name": office} for office in sorted({row["regional_office"] for row in files.teams})}
    )
    leads = {row["manager"]: offices[row["regional_office"]] for row in files.teams}
    managers = await _ensured(
        api,
        "users",
        {name: {"name": name, "email": _email(name), "role": "manager", "team_id": leads[name]} for name in leads},
    )
    teams = await _ensured(
        api,
        "teams",
        {
            f"{TEAM}{name}": {"name": f"{TEAM}{name}", "manager_id": managers[name], "parent_id": office}
            for name, office in leads.items()
        },
    )
    await _ensured(
        api,
        "users",
        {
            row["sales_agent"]: {
                "name": row["sales_agent"],
                "email": _email(row["sales_agent"]),
                "role": "sales",
                "team_id": teams[TEAM + row["manager"]],
            }
            for row in files.teams
        },
    )


def _email(name: str) -> str:
    """The files have none: an address that is nobody's."""
    return re.sub(r"[^a-z]+", ".", name.lower()) + "@example.com"


async def _products(api: httpx.AsyncClient, files: Files) -> None:
    """The files name no currency: it is the workspace's."""
    currency = (await _sent(api, "GET", "workspace"))["currency"]
    aliases = defaultdict(list)
    for spelling, product in spellings(files).items():
        if spelling != product:
            aliases[product].append(spelling)
    await _ensured(
        api,
        "products",
        {
            row["product"]: {
                "name": row["product"],
                "family": row["series"],
                "aliases": aliases[row["product"]],
                "price": {"amount": row["sales_price"], "currency": currency},
            }
            for row in files.products
        },
    )


async def _ensured(api: httpx.AsyncClient, noun: str, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Add what is not there yet; name → id of all that is."""
    ids = {one["name"]: one["id"] async for one in _all(api, noun)}
    for name, body in wanted.items():
        if name not in ids:
            ids[name] = (await _sent(api, "POST", noun, json=body))["id"]
    return ids


async def _imported(api: httpx.AsyncClient, file: Path, **how: Any) -> dict[str, Any]:
    """An import job, watched until it is over."""
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in how.items()}
    content = await asyncio.to_thread(file.read_bytes)
    job = await _sent(api, "POST", "imports", data=form, files={"file": (file.name, content, "text/csv")})
    while job["state"] not in OVER:
        await asyncio.sleep(0.2)
        job = await _sent(api, "GET", f"imports/{job['id']}")
    return job


async def actual(api: httpx.AsyncClient) -> Figures:
    """The same figures from what the API shows."""
    teams = {one["id"]: one async for one in _all(api, "teams")}
    office_of = {id_: teams.get(team["parent_id"], team)["name"] for id_, team in teams.items()}
    people = {one["id"]: one async for one in _all(api, "users", role="sales")}
    pipeline = [one["id"] async for one in _all(api, "pipelines") if one["name"] == PIPELINE]
    sales = [
        Sale(
            one["state"] if one["state"] in {"won", "lost"} else one["stage"]["key"],
            one["owner"]["name"],
            office_of[people[one["owner_id"]]["team_id"]],
            one["items"][0]["name"],
            one["customer"]["name"] if one["customer"] else "",
            Decimal(one["amount"]["amount"]) if one["state"] in {"won", "lost"} else Decimal(0),
        )
        async for one in _all(api, "opportunities", pipeline_id=pipeline[0])
    ]
    customers = (await _sent(api, "GET", "customers", params={"limit": 1, "include_total": "true"}))["total"]
    return figures(
        sales,
        people=sum(teams[one["team_id"]]["name"].startswith(TEAM) for one in people.values()),
        customers=customers,
    )


async def _all(api: httpx.AsyncClient, noun: str, **asked: Any) -> AsyncIterator[dict[str, Any]]:
    cursor = None
    while True:
        more = asked if cursor is None else {**asked, "cursor": cursor}
        page = await _sent(api, "GET", noun, params={"limit": 200, **more})
        for one in page["data"]:
            yield one
        cursor = page["next_cursor"]
        if cursor is None:
            return


async def _sent(api: httpx.AsyncClient, method: str, path: str, **more: Any) -> dict[str, Any]:
    response = await api.request(method, f"/v1/{path}", **more)
    if response.is_error:
        raise SystemExit(f"{method} /v1/{path} → {response.status_code}: {response.text}")
    answer: dict[str, Any] = response.json()
    return answer


def table(files: Figures, api: Figures) -> Iterator[str]:
    """Each figure beside its like, for people."""
    rows = [(*one, files.get(one, "—"), api.get(one, "—")) for one in dict.fromkeys([*files, *api])]
    lines = [("figure", "of", "files", "Rapport", ""), *((*row, "" if row[2] == row[3] else "≠") for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(4)]
    for line in lines:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4]]).rstrip()


async def _main(folder: Path, url: str, key: str) -> int:
    files = read(folder)
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=120) as api:
        jobs = await bring_in(api, files)
        found = await actual(api)
    said = expected(files)
    print("\n".join(table(said, found)))
    for job in jobs:
        counts = ", ".join(f"{job[f'{name}_count']} {name}" for name in ("created", "updated", "unchanged", "refused"))
        print(f"{job['file_name']}: {job['state']}, {counts}")
    right = said == found and all(job["state"] == "done" and not job["refused_count"] for job in jobs)
    return 0 if right else 1


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--url", default="http://127.0.0.1:8000")
    given = asked.parse_args()
    sys.exit(asyncio.run(_main(given.folder, given.url, os.environ["RAPPORT_API_KEY"])))
