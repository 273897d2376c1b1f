"""Proposals of key customers: made by the numbers, decided by a manager, explained by what they were judged by."""

import random
from decimal import Decimal
from typing import Any

import pytest

from crm.key_customers.rules import deserved, proposal
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.relationships.steps import done, new_customer


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


async def worth(client: Client, name: str, amount: str | None, **more: Any) -> str:
    """The path of a customer worth so much a year."""
    return await new_customer(client, name=name, yearly_value=None if amount is None else cny(amount), **more)


async def run(client: Client) -> tuple[int, int]:
    found = await done(client, "/v1/key-proposals/run")
    return found["made"], found["withdrawn"]


async def proposals(client: Client, **wanted: Any) -> list[dict[str, Any]]:
    response = await client.get("/v1/key-proposals", params={"limit": 200, **wanted})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def open_ones(client: Client) -> dict[str, tuple[str, str | None]]:
    return {one["customer"]["name"]: (one["kind"], one["key_kind"]) for one in await proposals(client, state="open")}


async def test_a_yearly_value_is_money_to_the_cent_and_influence_one_to_five(client: Client, events: Facts) -> None:
    path = await worth(client, "Acme", "9999999999999999.99", influence=5)
    customer = (await client.get(path)).json()
    assert (customer["yearly_value"], customer["influence"]) == (cny("9999999999999999.99"), 5)
    changed = await client.patch(path, json={"yearly_value": {"amount": "12.5", "currency": "EUR"}})
    assert changed.json()["yearly_value"] == {"amount": "12.50", "currency": "EUR"}
    emptied = await client.patch(path, json={"yearly_value": None, "influence": None})
    assert (emptied.json()["yearly_value"], emptied.json()["influence"]) == (None, None)
    assert (await events())[-1]["changes"]["yearly_value"] == [12.5, None]
    for wrong in ("-1", "1e3", "1.234", "12345678901234567", ""):
        problem(await client.patch(path, json={"yearly_value": cny(wrong)}), 422, "unprocessable")
    problem(await client.patch(path, json={"yearly_value": {"amount": "1", "currency": "ZZZ"}}), 422, "unprocessable")
    for influence in (0, 6, 2.5, "3", True):
        problem(await client.patch(path, json={"influence": influence}), 422, "unprocessable")


async def test_the_first_fifth_by_value_and_the_influential_are_proposed(client: Client, events: Facts) -> None:
    for number in range(4):
        await worth(client, f"Small {number}", str(number))
    await worth(client, "Large", "1000000.00")
    await worth(client, "Loud", None, influence=4)
    await worth(client, "Both", "2000000.00", influence=5)
    assert await run(client) == (3, 0)
    assert await open_ones(client) == {
        "Large": ("promote", "high_value"),
        "Loud": ("promote", "influential"),
        "Both": ("promote", "double"),
    }
    (both,) = await proposals(client, key_kind="double")
    judged_by = (both["place"], both["customers"], both["value"], both["influence"], both["former_class"])
    assert judged_by == (1, 7, cny("2000000.00"), 5, "ordinary")
    assert (await events.types()).count("key_proposal.made") == 3
    assert await run(client) == (0, 0)


async def test_nobody_is_proposed_where_there_is_nobody_or_nothing(client: Client) -> None:
    assert await run(client) == (0, 0)
    for number in range(3):
        await worth(client, f"Nothing {number}", None if number else "0")
    assert await run(client) == (0, 0)


async def test_equal_values_are_told_apart_by_id(client: Client) -> None:
    made = [(await worth(client, f"Customer {number}", "100")).rsplit("/", 1)[1] for number in range(6)]
    assert await run(client) == (2, 0)
    assert sorted(one["customer_id"] for one in await proposals(client)) == sorted(made)[:2]


