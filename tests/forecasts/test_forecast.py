"""The forecast, through the front door: the table of ``domain.md`` D6, lines, targets, currencies, sight."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Client, Clients, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.forecasts.selling import put, today

D6 = [
    ("contract_sent", "500000", "open", "0.8", "commit"),
    ("proposal", "300000", "open", "0.6", "best_case"),
    ("qualified", "200000", "open", "0.3", "pipeline"),
    ("contract_sent", "150000", "open", "0.9", "commit"),
    ("contract_sent", "120000", "won", None, None),
    ("qualified", "400000", "lost", None, None),
    ("contacted", "80000", "open", "0.1", "pipeline"),
]


async def d6(workspace: Workspace) -> None:
    """The seven sales of D6, Anna's."""
    for stage, amount, state, probability, category in D6:
        await put(workspace, stage, amount, state=state, probability=probability, category=category)


async def ask(client: Client, path: str = "/v1/forecast", **query: Any) -> dict[str, Any]:
    """The report."""
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def values(line: dict[str, Any]) -> dict[str, str | None]:
    """Just what the figures say."""
    return {name: figure["value"] for name, figure in line["figures"].items()}


def quarter_begins() -> str:
    """The first day of this quarter."""
    day = today()
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1).isoformat()


async def aim(client: Client, amount: str, **whose: Any) -> None:
    """Set a target for this quarter."""
    body = {"kind": "quarter", "starts_on": quarter_begins(), "amount": amount, **whose}
    response = await client.post("/v1/targets", json=body)
    assert response.status_code == 201, response.text


async def test_the_forecast_of_the_table_d6(client: Client, workspace: Workspace) -> None:
    await d6(workspace)
    await aim(client, "1000000.00")
    report = await ask(client)
    expected = {
        "open_pipeline": "1230000.00",
        "weighted": "783000.00",
        "pipeline": "280000.00",
        "best_case": "300000.00",
        "commit": "650000.00",
        "closed": "120000.00",
        "omitted": "400000.00",
        "commit_forecast": "770000.00",
        "best_case_forecast": "1070000.00",
        "expected_total": "903000.00",
        "target": "1000000.00",
        "attainment": "0.1200",
        "expected_attainment": "0.9030",
        "coverage": "1.40",
    }
    assert values(report["total"]) == expected
    assert (report["currency"], report["by"], report["data"]) == ("CNY", None, [])
    assert report["total"]["figures"]["weighted"] == {
        "value": "783000.00", "formula": "weighted", "sample_size": 5,
    }  # fmt: skip
    assert set(report["formulas"]) == set(expected)
    assert all(words["text"] and words["text_zh"] for words in report["formulas"].values())


async def test_without_target_or_sales_there_is_nothing_to_divide_by(client: Client) -> None:
    found = values((await ask(client))["total"])
    assert (found["open_pipeline"], found["weighted"]) == ("0.00", "0.00")
    assert [found[name] for name in ("target", "attainment", "expected_attainment", "coverage")] == [None] * 4


async def test_no_coverage_once_the_target_is_reached(client: Client, workspace: Workspace) -> None:
    await put(workspace, "contract_sent", "500", state="won")
    await put(workspace, "new", "500")
    await aim(client, "500")
    found = values((await ask(client))["total"])
    assert (found["attainment"], found["coverage"]) == ("1.0000", None)


async def test_lines_by_owner_with_their_targets_add_up(client: Client, workspace: Workspace) -> None:
    await d6(workspace)
    await put(workspace, "new", "1000", owner=workspace.ben)
    await aim(client, "1000000", owner_id=str(workspace.anna.id))
    await aim(client, "200", owner_id=str(workspace.ben.id))
    report = await ask(client, by="owner")
    by_name = {one["name"]: values(one) for one in report["data"]}
    assert by_name.keys() == {"Anna Sales", "Ben Sales"}
    assert (by_name["Anna Sales"]["weighted"], by_name["Ben Sales"]["weighted"]) == ("783000.00", "50.00")
    assert (by_name["Anna Sales"]["attainment"], by_name["Ben Sales"]["coverage"]) == ("0.1200", "5.00")
    assert (values(report["total"])["weighted"], values(report["total"])["target"]) == ("783050.00", "1000200.00")


