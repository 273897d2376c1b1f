"""The example that brings in a company's sales gives the numbers that its files have: here a made-up company's."""

import asyncio
from pathlib import Path

import pytest

from examples import crm_sales
from examples.crm_sales import Figure
from services.worker.importing import import_round
from tests.conftest import Client
from tests.imports.steps import Worker

FILES = {
    "sales_teams": "sales_agent,manager,regional_office\n"
    "Ann Lee,Max May,North\nBo Oak,Max May,North\nCy Ash,Eve Elm,South\n",
    "products": "product,series,sales_price\nBolt Pro,Bolt,100\nNut,Nut,7\n",
    "accounts": "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
    "Acme,technolgy,1996,1100.04,2822,United States,\nBeta,retail,2001,10.5,12,Philipines,Acme\n",
    "sales_pipeline": "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value,"
    "engage_quarter,close_quarter\n"
    "S1,Ann Lee,BoltPro,Acme,Won,20-10-16,01-03-17,95,Q4 2016,Q1 2017\n"
    "S2,Ann Lee,Bolt Pro,Beta,Won,21-10-16,02-03-17,110,Q4 2016,Q1 2017\n"
    "S3,Ann Lee,Nut,Acme,Lost,22-10-16,03-03-17,0,Q4 2016,Q1 2017\n"
    "S4,Bo Oak,Nut,Acme,Won,23-10-16,04-03-17,6,Q4 2016,Q1 2017\n"
    "S5,Cy Ash,Nut,Beta,Lost,24-10-16,05-03-17,0,Q4 2016,Q1 2017\n"
    "S6,Cy Ash,BoltPro,,Engaging,25-10-16,,,Q4 2016,\n"
    "S7,Cy Ash,Nut,,Prospecting,,,,,\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of the same shape as the company's."""
    for name, content in FILES.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    return tmp_path


async def test_the_api_says_of_the_sales_what_a_spreadsheet_says_of_the_files(
    client: Client, worker: Worker, folder: Path
) -> None:
    files = crm_sales.read(folder)

    async def carry_out() -> None:
        while True:
            if not await import_round(worker):
                await asyncio.sleep(0.05)

    carrying = asyncio.create_task(carry_out())
    try:
        jobs = await crm_sales.bring_in(client, files)
        again = await crm_sales.bring_in(client, files)
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
    found = await crm_sales.actual(client)
    assert found == crm_sales.expected(files)
    assert [(job["created_count"], job["refused_count"]) for job in jobs] == [(2, 0), (7, 0)]
    assert [(job["created_count"], job["unchanged_count"]) for job in again] == [(0, 2), (0, 7)]
    assert {
        Figure("sales", "won"): "3",
        Figure("sales", "lost"): "2",
        Figure("sales", "engaging"): "1",
        Figure("sales", "prospecting"): "1",
        Figure("sales", "without a customer"): "2",
        Figure("win rate, agent", "Ann Lee"): "0.6667 (2 of 3)",
        Figure("win rate, agent", "Cy Ash"): "0.0000 (0 of 1)",
        Figure("win rate, office", "North"): "0.7500 (3 of 4)",
        Figure("won value, product", "Bolt Pro"): "205.00",
        Figure("won value", "all"): "211.00",
    }.items() <= found.items()


def test_a_figure_that_differs_is_marked() -> None:
    one = Figure("sales", "won")
    lines = list(crm_sales.table({one: "3"}, {one: "4"}))
    assert lines[1].endswith("≠"), lines
    assert not list(crm_sales.table({one: "3"}, {one: "3"}))[1].endswith("≠")