async def test_the_archived_the_lost_and_foreign_money_do_not_count(client: Client) -> None:
    archived = await worth(client, "Archived", "900")
    await done(client, f"{archived}/archive")
    lost = await worth(client, "Lost", "800", influence=5)
    await done(client, f"{lost}/lose", {"cause": "competitor", "evidence": "They signed elsewhere."})
    await new_customer(client, name="Foreign", yearly_value={"amount": "700", "currency": "USD"})
    await worth(client, "Here", "1")
    assert await run(client) == (1, 0)
    (here,) = await proposals(client)
    assert (here["customer"]["name"], here["place"], here["customers"]) == ("Here", 1, 2)


async def test_what_is_confirmed_becomes_so_and_is_told(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    path = await worth(client, "Large", "100")
    await run(client)
    (one,) = await proposals(client)
    decided = await done(client, f"/v1/key-proposals/{one['id']}/confirm")
    assert (decided["state"], decided["decided_by"]["name"]) == ("confirmed", "Ada Admin")
    customer = (await client.get(path)).json()
    assert (customer["class"], customer["key_kind"]) == ("key", "high_value")
    assert (await events.types())[-3:] == [
        "key_proposal.confirmed", "customer.class_changed", "customer.key_status_changed",
    ]  # fmt: skip
    status = (await events())[-1]
    assert (status["changes"], status["customer_id"]) == ({"key_kind": [None, "high_value"]}, status["subject_id"])
    again = await client.post(f"/v1/key-proposals/{one['id']}/confirm")
    assert problem(again, 409, "proposal_decided")["state"] == "confirmed"
    assert await run(client) == (0, 0)


async def test_who_does_not_deserve_it_any_more_is_proposed_to_be_none(client: Client, events: Facts) -> None:
    await worth(client, "Large", "100")
    fallen = await worth(client, "Fallen", "1", **{"class": "key"}, key_kind="high_value")
    await run(client)
    assert (await open_ones(client))["Fallen"] == ("demote", None)
    (demoted,) = await proposals(client, kind="demote")
    await done(client, f"/v1/key-proposals/{demoted['id']}/confirm")
    customer = (await client.get(fallen)).json()
    assert (customer["class"], customer["key_kind"]) == ("ordinary", None)
    assert (await events("customer.class_changed"))[0]["changes"] == {"class": ["key", "ordinary"]}


async def test_another_kind_changes_only_the_kind(client: Client, events: Facts) -> None:
    await worth(client, "Large", "100", **{"class": "key"}, key_kind="high_value", influence=4)
    await run(client)
    (one,) = await proposals(client)
    assert (one["kind"], one["key_kind"], one["former_key_kind"]) == ("change", "double", "high_value")
    await done(client, f"/v1/key-proposals/{one['id']}/confirm")
    types = await events.types()
    assert "customer.class_changed" not in types
    assert types.count("customer.key_status_changed") == 1


async def test_what_is_rejected_is_not_proposed_again_until_it_has_been_quiet_for_long(
    client: Client, workspace: Workspace
) -> None:
    path = await worth(client, "Large", "100")
    await run(client)
    (one,) = await proposals(client)
    rejected = await done(client, f"/v1/key-proposals/{one['id']}/reject", {"reason": "Once and never again."})
    assert (rejected["state"], rejected["reject_reason"]) == ("rejected", "Once and never again.")
    assert (await client.get(path)).json()["class"] == "ordinary"
    assert await run(client) == (0, 0)
    await workspace.owner.execute(
        "UPDATE key_proposals SET decided_at = decided_at - interval '91 days' WHERE workspace_id = $1", workspace.id
    )
    assert await run(client) == (1, 0)


async def test_what_is_rejected_does_not_hold_back_something_else(client: Client) -> None:
    path = await worth(client, "Large", "100")
    await run(client)
    (one,) = await proposals(client)
    await done(client, f"/v1/key-proposals/{one['id']}/reject", {"reason": "x"})
    await client.patch(path, json={"influence": 5})
    assert await run(client) == (1, 0)
    assert await open_ones(client) == {"Large": ("promote", "double")}


async def test_an_open_proposal_that_does_not_hold_any_more_is_withdrawn(client: Client, events: Facts) -> None:
    path = await worth(client, "Large", "100")
    await run(client)
    await client.patch(path, json={"influence": 4})
    assert await run(client) == (1, 1)
    assert await open_ones(client) == {"Large": ("promote", "double")}
    await done(client, f"{path}/archive")
    assert await run(client) == (0, 1)
    assert (await events.types()).count("key_proposal.withdrawn") == 2


async def test_a_customer_archived_meanwhile_is_not_made_key_and_the_proposal_stays_open(client: Client) -> None:
    path = await worth(client, "Large", "100")
    await run(client)
    (one,) = await proposals(client)
    await done(client, f"{path}/archive")
    problem(await client.post(f"/v1/key-proposals/{one['id']}/confirm"), 409, "customer_archived")
    assert (await proposals(client))[0]["state"] == "open"


async def test_the_limits_are_settings_of_the_workspace(client: Client, workspace: Workspace) -> None:
    settings = {"visibility": "own", "key_customers": {"share_percent": 50, "influence_from": 2}}
    await workspace.owner.execute("UPDATE workspaces SET settings = $2 WHERE workspace_id = $1", workspace.id, settings)
    for number in range(4):
        await worth(client, f"Customer {number}", str(number + 1), influence=number + 1)
    await run(client)
    assert await open_ones(client) == {
        "Customer 1": ("promote", "influential"),
        "Customer 2": ("promote", "double"),
        "Customer 3": ("promote", "double"),
    }


async def test_only_those_who_manage_see_and_decide(clients: Clients, workspace: Workspace) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    await worth(anna, "Large", "100")
    problem(await anna.post("/v1/key-proposals/run"), 403, "scope_missing")
    await run(manager)
    (one,) = await proposals(manager)
    problem(await anna.post(f"/v1/key-proposals/{one['id']}/confirm"), 403, "scope_missing")
    await done(manager, f"/v1/key-proposals/{one['id']}/confirm")


async def test_more_than_one_request_should_do_is_done_by_several(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await worth(client, f"Customer {number}", "1", influence=5)
    monkeypatch.setattr("services.api.routes.key_proposals.MOST", 2)
    ran = [await done(client, "/v1/key-proposals/run") for _ in range(3)]
    assert [(one["made"], one["more"]) for one in ran] == [(2, True), (1, False), (0, False)]


async def test_a_list_of_proposals_is_one_statement(client: Client, queries: list[str]) -> None:
    for number in range(6):
        await worth(client, f"Customer {number}", "1", influence=5)
    await run(client)
    queries.clear()
    assert len(await proposals(client)) == 6
    assert len(queries) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_postgres_proposes_what_the_rules_do(client: Client, seed: int) -> None:
    chance = random.Random(seed)
    known: list[tuple[Decimal, str, dict[str, Any]]] = []
    for number in range(chance.randint(5, 25)):
        new: dict[str, Any] = {
            "name": f"Customer {number}",
            "influence": chance.choice([None, 1, 3, 4, 5]),
            "class": chance.choice(["key", "potential", "ordinary"]),
            "key_kind": chance.choice([None, "high_value", "influential", "double"]),
        }
        amount = chance.choice([None, "0", "1.00", "2.50", "2.50", "100.01"])
        path = await worth(client, new.pop("name"), amount, **new)
        known.append((Decimal(amount or 0), path.rsplit("/", 1)[1], new))
    expected: dict[str, tuple[str, str | None]] = {}
    for place, (value, id_, is_now) in enumerate(sorted(known, key=lambda one: (-one[0], one[1])), 1):
        deserves = deserved(place, len(known), value, is_now["influence"], share_percent=20, influence_from=4)
        if kind := proposal(is_now["class"], is_now["key_kind"], deserves):
            expected[id_] = (kind, deserves)
    await run(client)
    assert {one["customer_id"]: (one["kind"], one["key_kind"]) for one in await proposals(client)} == expected
