"""Everything about a person, handed out on their word and never unseen."""

from typing import Any
from uuid import UUID

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.privacy.people import known


def ids(things: list[dict[str, Any]]) -> list[str]:
    """Theirs."""
    return [thing["id"] for thing in things]


async def test_the_document_holds_everything_about_the_person_and_nothing_about_others(client: Client) -> None:
    theirs, others = await known(client), await known_elsewhere(client)
    response = await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")
    assert response.status_code == 200, response.text
    found = response.json()
    assert found["contact"] == (await client.get(f"/v1/contacts/{theirs.contact_id}")).json()
    assert ids(found["consents"]) == [theirs.ids["consent"]]
    assert ids(found["interactions"]) == [theirs.ids["interaction"]]
    assert ids(found["visits_met"]) == [theirs.ids["met"]]
    assert ids(found["visits_planned"]) == [theirs.ids["planned"]]
    assert ids(found["tasks"]) == [theirs.ids["task"]]
    about = {(fact["subject"]["type"], fact["type"]) for fact in found["events"]}
    assert about >= {
        ("contact", "contact.created"),
        ("consent", "consent.given"),
        ("interaction", "interaction.logged"),
        ("visit", "visit.planned"),
        ("visit", "visit.completed"),
        ("task", "task.created"),
        ("disclosure", "personal_data.disclosed"),
    }
    assert all(theirs.contact_id in str(fact["data"]) for fact in found["events"])
    assert others not in response.text


async def known_elsewhere(client: Client) -> str:
    """The contact of another customer, about whom as much is held."""
    made = await client.post("/v1/customers", json={"name": "Other"})
    body = {"customer_id": made.json()["id"], "name": "Wang Wu"}
    return str((await client.post("/v1/contacts", json=body)).json()["id"])


async def test_that_it_was_taken_out_is_a_fact_that_names_who_and_not_what(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    theirs = await known(client)
    await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")
    (fact,) = await events("personal_data.disclosed")
    assert fact["actor_id"] == workspace.admin.id
    assert str(fact["customer_id"]) == theirs.customer_id
    assert fact["payload"].keys() == {"id", "contact_id", "customer_id", "created_at", "version"}
    assert (fact["payload"]["id"], fact["payload"]["contact_id"]) == (str(fact["subject_id"]), theirs.contact_id)


async def test_facts_of_a_person_who_moved_to_another_customer_are_found(client: Client, workspace: Workspace) -> None:
    theirs = await known(client)
    moved = (await client.post("/v1/customers", json={"name": "Merged"})).json()["id"]
    for change in (
        "UPDATE interactions SET contact_id = NULL WHERE contact_id = $2 AND $1::uuid IS NOT NULL",
        "UPDATE contacts SET customer_id = $1 WHERE id = $2",
    ):
        await workspace.owner.execute(change, UUID(moved), UUID(theirs.contact_id))
    found = (await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")).json()
    assert {fact["type"] for fact in found["events"]} >= {"contact.created", "visit.completed", "interaction.logged"}


async def test_only_who_has_the_right_sees_it_and_a_refusal_leaves_no_fact(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    theirs = await known(client)
    path = f"/v1/contacts/{theirs.contact_id}/personal-data"
    for person in (workspace.manager, workspace.anna, workspace.service):
        problem(await clients(person.token).get(path), 403, "scope_missing")
    problem(await client.get(f"/v1/contacts/{theirs.customer_id}/personal-data"), 404, "not_found")
    assert await events("personal_data.disclosed") == []


async def test_the_document_is_one_statement_beside_its_fact(client: Client, queries: list[str]) -> None:
    theirs = await known(client)
    queries.clear()
    await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")
    assert len(queries) == 2, queries