async def test_a_teams_line_includes_the_teams_below(client: Client, workspace: Workspace) -> None:
    await put(workspace, "new", "100", owner=workspace.anna)
    await put(workspace, "new", "10", owner=workspace.ben)
    await put(workspace, "new", "1", owner=workspace.admin)
    report = await ask(client, by="team")
    lines = {one["name"]: values(one)["open_pipeline"] for one in report["data"]}
    assert lines == {"North": "110.00", "South": "10.00", None: "1.00"}
    assert values(report["total"])["open_pipeline"] == "111.00"
    below = await ask(client, team_id=str(workspace.north))
    assert values(below["total"])["open_pipeline"] == "110.00"


@pytest.mark.parametrize("by", ["region", "pipeline", "stage", "day", "week", "month", "quarter", "year"])
async def test_every_breakdown_adds_up_to_the_total(client: Client, workspace: Workspace, by: str) -> None:
    customer_id = await customer_of(client, region="East")
    await d6(workspace)
    await put(workspace, "new", "7", customer_id=customer_id)
    report = await ask(client, by=by)
    amounts = [float(values(one)["open_pipeline"] or 0) for one in report["data"]]
    assert sum(amounts) == float(values(report["total"])["open_pipeline"] or 0) == 1230007
    if by == "region":
        assert {one["key"] for one in report["data"]} == {"East", None}


async def test_by_product_it_is_the_items_that_count(client: Client, workspace: Workspace) -> None:
    two = await put(workspace, "new", "300")
    await put(workspace, "new", "50")
    for name, amount in (("Pump", "100"), ("Valve", "200")):
        await workspace.owner.execute(
            "INSERT INTO opportunity_items (workspace_id, opportunity_id, place, name, price, amount) "
            "VALUES ($1, $2, 1, $3, $4::numeric, $4::numeric)",
            workspace.id, two, name, amount,
        )  # fmt: skip
    report = await ask(client, by="product")
    assert {one["name"]: values(one)["open_pipeline"] for one in report["data"]} == {
        "Pump": "100.00", "Valve": "200.00", None: "50.00",
    }  # fmt: skip
    total = report["total"]["figures"]["open_pipeline"]
    assert (total["value"], total["sample_size"]) == ("350.00", 2)


async def test_other_currencies_are_converted_by_the_days_rate_and_the_rest_counted(
    client: Client, workspace: Workspace
) -> None:
    for day, rate in ((today() - timedelta(days=30), "6"), (today(), "7"), (today() + timedelta(days=1), "9")):
        await workspace.owner.execute(
            "INSERT INTO exchange_rates (workspace_id, currency, day, rate) VALUES ($1, 'USD', $2, $3::numeric)",
            workspace.id, day, rate,
        )  # fmt: skip
    await put(workspace, "new", "100", currency="USD")
    await put(workspace, "contract_sent", "10", currency="USD", state="won", closed=today() - timedelta(days=3))
    await put(workspace, "new", "5", currency="EUR")
    await put(workspace, "new", None)
    total = (await ask(client, period="all"))["total"]
    assert (values(total)["open_pipeline"], values(total)["weighted"], values(total)["closed"]) == (
        "700.00",
        "35.00",
        "60.00",
    )
    assert (total["unconverted"], total["without_amount"]) == (1, 1)
    assert total["figures"]["open_pipeline"]["sample_size"] == 3


async def test_only_what_is_due_or_closed_in_the_period_counts(client: Client, workspace: Workspace) -> None:
    next_year = today().replace(year=today().year + 1, day=1)
    await put(workspace, "new", "100", expected=next_year)
    await put(workspace, "new", "10")
    assert values((await ask(client, period=str(next_year.year)))["total"])["open_pipeline"] == "100.00"
    assert values((await ask(client, period=today().isoformat()))["total"])["open_pipeline"] == "10.00"
    assert values((await ask(client, period="all"))["total"])["open_pipeline"] == "110.00"
    for wrong in ("2026-13", "2026-W60", "soon", "2026-11-31"):
        refused = problem(await client.get("/v1/forecast", params={"period": wrong}), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == "query:period"


async def test_one_sees_the_figures_of_what_one_sees(clients: Clients, workspace: Workspace) -> None:
    await put(workspace, "new", "100", owner=workspace.anna)
    await put(workspace, "new", "10", owner=workspace.ben)
    seen = {
        name: values((await ask(clients(getattr(workspace, name).token)))["total"])["open_pipeline"]
        for name in ("anna", "ben", "manager", "auditor")
    }
    assert seen == {"anna": "100.00", "ben": "10.00", "manager": "110.00", "auditor": "110.00"}


async def test_a_forecast_is_one_statement(client: Client, workspace: Workspace, queries: list[str]) -> None:
    await d6(workspace)
    await ask(client)
    queries.clear()
    await ask(client, by="owner")
    assert len(queries) == 1
