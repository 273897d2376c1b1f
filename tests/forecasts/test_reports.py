"""Win rate, cycle, velocity and what is under way, through the front door (``domain.md`` B5, D6)."""

from datetime import timedelta

import pytest

from tests.conftest import Client
from tests.factories import Workspace
from tests.forecasts.selling import put, today
from tests.forecasts.test_forecast import ask, values

SALES, PIPELINE = "/v1/reports/sales", "/v1/reports/pipeline"


async def test_the_win_rates_and_the_velocity_of_d6(client: Client, workspace: Workspace) -> None:
    # 9 won worth 1,260,000, 21 lost worth 1,800,000; 45 days each; 24 qualified ones are open.
    begun = today() - timedelta(days=45)
    for place in range(30):
        is_won = place < 9
        amount = "140000" if is_won else "100000" if place < 15 else "80000"
        await put(workspace, "contract_sent", amount, state="won" if is_won else "lost", closed=today(), opened=begun)
    for _ in range(24):
        await put(workspace, "qualified", "1")
    await put(workspace, "contacted", "1")
    await put(workspace, "new", "999", state="lost", lost_reason="duplicate")
    report = await ask(client, SALES)
    found = values(report["total"])
    assert found == {
        "won": "1260000.00",
        "lost": "1800000.00",
        "win_rate_by_count": "0.3000",
        "win_rate_by_value": "0.4118",
        "average_deal": "140000.00",
        "mean_cycle_days": "45.00",
        "median_cycle_days": "45.00",
        "qualified": "24",
        "velocity": "22400.00",
    }
    assert report["total"]["figures"]["win_rate_by_count"]["sample_size"] == 30
    assert set(report["formulas"]) == set(found)


async def test_nothing_closed_is_no_rate(client: Client, workspace: Workspace) -> None:
    await put(workspace, "qualified", "1")
    found = values((await ask(client, SALES))["total"])
    assert {name for name, value in found.items() if value is None} == {
        "win_rate_by_count", "win_rate_by_value", "average_deal", "mean_cycle_days", "median_cycle_days", "velocity",
    }  # fmt: skip


async def test_mean_and_median_cycle_differ_where_one_took_long(client: Client, workspace: Workspace) -> None:
    for days in (10, 20, 90):
        await put(workspace, state="won", opened=today() - timedelta(days=days))
    found = values((await ask(client, SALES))["total"])
    assert (found["mean_cycle_days"], found["median_cycle_days"]) == ("40.00", "20.00")


@pytest.mark.parametrize(
    "by", ["owner", "team", "region", "pipeline", "stage", "product", "day", "week", "month", "quarter", "year"]
)
async def test_every_breakdown_of_both_reports_is_one_statement(
    client: Client, workspace: Workspace, queries: list[str], by: str
) -> None:
    await put(workspace, state="won")
    await put(workspace, "qualified", "10", owner=workspace.ben)
    await ask(client, SALES)
    queries.clear()
    sales = await ask(client, SALES, by=by)
    pipeline = await ask(client, PIPELINE, by=by)
    assert len(queries) == 2
    assert sum(float(values(one)["won"] or 0) for one in sales["data"]) == 1000
    north_holds_south = 2 if by == "team" else 1
    assert sum(float(values(one)["open"] or 0) for one in pipeline["data"]) == 10 * north_holds_south
    assert values(sales["total"])["won"] == "1000.00"
    assert values(pipeline["total"])["open"] == "10.00"


async def test_by_owner_each_has_their_own_rate(client: Client, workspace: Workspace) -> None:
    await put(workspace, state="won")
    await put(workspace, state="lost")
    await put(workspace, state="won", owner=workspace.ben)
    await put(workspace, state="won", owner=workspace.ben, closed=today() - timedelta(days=800))
    report = await ask(client, SALES, by="owner")
    rates = {one["name"]: values(one)["win_rate_by_count"] for one in report["data"]}
    assert rates == {"Anna Sales": "0.5000", "Ben Sales": "1.0000"}
    assert values((await ask(client, SALES, period="all"))["total"])["won"] == "3000.00"


async def test_what_is_under_way_by_stage(client: Client, workspace: Workspace) -> None:
    await put(workspace, "new", "100", entered_days_ago=4)
    await put(workspace, "new", None, entered_days_ago=10)
    await put(workspace, "proposal", "50", entered_days_ago=1)
    await put(workspace, "proposal", "50", state="on_hold")
    report = await ask(client, PIPELINE, by="stage")
    new = next(one for one in report["data"] if one["name"] == "New")
    assert values(new) == {
        "open": "100.00", "weighted": "5.00", "mean_days_in_stage": "7.00", "median_days_in_stage": "7.00",
    }  # fmt: skip
    assert (new["without_amount"], new["figures"]["open"]["sample_size"]) == (1, 2)
    assert (values(report["total"])["open"], values(report["total"])["weighted"]) == ("150.00", "35.00")
