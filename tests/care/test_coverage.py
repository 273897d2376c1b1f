"""How far visits went by the plans: the worked example of ``domain.md`` ("Adherence") and its surroundings."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from crm.care import coverage as reading
from crm.care.vocabulary import GroupBy
from tests.care.people import at, chinese_calendar, customer
from tests.conftest import Client, Clients, problem
from tests.factories import Person, Workspace

MONTH = {"from": "2026-10-01", "to": "2026-10-31"}


async def visited(workspace: Workspace, owner: Person, customer_id: str, day: str, clock: str = "10:00") -> None:
    """A visit completed at that moment."""
    contact = await workspace.owner.fetchval("SELECT uuidv7()")
    await workspace.owner.execute(
        "INSERT INTO visits (workspace_id, customer_id, owner_id, team_id, purpose, state, planned_start, planned_end, "
        "started_at, completed_at, result, met_contact_ids) SELECT $1, $2, $3, team_id, 'care', 'completed', "
        "$4::timestamptz, $4 + interval '1 hour', $4, $4, 'x', ARRAY[$5]::uuid[] FROM users WHERE id = $3",
        workspace.id, UUID(customer_id), owner.id, at(day, clock), contact,
    )  # fmt: skip


async def planned(workspace: Workspace, owner: Person, month: str, visits: dict[str, int]) -> None:
    """A plan with these lines."""
    plan_id = await workspace.owner.fetchval(
        "INSERT INTO visit_plans (workspace_id, owner_id, team_id, month, working_days, capacity) "
        "SELECT $1, $2, team_id, $3, 18, 54 FROM users WHERE id = $2 RETURNING id",
        workspace.id, owner.id, date.fromisoformat(month),
    )  # fmt: skip
    for customer_id, times in visits.items():
        await workspace.owner.execute(
            "INSERT INTO visit_plan_lines (workspace_id, plan_id, customer_id, required, planned) "
            "VALUES ($1, $2, $3, $4, $4)",
            workspace.id, plan_id, UUID(customer_id), times,
        )  # fmt: skip


async def coverage(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = await client.get("/v1/coverage", params={**MONTH, **query})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


def values(line: dict[str, Any]) -> dict[str, float | None]:
    return {name: figure["value"] for name, figure in line.items() if isinstance(figure, dict)}


async def the_example(client: Client, workspace: Workspace, owner: Person) -> list[str]:
    """Planned 4, 2, 2, 1; done 6, 2, 0, 1."""
    made = [await customer(client, name, region="North", owner_id=str(owner.id)) for name in ("A", "B", "C", "D")]
    await planned(workspace, owner, "2026-10-01", dict(zip(made, (4, 2, 2, 1), strict=True)))
    for customer_id, times in zip(made, (6, 2, 0, 1), strict=True):
        for number in range(times):
            await visited(workspace, owner, customer_id, f"2026-10-{9 + number:02}")
    return made


async def test_extra_visits_to_an_easy_customer_do_not_hide_a_missed_one(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    await chinese_calendar(client)
    await the_example(client, workspace, workspace.anna)
    queries.clear()
    (line,) = await coverage(client)
    assert len(queries) == 1
    assert (line["name"], line["targets"], line["visits"]) == ("Anna Sales", 4, 9)
    assert values(line) == {
        "coverage": 0.75, "frequency": 3.0, "attainment": 0.75, "adherence": 0.7778, "call_rate": 0.5,
        "unplanned_share": 0.0,
    }  # fmt: skip
    assert (line["adherence"]["of"], line["adherence"]["n"]) == (7, 9)
    assert "min(completed, planned)" in line["adherence"]["formula"]
    assert (line["call_rate"]["of"], line["call_rate"]["n"]) == (9, 18), "October 2026 has 18 working days"


async def test_visits_outside_the_plan_and_the_period(client: Client, workspace: Workspace) -> None:
    await the_example(client, workspace, workspace.anna)
    other = await customer(client, "Other", owner_id=str(workspace.anna.id))
    for day, clock in (
        ("2026-10-01", "00:00"),
        ("2026-10-31", "23:59"),
        ("2026-09-30", "23:59"),
        ("2026-11-01", "00:00"),
    ):
        await visited(workspace, workspace.anna, other, day, clock)
    (line,) = await coverage(client)
    assert (line["visits"], line["unplanned_share"]["of"], line["unplanned_share"]["n"]) == (11, 2, 11)
    assert line["unplanned_share"]["value"] == 0.1818
    # The plan of October does not begin in November; nothing is divided by nothing.
    (line,) = await coverage(client, **{"from": "2026-11-01", "to": "2026-11-01"})
    assert values(line) == {
        "coverage": None, "frequency": None, "attainment": None, "adherence": None, "call_rate": None,
        "unplanned_share": 1.0,
    }  # fmt: skip
    assert await coverage(client, **{"from": "2026-08-01", "to": "2026-08-31"}) == []


async def test_plans_of_several_months_are_put_together_for_each_customer(client: Client, workspace: Workspace) -> None:
    first, *_ = await the_example(client, workspace, workspace.anna)
    await planned(workspace, workspace.anna, "2026-09-01", {first: 3})
    await visited(workspace, workspace.anna, first, "2026-09-10")
    (line,) = await coverage(client, **{"from": "2026-09-01"})
    # Of the first customer seven were planned and seven done, in whichever of the two months.
    assert (line["targets"], line["visits"]) == (4, 10)
    assert (line["adherence"]["of"], line["adherence"]["n"]) == (10, 12)
    # In a period of both in which only one begins, there is only one plan.
    (line,) = await coverage(client, **{"from": "2026-09-02"})
    assert (line["adherence"]["of"], line["adherence"]["n"], line["visits"]) == (7, 9, 10)


@pytest.mark.parametrize("group_by", ["user", "team", "region"])
async def test_a_period_of_one_plan_may_be_read_either_way(
    client: Client, workspace: Workspace, group_by: GroupBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await the_example(client, workspace, workspace.anna)
    other = await customer(client, "Other", owner_id=str(workspace.ben.id))
    await visited(workspace, workspace.ben, other, "2026-10-12")
    side_by_side = await coverage(client, group_by=group_by)
    monkeypatch.setattr(reading, "_months_begun", lambda *_: 2)
    assert await coverage(client, group_by=group_by) == side_by_side != []


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2026-10-01", "2026-10-01", 1),
        ("2026-10-01", "2026-10-31", 1),
        ("2026-10-02", "2026-10-31", 0),
        ("2026-10-02", "2026-11-01", 1),
        ("2025-12-01", "2026-01-01", 2),
        ("2025-12-31", "2027-01-31", 13),
    ],
)
def test_months_that_begin_in_a_period(first: str, last: str, months: int) -> None:
    assert reading._months_begun(date.fromisoformat(first), date.fromisoformat(last)) == months


async def test_a_team_has_all_below_it_and_regions_are_those_of_customers(client: Client, workspace: Workspace) -> None:
    await the_example(client, workspace, workspace.anna)
    south = await customer(client, "S", owner_id=str(workspace.ben.id))
    await planned(workspace, workspace.ben, "2026-10-01", {south: 1})
    await visited(workspace, workspace.ben, south, "2026-10-12")
    teams = {line["name"]: line for line in await coverage(client, group_by="team")}
    assert {name: (line["targets"], line["visits"]) for name, line in teams.items()} == {
        "North": (5, 10),
        "South": (1, 1),
    }
    assert teams["North"]["adherence"]["value"] == 0.8
    assert teams["North"]["call_rate"]["n"] == 2 * teams["South"]["call_rate"]["n"]
    regions = {line["name"]: line for line in await coverage(client, group_by="region")}
    assert {name: line["targets"] for name, line in regions.items()} == {"North": 4, None: 1}
    assert regions["North"]["call_rate"]["value"] is None


async def test_one_sees_the_figures_of_those_one_looks_after(clients: Clients, workspace: Workspace) -> None:
    admin, anna, ben = (clients(getattr(workspace, who).token) for who in ("admin", "anna", "ben"))
    manager, auditor = clients(workspace.manager.token), clients(workspace.auditor.token)
    await the_example(admin, workspace, workspace.anna)
    assert await coverage(ben) == []
    for who in (anna, manager, auditor):
        assert [line["id"] for line in await coverage(who)] == [str(workspace.anna.id)]


@pytest.mark.parametrize("wrong", [{"to": "2026-09-30"}, {"to": "2030-01-01"}, {"group_by": "colour"}, {"from": "x"}])
async def test_what_cannot_be_asked_is_refused(client: Client, wrong: dict[str, str]) -> None:
    problem(await client.get("/v1/coverage", params={**MONTH, **wrong}), 422, "unprocessable")
