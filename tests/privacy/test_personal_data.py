"""Everything about a person, handed out on their word and never unseen."""

from typing import Any
from uuid import UUID

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.guards.scene import Scene
from tests.privacy.people import known, post
from tests.privacy.planting import person_of


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


async def test_what_hangs_on_a_contact_is_in_the_document(client: Client) -> None:
    theirs = await known(client)
    subject = {"type": "contact", "id": theirs.contact_id}
    note = await post(client, "/v1/notes", {"subject": subject, "text": "Likes tea"})
    form = {"subject_type": "contact", "subject_id": theirs.contact_id}
    file = {"file": ("card.txt", b"a card", "text/plain")}
    attachment = (await client.post("/v1/attachments", data=form, files=file)).json()
    beside = {"subject": {"type": "contact", "id": theirs.beside_id}, "text": "Likes coffee"}
    await post(client, "/v1/notes", beside)
    found = (await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")).json()
    assert (found["notes"], found["attachments"]) == ([note], [attachment])


async def test_what_they_complained_of_is_handed_to_them_with_what_they_said_of_themselves(client: Client) -> None:
    theirs = await known(client)
    said = {"channel": "phone", "subject": "The pump leaks", "complainer": {"name": "Wang", "phone": "13800138000"}}
    customer_id = (await client.get(f"/v1/contacts/{theirs.contact_id}")).json()["customer_id"]
    of_them = {**said, "customer_id": customer_id, "contact_id": theirs.contact_id}
    complaint = await post(client, "/v1/complaints", of_them)
    await post(client, "/v1/complaints", {**of_them, "contact_id": theirs.beside_id})
    found = (await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")).json()["complaints"]
    assert [(one["id"], one["complainer"]["phone"]) for one in found] == [(complaint["id"], "+8613800138000")]


async def test_taboos_are_in_the_document_of_those_who_may_read_them_and_each_reading_is_a_fact(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    await Scene(workspace, clients).give_sensitive_right("admin")
    theirs = await known(client)
    path = f"/v1/contacts/{theirs.contact_id}/personal-data"
    assert (await client.get(path)).json()["taboos"] == {"known": False, "text": None}
    kept = await client.put(f"/v1/contacts/{theirs.contact_id}/taboos", json={"taboos": "Never ask about Ben"})
    assert kept.status_code == 200, kept.text
    assert (await client.get(path)).json()["taboos"] == {"known": True, "text": "Never ask about Ben"}
    assert len(await events("contact.sensitive_read")) == 2


async def test_whoever_may_not_read_taboos_learns_that_there_are_some(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    theirs = await known(client)
    sealed = "INSERT INTO contact_taboos (workspace_id, id, sealed) VALUES ($1, $2, 'sealed')"
    await workspace.owner.execute(sealed, workspace.id, UUID(theirs.contact_id))
    found = (await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")).json()
    assert found["taboos"] == {"known": True, "text": None}
    assert await events("contact.sensitive_read") == []


async def test_a_customer_who_is_a_person_has_a_document_with_what_was_merged_into_it(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    planted = await person_of(client, workspace, "customer")
    path = f"/v1/customers/{planted.id}/personal-data"
    found = (await client.get(path)).json()
    assert found["customer"] == (await client.get(f"/v1/customers/{planted.id}")).json()
    assert [each["merged_into_id"] for each in found["merged"]] == [planted.id]
    for part, table in (
        ("links", "customer_links"), ("interactions", "interactions"), ("visits", "visits"),
        ("complaints", "complaints"),
        ("trust_ratings", "trust_ratings"), ("key_proposals", "key_proposals"),
    ):  # fmt: skip
        assert ids(found[part]) == planted.alone[table], part
    for part in ("tasks", "notes", "attachments"):
        assert set(ids(found[part])) >= set(planted.alone[part]), part
    assert len(found["privacy_requests"]) == 1
    types = {fact["type"] for fact in found["events"]}
    assert types >= {
        "customer.created",
        "customer.merged",
        "customer_link.created",
        "visit.planned",
        "interaction.logged",
    }
    (fact,) = await events("personal_data.disclosed")
    assert (str(fact["customer_id"]), fact["payload"]["contact_id"]) == (planted.id, None)
    company = planted.near["customers"][0]
    problem(await client.get(f"/v1/customers/{company}/personal-data"), 409, "company_has_no_personal_data")
    problem(await clients(workspace.manager.token).get(path), 403, "scope_missing")
    assert len(await events("personal_data.disclosed")) == 1
