"""Targets, through the front door: whose, of which period, and who sets them."""

from typing import Any

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace


async def put(client: Client, **body: Any) -> dict[str, Any]:
    """A target of 1000 for the fourth quarter of 2026."""
    given = {"kind": "quarter", "starts_on": "2026-10-01", "amount": "1000.00", **body}
    response = await client.post("/v1/targets", json=given)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def test_a_target_is_answered_as_it_is_read_and_leaves_its_fact(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    made = await put(client, owner_id=str(workspace.anna.id))
    assert (made["owner"]["name"], made["team"], made["ends_on"], made["amount"]) == (
        "Anna Sales", None, "2026-12-31", "1000.00",
    )  # fmt: skip
    path = f"/v1/targets/{made['id']}"
    assert (await client.get(path)).json() == made
    (fact,) = await events("target.created")
    assert fact["payload"] == made
    changed = (await client.patch(path, json={"amount": "2000"})).json()
    assert (changed["amount"], changed["version"]) == ("2000.00", 2)
    problem(await client.patch(path, json={"amount": "1"}, headers={"If-Match": '"1"'}), 412, "stale")


@pytest.mark.parametrize(("kind", "end"), [("month", "2027-01-31"), ("quarter", "2027-03-31"), ("year", "2027-12-31")])
async def test_a_period_ends_when_it_ends(client: Client, kind: str, end: str) -> None:
    assert (await put(client, kind=kind, starts_on="2027-01-01"))["ends_on"] == end


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "quarter", "starts_on": "2026-11-01"},
        {"kind": "year", "starts_on": "2026-04-01"},
        {"kind": "month", "starts_on": "2026-10-02"},
        {"amount": "0"},
        {"amount": "-1"},
        {"kind": "decade"},
    ],
)
async def test_what_is_no_target_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    body = {"kind": "quarter", "starts_on": "2026-10-01", "amount": "1000.00", **wrong}
    problem(await client.post("/v1/targets", json=body), 422, "unprocessable")


async def test_there_is_one_target_of_each_for_a_period(client: Client, workspace: Workspace) -> None:
    for whose in ({}, {"owner_id": str(workspace.anna.id)}, {"team_id": str(workspace.north)}):
        made = await put(client, **whose)
        body = {"kind": "quarter", "starts_on": "2026-10-01", "amount": "5", **whose}
        problem(await client.post("/v1/targets", json=body), 409, "target_taken")
        path = f"/v1/targets/{made['id']}"
        assert (await client.post(f"{path}/archive")).json()["archived_at"] is not None
        problem(await client.patch(path, json={"amount": "1"}), 409, "target_archived")
        await put(client, **whose)
        problem(await client.post(f"{path}/restore"), 409, "target_taken")


async def test_who_sees_and_sets_which_targets(clients: Clients, workspace: Workspace) -> None:
    admin, manager, anna, ben = (
        clients(one.token) for one in (workspace.admin, workspace.manager, workspace.anna, workspace.ben)
    )
    of_all = await put(admin)
    of_anna = await put(manager, owner_id=str(workspace.anna.id))
    of_south = await put(manager, team_id=str(workspace.south))
    for client, expected in (
        (admin, [of_all, of_anna, of_south]),
        (manager, [of_all, of_anna, of_south]),
        (anna, [of_all, of_anna]),
        (ben, [of_all]),
    ):
        found = await client.get("/v1/targets", params={"sort": "created_at"})
        assert found.json()["data"] == expected
    body = {"kind": "quarter", "starts_on": "2027-01-01", "amount": "5"}
    problem(await anna.post("/v1/targets", json=body), 403, "scope_missing")
    for whose in ({}, {"owner_id": str(workspace.admin.id)}):
        problem(await manager.post("/v1/targets", json=body | whose), 422, "unprocessable")
    refused = await manager.patch(f"/v1/targets/{of_all['id']}", json={"amount": "1"})
    problem(refused, 403, "target_of_the_workspace")
