"""What sales mean for their customers: asleep, put aside, converted, handed over, merged."""

from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.opportunities.selling import act, ready, sell


async def test_a_customer_with_an_open_sale_is_not_put_aside(client: Client) -> None:
    customer_id = await customer_of(client)
    sale = await sell(client, customer_id)
    problem(await client.post(f"/v1/customers/{customer_id}/archive"), 409, "customer_still_in_use")
    await act(client, sale, "hold", resume_on="2090-01-01")
    problem(await client.post(f"/v1/customers/{customer_id}/archive"), 409, "customer_still_in_use")
    await act(client, sale, "lose", reason="price")
    assert (await client.post(f"/v1/customers/{customer_id}/archive")).json()["archived_at"] is not None
    refused = await client.post("/v1/opportunities", json={"customer_id": customer_id, "name": "x"})
    problem(refused, 409, "customer_archived")


async def test_a_win_converts_without_a_reason(client: Client, workspace: Workspace) -> None:
    sale = await ready(client, workspace)
    path = f"/v1/customers/{sale['customer_id']}/convert"
    await workspace.owner.execute("UPDATE customers SET lifecycle = 'interested' WHERE id = $1", sale["customer_id"])
    refused = await client.post(path, json={})
    assert problem(refused, 409, refused.json()["code"])["missing"] == ["won_opportunity_or_reason"]
    await act(client, sale, "win")
    assert (await client.post(path, json={})).json()["lifecycle"] == "customer"


async def test_sales_that_are_not_over_go_along_when_a_customer_is_handed_over(
    clients: Clients, workspace: Workspace, events: Facts
) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    customer_id = await customer_of(anna)
    open_, over = await sell(anna, customer_id), await sell(anna, customer_id)
    await act(anna, over, "lose", reason="price")
    body = {"customer_ids": [customer_id], "to": str(workspace.ben.id), "reason": "Anna moves"}
    moved = (await manager.post("/v1/customers/transfer", json=body)).json()
    assert moved["opportunities"] == 1
    read = [(await manager.get(f"/v1/opportunities/{one['id']}")).json() for one in (open_, over)]
    assert [one["owner"]["name"] for one in read] == ["Ben Sales", "Anna Sales"]
    assert read[0]["team_id"] == str(workspace.south)
    (fact,) = await events("opportunity.owner_changed")
    assert str(fact["subject_id"]) == open_["id"]


async def test_sales_and_their_people_go_with_a_merge_and_come_back(client: Client) -> None:
    winner, loser = await customer_of(client), await customer_of(client, name="Acme Works")
    lei = (await contact_of(client, loser))["id"]
    sale = await sell(client, loser)
    path = f"/v1/opportunities/{sale['id']}"
    assert (await client.put(f"{path}/stakeholders/{lei}/decider", json={})).status_code == 200
    merged = await client.post("/v1/customers/merge", json={"winner_id": winner, "loser_id": loser})
    assert merged.status_code == 200, merged.text
    assert (await client.get(path)).json()["customer"]["id"] == winner
    assert [one["contact_id"] for one in (await client.get(f"{path}/stakeholders")).json()["data"]] == [lei]
    undone = await client.post(f"/v1/customers/{loser}/unmerge")
    assert undone.status_code == 200, undone.text
    assert (await client.get(path)).json()["customer"]["id"] == loser
