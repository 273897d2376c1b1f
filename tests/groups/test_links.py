"""Links between companies and the people who lead them, through the front door."""

from typing import Any

import asyncpg
import pytest

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


async def new(client: Client, name: str, kind: str = "company", **more: Any) -> str:
    """A customer; its id."""
    response = await client.post("/v1/customers", json={"name": name, "kind": kind, **more})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def links(client: Client, customer: str, **wanted: Any) -> list[str]:
    """Who is linked to a customer, or where a person is, by their names."""
    page = (await client.get(f"/v1/customers/{customer}/links", params=wanted)).json()["data"]
    return [one["person" if one["organization_id"] == customer else "organization"]["name"] for one in page]


async def test_a_linked_leader_is_found_from_both_ends_and_leaves_a_fact(client: Client, events: Facts) -> None:
    company, person = await new(client, "Group"), await new(client, "Li", "person")
    body = {"person_id": person, "position": "董事长", "is_top_leader": True}
    response = await client.post(f"/v1/customers/{company}/links", json=body)
    made = response.json()
    assert (response.status_code, made["position"], made["is_top_leader"]) == (201, "董事长", True)
    assert made["organization"] == {"id": company, "name": "Group"}
    (fact,) = await events("customer_link.created")
    assert (fact["payload"], str(fact["customer_id"])) == (made, company)
    assert await links(client, company) == ["Li"]
    assert await links(client, person) == ["Group"]
    assert await links(client, company, is_top_leader=False) == []


async def test_an_ended_link_leaves_the_list_and_can_be_made_again(client: Client, events: Facts) -> None:
    company, person = await new(client, "Group"), await new(client, "Li", "person")
    path = f"/v1/customers/{company}/links"
    made = (await client.post(path, json={"person_id": person})).json()
    problem(await client.post(path, json={"person_id": person}), 409, "already_linked")
    problem(await client.post(f"/v1/customers/{person}/links/{made['id']}/unlink"), 404, "not_found")
    ended = (await client.post(f"{path}/{made['id']}/unlink")).json()
    assert ended["ended_at"] is not None
    assert (await client.post(f"{path}/{made['id']}/unlink")).json() == ended
    assert len(await events("customer_link.ended")) == 1
    assert (await links(client, company), await links(client, company, ended=True)) == ([], ["Li"])
    assert (await client.post(path, json={"person_id": person})).status_code == 201


async def test_a_link_is_changed_until_it_ends(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    company, person, other = await new(client, "Group"), await new(client, "Li", "person"), await new(client, "Other")
    made = (await client.post(f"/v1/customers/{company}/links", json={"person_id": person})).json()
    path = f"/v1/customers/{company}/links/{made['id']}"
    changed = await client.patch(path, json={"position": "董事长", "is_top_leader": True}, headers={"If-Match": '"1"'})
    assert (changed.json()["position"], changed.json()["is_top_leader"]) == ("董事长", True)
    assert (await client.patch(path, json={"is_top_leader": True})).json() == changed.json()
    (fact,) = await events("customer_link.updated")
    assert fact["changes"] == {"position": [None, "董事长"], "is_top_leader": [False, True]}
    problem(await client.patch(path, json={"position": None}, headers={"If-Match": '"1"'}), 412, "stale")
    problem(await client.patch(path, json={"person_id": other}), 422, "unprocessable")
    problem(await client.patch(path.replace(company, other), json={"position": None}), 404, "not_found")
    problem(await clients(workspace.ben.token).patch(path, json={"position": None}), 404, "not_found")
    await client.post(f"/v1/customers/{company}/archive")
    problem(await client.patch(path, json={"position": "CEO"}), 409, "customer_archived")
    await client.post(f"/v1/customers/{company}/restore")
    await client.post(f"{path}/unlink")
    problem(await client.patch(path, json={"position": "CEO"}), 409, "link_ended")
    assert len(await events("customer_link.updated")) == 1


async def test_a_link_goes_from_a_company_to_a_person(client: Client, events: Facts) -> None:
    company, person, other = await new(client, "Group"), await new(client, "Li", "person"), await new(client, "Other")
    refused = await client.post(f"/v1/customers/{company}/links", json={"person_id": other})
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "not_a_person"
    problem(await client.post(f"/v1/customers/{person}/links", json={"person_id": person}), 409, "company_needed")
    await client.post(f"/v1/customers/{other}/archive")
    problem(await client.post(f"/v1/customers/{other}/links", json={"person_id": person}), 409, "customer_archived")
    assert await events("customer_link.created") == []


async def test_who_is_linked_stays_what_they_are(client: Client) -> None:
    company, person = await new(client, "Group"), await new(client, "Li", "person")
    made = (await client.post(f"/v1/customers/{company}/links", json={"person_id": person})).json()
    for customer, kind in ((company, "person"), (person, "company")):
        problem(await client.patch(f"/v1/customers/{customer}", json={"kind": kind}), 409, "still_linked")
    await client.post(f"/v1/customers/{company}/links/{made['id']}/unlink")
    assert (await client.patch(f"/v1/customers/{person}", json={"kind": "company"})).status_code == 200


async def test_the_database_itself_refuses_other_kinds(stage: Stage, workspace: Workspace, client: Client) -> None:
    company, other = await new(client, "Group"), await new(client, "Other")
    with pytest.raises(asyncpg.CheckViolationError, match="from a company to a person"):
        await stage.owner.execute(
            "INSERT INTO customer_links (workspace_id, organization_id, person_id) VALUES ($1, $2, $3)",
            workspace.id, company, other,
        )  # fmt: skip


async def test_who_does_not_see_the_company_or_the_person_links_nothing(clients: Clients, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    company, person = await new(anna, "Group"), await new(ben, "Li", "person")
    refused = await anna.post(f"/v1/customers/{company}/links", json={"person_id": person})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/person_id"
    problem(await ben.post(f"/v1/customers/{company}/links", json={"person_id": person}), 404, "not_found")
    problem(await ben.get(f"/v1/customers/{company}/links"), 404, "not_found")


async def test_a_page_of_links_takes_two_statements(client: Client, queries: list[str]) -> None:
    company = await new(client, "Group")
    for number in range(4):
        person = await new(client, f"Leader {number}", "person")
        await client.post(f"/v1/customers/{company}/links", json={"person_id": person})
    queries.clear()
    page = (await client.get(f"/v1/customers/{company}/links", params={"limit": 3})).json()
    assert len([sql for sql in queries if "set_config" not in sql]) == 2
    assert (len(page["data"]), page["next_cursor"] is None) == (3, False)
