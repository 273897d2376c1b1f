"""The report on complaints, through the front door: what counts, whose it is, and on how many it rests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.complaint_reports.complaining import answered, noon, promise, put, step
from tests.conftest import Client, Clients, Stage, problem
from tests.factories import Workspace

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def report(client: Client, **asked: Any) -> dict[str, Any]:
    """The numbers of March, unless asked otherwise."""
    response = await client.get("/v1/reports/complaints", params={**MARCH, **asked})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def values(line: dict[str, Any], *names: str) -> list[Any]:
    """Figures of a line."""
    return [line["figures"][name]["value"] for name in names]


def volumes(found: dict[str, Any]) -> dict[str | None, str]:
    """How many there are of each name, or key where there is no name."""
    return {line["name"] or line["key"]: line["figures"]["volume"]["value"] for line in found["data"]}


async def customer(
    workspace: Workspace, *, owner: Any = None, team: UUID | None = None, at: str = "2026-01-01"
) -> UUID:
    """A customer who came on a day."""
    made: UUID = await workspace.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id, team_id, created_at) "
        "VALUES ($1, 'company', 'Marked', 'marked', $2, $3, $4) RETURNING id",
        workspace.id,
        None if owner is None else owner.id,
        team,
        noon(at),
    )
    return made


async def test_nothing_at_all_has_a_volume_of_nothing_and_no_ratios(client: Client) -> None:
    found = await report(client)
    assert found["data"] == []
    known = {name for name, figure in found["total"]["figures"].items() if figure["value"] is not None}
    assert known == {"volume", "cost"}
    assert found["iceberg"]["unhappy"] == found["iceberg"]["told_at_least"] == 0
    assert set(found["total"]["figures"]) <= set(found["formulas"])


async def test_twelve_complaints_are_an_iceberg_of_300(client: Client, clients: Clients, workspace: Workspace) -> None:
    for _ in range(12):
        await put(workspace)
    said = (await report(client))["iceberg"]
    assert (said["complaints"], said["unhappy"], said["silent"], said["told_at_least"]) == (12, 300, 288, 4320)
    assert (said["complaining_percent"], said["told_each"]) == (4, 15)
    changed = await client.patch(
        "/v1/workspace", json={"settings": {"iceberg": {"complaining_percent": 8, "told_each": 9}}}
    )
    assert changed.status_code == 200, changed.text
    # Somebody who was not here yet: what the house knows of a person is some seconds old.
    said = (await report(clients(workspace.auditor.token)))["iceberg"]
    assert (said["unhappy"], said["silent"], said["told_at_least"]) == (150, 138, 1242)


async def test_a_day_begins_at_midnight_in_the_workspace(client: Client, workspace: Workspace) -> None:
    for hours, _ in ((-1, "the last of February"), (0, "the first of March"), (24 * 31, "the first of April")):
        await put(workspace, at=datetime.fromisoformat("2026-03-01T00:00:00+08:00") + timedelta(hours=hours))
    await put(workspace, at=datetime.fromisoformat("2026-03-31T23:59:59.999999+08:00"))
    assert values((await report(client))["total"], "volume") == ["2"]


async def test_promises_count_when_they_are_decided(client: Client, workspace: Workspace) -> None:
    complaint = await put(workspace)
    for state in ("met", "met_late", "breached", "cancelled", "paused"):
        await promise(workspace, await put(workspace), "acknowledge", state)
    await promise(workspace, complaint, "acknowledge", "running", due=datetime.now(UTC) + timedelta(hours=1))
    await promise(workspace, await put(workspace), "acknowledge", "running")
    await promise(workspace, complaint, "resolution", "met")
    await promise(workspace, complaint, "response", "breached")
    total = (await report(client))["total"]
    assert total["figures"]["acknowledged_on_time"] == {
        "value": "0.2500",
        "formula": "acknowledged_on_time",
        "sample_size": 4,
    }
    assert values(total, "resolved_on_time") == ["1.0000"]


async def test_reopened_repeated_upheld_and_first_contact_each_have_their_own_whole(
    client: Client, workspace: Workspace
) -> None:
    first = await put(workspace, state="closed", validity="upheld")
    await put(workspace, state="closed", validity="partly", repeat_of_id=first)
    waited = await put(workspace, state="resolved", validity="rejected")
    await step(workspace, waited, "wait_customer")
    await put(workspace, state="investigating", reopened_count=1, repeat_of_id=first)
    await put(workspace)
    total = (await report(client))["total"]
    assert values(total, "volume", "reopened", "repeat", "upheld", "first_contact_resolution") == [
        "5", "0.2500", "0.4000", "0.6667", "0.5000",
    ]  # fmt: skip
    samples = [total["figures"][name]["sample_size"] for name in ("reopened", "repeat", "upheld")]
    assert samples == [4, 5, 3]


@pytest.mark.parametrize("again", ["wait_customer", "inform", "refuse"])
async def test_whoever_was_asked_or_told_in_between_was_not_settled_at_first_contact(
    client: Client, workspace: Workspace, again: str
) -> None:
    for _ in range(3):
        await put(workspace, state="closed")
    await step(workspace, await put(workspace, state="closed"), again)
    await step(workspace, await put(workspace, state="closed"), "communicate")
    assert values((await report(client))["total"], "first_contact_resolution") == ["0.8000"]


async def test_costs_are_in_the_workspaces_currency_by_the_rate_of_the_day(
    client: Client, workspace: Workspace
) -> None:
    await client.put("/v1/exchange-rates/USD/2026-03-01", json={"rate": "7"})
    await client.put("/v1/exchange-rates/USD/2026-03-15", json={"rate": "8"})
    await put(workspace, cost=100)
    await put(workspace, "2026-03-10", cost=10, cost_currency="USD")
    await put(workspace, "2026-03-20", cost=10, cost_currency="USD")
    await put(workspace, cost=10, cost_currency="EUR")
    await put(workspace)
    found = await report(client)
    assert found["currency"] == "CNY"
    assert values(found["total"], "cost", "average_cost") == ["250.00", "83.33"]
    assert found["total"]["unconverted"] == 1


async def test_what_people_said_is_85_percent_and_plus_twenty(client: Client, workspace: Workspace) -> None:
    for number in range(40):
        nps = None if number >= 20 else 9 if number < 9 else 7 if number < 15 else 6
        await answered(workspace, await put(workspace, state="closed"), csat=5 if number < 34 else 3, nps=nps)
    figures = (await report(client))["total"]["figures"]
    assert (figures["csat"]["value"], figures["csat"]["sample_size"]) == ("0.8500", 40)
    assert (figures["nps"]["value"], figures["nps"]["sample_size"]) == ("20.00", 20)
    assert figures["csat_trend"]["value"] is None


async def test_a_trend_compares_with_as_many_days_before_from_thirty_answers_on(
    client: Client, workspace: Workspace
) -> None:
    for day, content in (("2026-03-10", 27), ("2026-02-10", 15)):
        for number in range(30):
            await answered(workspace, await put(workspace, day, state="closed"), csat=4 if number < content else 1)
    await answered(workspace, await put(workspace, "2026-01-20", state="closed"), csat=1)
    found = await report(client)
    assert values(found["total"], "csat", "csat_trend") == ["0.9000", "0.4000"]
    assert found["total"]["figures"]["csat_trend"]["sample_size"] == 30
    assert values(found["total"], "volume") == ["30"]
    monthly = await report(client, group_by="month", **{"from": "2026-02-01"})
    assert [line["key"] for line in monthly["data"]] == ["2026-02-01", "2026-03-01"]
    assert [values(line, "csat_trend") for line in monthly["data"]] == [[None], ["0.4000"]]


async def test_lines_are_by_cause_product_person_category_severity_and_month(
    client: Client, workspace: Workspace
) -> None:
    product = (await client.post("/v1/products", json={"code": "P1", "name": "Pump"})).json()["id"]
    await put(workspace, cause_kind="supplier", product_id=UUID(product), assignee_id=workspace.anna.id)
    await put(workspace, "2026-02-10", category="quality", severity="critical", cause_kind="supplier")
    since = {"from": "2026-02-01"}
    by = {
        name: volumes(await report(client, group_by=name, **since))
        for name in ("cause", "product", "person", "category", "severity", "month")
    }
    assert by == {
        "cause": {"supplier": "2"},
        "product": {"Pump": "1", None: "1"},
        "person": {"Anna Sales": "1", None: "1"},
        "category": {"quality": "1", "other": "1"},
        "severity": {"critical": "1", "medium": "1"},
        "month": {"2026-02-01": "1", "2026-03-01": "1"},
    }


async def test_a_team_has_what_the_teams_below_it_have_and_its_own_customers(
    client: Client, workspace: Workspace
) -> None:
    for team in (workspace.north, workspace.south, None):
        await put(workspace, team_id=team)
        await customer(workspace, team=team)
    found = await report(client, group_by="team")
    assert volumes(found) == {"North": "2", "South": "1", None: "1"}
    per_thousand = {line["name"]: values(line, "per_1000_customers")[0] for line in found["data"]}
    assert per_thousand == {"North": "1000.00", "South": "1000.00", None: "1000.00"}
    assert {line["name"]: line["figures"]["per_1000_customers"]["sample_size"] for line in found["data"]} == {
        "North": 2,
        "South": 1,
        None: 1,
    }
    assert values(found["total"], "volume", "per_1000_customers") == ["3", "1000.00"]


async def test_per_thousand_customers_counts_those_who_had_come_by_then(client: Client, workspace: Workspace) -> None:
    for day in ("2026-01-01", "2026-02-15", "2026-03-31", "2026-04-01"):
        await customer(workspace, at=day)
    gone = await customer(workspace)
    await workspace.owner.execute("UPDATE customers SET archived_at = now() WHERE id = $1", gone)
    await put(workspace, "2026-02-10")
    await put(workspace, "2026-03-10")
    found = await report(client, group_by="month", **{"from": "2026-02-01"})
    assert [values(line, "per_1000_customers") for line in found["data"]] == [["500.00"], ["333.33"]]
    assert values(found["total"], "per_1000_customers") == ["666.67"]


async def test_filters_take_any_of_several(client: Client, workspace: Workspace) -> None:
    for category in ("quality", "price", "service"):
        await put(workspace, category=category, assignee_id=workspace.service.id if category == "price" else None)
    asked = await report(client, category=["quality", "price"], group_by="category")
    assert volumes(asked) == {"quality": "1", "price": "1"}
    assert values((await report(client, assignee_id=str(workspace.service.id)))["total"], "volume") == ["1"]


async def test_only_what_one_sees_is_counted(clients: Clients, workspace: Workspace) -> None:
    annas = await customer(workspace, owner=workspace.anna, team=workspace.north)
    bens = await customer(workspace, owner=workspace.ben, team=workspace.south)
    await put(workspace, customer_id=annas)
    await put(workspace, customer_id=annas)
    await put(workspace, customer_id=bens)
    for person, volume, sample in ((workspace.anna, "2", 1), (workspace.ben, "1", 1), (workspace.manager, "3", 2)):
        total = (await report(clients(person.token)))["total"]
        assert values(total, "volume") == [volume]
        assert total["figures"]["per_1000_customers"]["sample_size"] == sample
    # Whom it is about does not count it: one would know of it.
    await put(workspace, customer_id=annas, responsible_id=workspace.anna.id)
    assert values((await report(clients(workspace.anna.token)))["total"], "volume") == ["2"]


async def test_a_year_up_to_today_is_what_nobody_asks_for_by_name(client: Client, workspace: Workspace) -> None:
    now = datetime.now(UTC)
    await put(workspace, at=now)
    await put(workspace, at=now - timedelta(days=360))
    await put(workspace, at=now - timedelta(days=370))
    found = (await client.get("/v1/reports/complaints")).json()
    assert values(found["total"], "volume") == ["2"]


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-04-01", "to": "2026-03-01"},
        {"from": "2000-01-01", "to": "2026-03-01"},
        {"from": "0001-01-01", "to": "0001-01-02"},
        {"from": "9999-12-30", "to": "9999-12-31"},
        {"to": "0001-01-01"},
        {"group_by": "mood"},
        {"from": "yesterday"},
        {"form": "2026-01-01"},
    ],
)
async def test_a_period_that_is_none_is_refused(client: Client, asked: dict[str, str]) -> None:
    problem(await client.get("/v1/reports/complaints", params=asked), 422, "unprocessable")


async def test_a_report_is_one_statement(
    client: Client, workspace: Workspace, queries: list[str], stage: Stage
) -> None:
    await put(workspace, team_id=workspace.north)
    await report(client)
    queries.clear()
    await report(client, group_by="team", severity="medium")
    assert len([query for query in queries if "complaints" in query]) == 1
    assert len(queries) <= 2, queries
