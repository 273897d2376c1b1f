"""Adding and changing sales, and who sees which, through the front door."""

from typing import Any
from uuid import uuid4

from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.opportunities.selling import AMOUNT, KNOWN, change, day, sell


async def test_a_new_sale_is_answered_as_it_is_read_and_leaves_its_fact(
    client: Client, events: Facts, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    customer_id = await customer_of(client)
    sale = await sell(client, customer_id, amount=AMOUNT, expected_close_on=day(30), money="yes")
    assert sale["customer"] == {"id": customer_id, "name": "Acme"}
    assert sale["pipeline"] == {"id": pipeline["id"], "name": "Sales"}
    assert (sale["stage"]["key"], sale["state"], sale["progress_code"]) == ("new", "open", 1)
    assert (sale["amount"], sale["probability"]) == (AMOUNT, "0.0500")
    assert sale["weighted_amount"] == {"amount": "25000.00", "currency": "CNY"}
    assert (sale["grade"], sale["forecast_category"], sale["days_in_stage"]) == ("A", "pipeline", 0)
    assert sale["qualification"]["action"] == "find_out:authority"
    assert (sale["owner"]["name"], sale["opened_on"]) == ("Ada Admin", day())
    assert (await client.get(f"/v1/opportunities/{sale['id']}")).json() == sale
    (fact,) = await events("opportunity.created")
    assert (fact["payload"], str(fact["customer_id"])) == (sale, customer_id)


async def test_where_the_customer_is_not_known_yet_a_sale_stands_without(client: Client) -> None:
    made = await client.post("/v1/opportunities", json={"name": "Somebody asked"})
    assert (made.status_code, made.json()["customer"]) == (201, None)
    await sell(client)
    found = (await client.get("/v1/opportunities", params={"without_customer": True})).json()["data"]
    assert [one["id"] for one in found] == [made.json()["id"]]


async def test_a_sale_may_begin_further_on_through_the_gates(client: Client) -> None:
    customer_id = await customer_of(client)
    body = {"customer_id": customer_id, "name": "Two lines", "stage": "proposal"}
    refused = problem(await client.post("/v1/opportunities", json=body), 409, "gates_unmet")
    assert {one["code"] for one in refused["missing"]} == {
        "contact_reached", "man_known", "amount", "expected_close_on", "next_step",
    }  # fmt: skip
    assert (await client.get("/v1/opportunities")).json()["data"] == []


async def test_what_is_named_must_be_there(client: Client, clients: Clients, workspace: Workspace) -> None:
    bens = await customer_of(clients(workspace.ben.token), name="Bens")
    for body, pointer in [
        ({"customer_id": str(uuid4())}, "#/customer_id"),
        ({"pipeline_id": str(uuid4())}, "#/pipeline_id"),
        ({"stage": "nowhere"}, "#/stage"),
        ({"owner_id": str(uuid4())}, "#/owner_id"),
    ]:
        refused = await client.post("/v1/opportunities", json={"name": "x"} | body)
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == pointer
    anna = clients(workspace.anna.token)
    refused = await anna.post("/v1/opportunities", json={"name": "x", "customer_id": bens})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/customer_id"


async def test_each_kind_of_change_is_a_fact_of_its_own(client: Client, events: Facts) -> None:
    sale = await sell(client)
    more = {**AMOUNT, "amount": "600000.00"}
    await change(client, sale, note="Mind the dog")
    await change(client, sale, **KNOWN)
    changed = await change(client, sale, amount=more, expected_close_on=day(60))
    assert (changed["amount"], changed["close_date_moves"], changed["grade"]) == (more, 1, "B")
    assert [kind for kind in await events.types() if kind.startswith("opportunity.")] == [
        "opportunity.created",
        "opportunity.updated",
        "opportunity.updated",
        "opportunity.man_changed",
        "opportunity.amount_changed",
        "opportunity.close_date_moved",
        "opportunity.amount_changed",
        "opportunity.close_date_moved",
    ]
    facts = [fact for fact in await events() if fact["type"].startswith("opportunity.")]
    assert [fact["sequence"] for fact in facts] == list(range(1, 9))
    assert facts[-2]["changes"] == {"amount": [500000.0, 600000.0]}
    assert facts[-1]["payload"] == changed


async def test_a_change_of_nothing_leaves_no_fact(client: Client, events: Facts) -> None:
    sale = await sell(client, **KNOWN)
    assert await change(client, sale, **KNOWN) == sale
    assert await events("opportunity.updated") == []


async def test_a_stale_copy_changes_nothing(client: Client) -> None:
    sale = await sell(client)
    path, old = f"/v1/opportunities/{sale['id']}", {"If-Match": '"1"'}
    first = await client.patch(path, json={"note": "a", "amount": AMOUNT}, headers=old)
    assert (first.status_code, first.json()["version"]) == (200, 3)
    second = await client.patch(path, json={"note": "b"}, headers=old)
    assert problem(second, 412, "stale")["current_version"] == 3


async def test_who_sees_a_sale(clients: Clients, workspace: Workspace) -> None:
    anna, ben, manager = (clients(one.token) for one in (workspace.anna, workspace.ben, workspace.manager))
    sale = await sell(anna)
    assert (await manager.get(f"/v1/opportunities/{sale['id']}")).status_code == 200
    problem(await ben.get(f"/v1/opportunities/{sale['id']}"), 404, "not_found")
    assert (await ben.get("/v1/opportunities")).json()["data"] == []
    await workspace.owner.execute(
        "UPDATE opportunities SET collaborator_ids = ARRAY[$1::uuid] WHERE id = $2", workspace.ben.id, sale["id"]
    )
    assert (await ben.get(f"/v1/opportunities/{sale['id']}")).status_code == 200


async def test_only_supervisors_hand_sales_over_one_by_one(clients: Clients, workspace: Workspace) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    sale, to_ben = await sell(anna), {"owner_id": str(workspace.ben.id)}
    refused = await anna.patch(f"/v1/opportunities/{sale['id']}", json=to_ben)
    problem(refused, 403, "sale_stays_with_its_owner")
    given = await change(manager, sale, **to_ben)
    assert (given["owner"]["name"], given["team_id"]) == ("Ben Sales", str(workspace.south))


async def test_an_archived_sale_is_read_only_until_it_is_restored(client: Client) -> None:
    sale = await sell(client)
    path = f"/v1/opportunities/{sale['id']}"
    assert (await client.post(f"{path}/archive")).json()["archived_at"] is not None
    problem(await client.patch(path, json={"note": "x"}), 409, "opportunity_archived")
    assert (await client.get("/v1/opportunities")).json()["data"] == []
    found = await client.get("/v1/opportunities", params={"archived": True})
    assert [one["id"] for one in found.json()["data"]] == [sale["id"]]
    assert (await client.post(f"{path}/restore")).json()["archived_at"] is None


async def test_a_list_is_one_statement_sorted_by_the_expected_close(client: Client, queries: list[str]) -> None:
    customer_id = await customer_of(client)
    for ahead in (20, None, 10):
        when = {} if ahead is None else {"expected_close_on": day(ahead)}
        await sell(client, customer_id, **when)
    queries.clear()
    found = (await client.get("/v1/opportunities", params={"sort": "expected_close_on"})).json()["data"]
    assert [one["expected_close_on"] for one in found] == [day(10), day(20), None]
    assert len(queries) == 1
