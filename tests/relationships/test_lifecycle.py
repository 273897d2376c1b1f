"""The life of a customer: which moves there are, what they need, and the history they leave."""

from typing import Any
from uuid import uuid4

import pytest

from crm.customers.lifecycle import KIND_OF_LOSS
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.relationships.steps import done, history, new_contact, new_customer

GONE = {"cause": "competitor", "evidence": "They told us so."}


async def test_a_prospect_becomes_a_customer_is_lost_and_won_back(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    path = await new_customer(client)
    await new_contact(client, path)
    assert (await done(client, f"{path}/qualify"))["lifecycle"] == "interested"
    customer = await done(client, f"{path}/convert", {"reason": "Signed on paper."})
    assert (customer["lifecycle"], customer["lifecycle_reason"]) == ("customer", "Signed on paper.")
    lost = await done(client, f"{path}/lose", GONE)
    assert (lost["lifecycle"], lost["lifecycle_reason"]) == ("lost", None)
    assert lost["loss"]["lost_at"] == lost["updated_at"]
    assert lost["loss"] | {"lost_at": None} == GONE | {"kind": "voluntary", "is_voluntary": True, "lost_at": None}
    back = await done(client, f"{path}/win-back", {"reason": "The other one cannot deliver."})
    assert (back["lifecycle"], back["loss"]) == ("interested", None)

    facts = [fact for fact in await events() if fact["subject_type"] == "customer"]
    assert [fact["type"] for fact in facts] == [
        "customer.created", "customer.qualified", "customer.converted", "customer.lost", "customer.won_back",
    ]  # fmt: skip
    assert facts[3]["changes"]["lifecycle"] == ["customer", "lost"]
    assert facts[3]["changes"]["lost_cause"] == [None, "competitor"]

    moves = await history(client, f"{path}/lifecycle-history")
    assert [(move["from"], move["to"], move["reason"]) for move in moves] == [
        (None, "prospect", None),
        ("prospect", "interested", None),
        ("interested", "customer", "Signed on paper."),
        ("customer", "lost", None),
        ("lost", "interested", "The other one cannot deliver."),
    ]
    assert [move["type"] for move in moves] == [fact["type"] for fact in facts]
    assert [move["loss"] and move["loss"]["cause"] for move in moves] == [None, None, None, "competitor", None]
    assert {move["by"]["id"] for move in moves} == {str(workspace.admin.id)}


async def test_a_refusal_names_everything_that_is_missing_at_once(client: Client, events: Facts) -> None:
    path = await new_customer(client)
    await client.patch(path, json={"owner_id": None})
    await new_contact(client, path, phones=[])
    before = await events.types()
    refused = problem(await client.post(f"{path}/qualify"), 409, "requirements_missing")
    assert refused["missing"] == ["owner", "contact_with_phone_or_email"]
    assert await events.types() == before


@pytest.mark.parametrize("reach", [{"phones": ["13812345678"]}, {"phones": [], "emails": ["li@example.com"]}])
async def test_a_phone_or_an_email_is_enough_to_qualify(client: Client, reach: dict[str, Any]) -> None:
    path = await new_customer(client)
    await new_contact(client, path, **reach)
    assert (await done(client, f"{path}/qualify"))["lifecycle"] == "interested"


async def test_a_contact_elsewhere_or_put_aside_does_not_count(client: Client) -> None:
    path, other = await new_customer(client), await new_customer(client, name="Globex")
    await new_contact(client, other)
    gone = await new_contact(client, path)
    await done(client, f"/v1/contacts/{gone}/archive")
    refused = problem(await client.post(f"{path}/qualify"), 409, "requirements_missing")
    assert refused["missing"] == ["contact_with_phone_or_email"]


async def test_converting_by_hand_needs_a_reason(client: Client) -> None:
    path = await new_customer(client, lifecycle="interested")
    refused = problem(await client.post(f"{path}/convert", json={}), 409, "requirements_missing")
    assert refused["missing"] == ["won_opportunity_or_reason"]
    problem(await client.post(f"{path}/convert", json={"reason": "  "}), 422, "unprocessable")


async def test_a_move_that_the_table_does_not_have_is_refused_with_those_it_has(client: Client) -> None:
    path = await new_customer(client, lifecycle="dormant")
    refused = problem(await client.post(f"{path}/convert", json={"reason": "x"}), 409, "lifecycle_move_not_allowed")
    assert (refused["state"], refused["allowed"]) == ("dormant", ["lose"])


@pytest.mark.parametrize(("cause", "kind"), KIND_OF_LOSS.items())
async def test_what_kind_of_loss_it_was_follows_from_the_cause(client: Client, cause: str, kind: str) -> None:
    path = await new_customer(client)
    loss = (await done(client, f"{path}/lose", GONE | {"cause": cause}))["loss"]
    expected = {"voluntary": True, "natural": None, "involuntary": False}[kind]
    assert (loss["kind"], loss["is_voluntary"]) == (kind, expected)


async def test_a_loss_needs_a_known_cause_and_evidence(client: Client) -> None:
    path = await new_customer(client)
    for wrong in ({"cause": "competitor"}, {"evidence": "x"}, GONE | {"cause": "bored"}, GONE | {"evidence": " "}):
        problem(await client.post(f"{path}/lose", json=wrong), 422, "unprocessable")


async def test_only_a_manager_sends_a_customer_away(clients: Clients, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    path, sent_away = await new_customer(anna), GONE | {"cause": "pushed_intended"}
    problem(await anna.post(f"{path}/lose", json=sent_away), 403, "manager_needed")
    problem(await ben.post(f"{path}/lose", json=sent_away), 404, "not_found")
    key = clients(await workspace.key("customers:write"))
    problem(await key.post(f"{path}/lose", json=sent_away), 403, "manager_needed")
    manager = clients(workspace.manager.token)
    assert (await done(manager, f"{path}/lose", sent_away))["loss"]["kind"] == "involuntary"


async def test_an_archived_customer_does_not_move_and_comes_back_as_it_was(client: Client) -> None:
    path = await new_customer(client, lifecycle="customer")
    await done(client, f"{path}/archive")
    problem(await client.post(f"{path}/lose", json=GONE), 409, "customer_archived")
    assert (await done(client, f"{path}/restore"))["lifecycle"] == "customer"
    assert len(await history(client, f"{path}/lifecycle-history")) == 1


async def test_a_patch_cannot_set_the_lifecycle(client: Client) -> None:
    path = await new_customer(client)
    for field in ("lifecycle", "loss", "lifecycle_reason"):
        problem(await client.patch(path, json={field: "customer"}), 422, "unprocessable")


async def test_a_stale_copy_does_not_move(client: Client) -> None:
    path = await new_customer(client)
    await client.patch(path, json={"note": "x"})
    refused = await client.post(f"{path}/lose", json=GONE, headers={"If-Match": '"1"'})
    problem(refused, 412, "stale")


async def test_the_history_of_a_customer_one_does_not_see_is_not_there(clients: Clients, workspace: Workspace) -> None:
    path = await new_customer(clients(workspace.anna.token))
    ben = clients(workspace.ben.token)
    for hidden in (path, f"/v1/customers/{uuid4()}"):
        problem(await ben.get(f"{hidden}/lifecycle-history"), 404, "not_found")


async def test_a_history_is_newest_first_in_pages_of_two_statements(client: Client, queries: list[str]) -> None:
    path = await new_customer(client, lifecycle="interested")
    for _ in range(3):
        await done(client, f"{path}/lose", GONE)
        await done(client, f"{path}/win-back", {})
    queries.clear()
    seen: list[str] = []
    wanted: dict[str, Any] = {"limit": 3}
    while wanted.get("cursor", "") is not None:
        page = (await client.get(f"{path}/lifecycle-history", params=wanted)).json()
        seen += [move["to"] for move in page["data"]]
        wanted["cursor"] = page["next_cursor"]
    assert seen == ["interested", "lost"] * 3 + ["interested"]
    assert len(queries) == 3 * 2
    problem(await client.get(f"{path}/lifecycle-history", params={"cursor": "WyJ4Il0"}), 422, "unprocessable")


@pytest.mark.parametrize("query", ["", "?allow_duplicates=true"])
async def test_nobody_begins_lost_since_a_loss_has_a_cause(client: Client, events: Facts, query: str) -> None:
    refused = await client.post(f"/v1/customers{query}", json={"name": "Acme", "lifecycle": "lost"})
    (error,) = problem(refused, 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/lifecycle", "loss_without_cause")
    assert await events() == []
