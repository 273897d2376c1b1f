"""Notes and files on sales: who may write and read them, sales without a customer, and sales that find theirs."""

from typing import Any

from tests.attachments.test_attachments import send
from tests.conftest import Client, Clients, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.notes.test_notes import ids, note, post
from tests.opportunities.selling import change, sell
from tests.timeline.test_timeline import timeline as timeline_of
from tests.timeline.test_timeline import told


async def test_a_note_and_a_file_hang_on_a_sale_and_are_told_at_its_customer(
    client: Client, pipeline: dict[str, Any]
) -> None:
    sale = await sell(client)
    written = await post(client, "/v1/notes", note("opportunity", sale["id"]))
    assert (written["subject"], written["customer_id"]) == (
        {"type": "opportunity", "id": sale["id"]}, sale["customer"]["id"],
    )  # fmt: skip
    sent = await send(client, sale["id"], subject_type="opportunity")
    assert (sent.status_code, sent.json()["customer_id"]) == (201, sale["customer"]["id"])
    assert await ids(client, subject_type="opportunity") == [written["id"]]
    facts = told(await timeline_of(client, sale["customer"]["id"], type=["note.*", "attachment.*"]))
    assert facts == ["Ada Admin attached the file offer.pdf.", "Ada Admin wrote a note: Likes tea"]


async def test_on_a_sale_that_was_put_aside_nothing_is_hung(client: Client, pipeline: dict[str, Any]) -> None:
    sale = await sell(client)
    await post(client, f"/v1/opportunities/{sale['id']}/archive")
    refused = await client.post("/v1/notes", json=note("opportunity", sale["id"]))
    problem(refused, 409, "opportunity_archived")
    problem(await send(client, sale["id"], subject_type="opportunity"), 409, "opportunity_archived")


async def test_who_does_not_see_the_sale_does_not_see_what_hangs_on_it(
    client: Client, clients: Clients, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    w = workspace
    anna, ben, service = clients(w.anna.token), clients(w.ben.token), clients(w.service.token)
    sale = await sell(anna)
    written = await post(anna, "/v1/notes", note("opportunity", sale["id"], "They doubt us"))
    beside = await post(anna, "/v1/notes", note("customer", sale["customer"]["id"]))
    program = clients(await w.key("notes:read"))
    both = [beside["id"], written["id"]]
    assert await ids(anna) == await ids(client) == await ids(clients(w.manager.token)) == both
    assert await ids(ben) == []
    for who in (service, program):
        assert await ids(who) == [beside["id"]], "they see the customer, and may not read sales"
        problem(await who.get(f"/v1/notes/{written['id']}"), 404, "not_found")
    refused = await service.post("/v1/notes", json=note("opportunity", sale["id"]))
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/subject/id"


async def test_who_may_not_read_sales_is_told_nothing_of_them_in_a_timeline(
    clients: Clients, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    anna, service = clients(workspace.anna.token), clients(workspace.service.token)
    sale = await sell(anna)
    await post(anna, "/v1/notes", note("opportunity", sale["id"], "They doubt us"))
    await post(anna, "/v1/notes", note("customer", sale["customer"]["id"]))
    kinds = ["customer.created", "note.*", "opportunity.*"]
    seen = [
        [entry["type"] for entry in (await timeline_of(who, sale["customer"]["id"], type=kinds))["data"]]
        for who in (anna, service)
    ]
    assert seen == [
        ["note.added", "note.added", "opportunity.created", "customer.created"],
        ["note.added", "customer.created"],
    ]


async def test_what_hangs_on_a_sale_without_a_customer_stands_without(
    client: Client, clients: Clients, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    anna = clients(workspace.anna.token)
    sale = await post(anna, "/v1/opportunities", {"name": "Somebody asked"})
    written = await post(anna, "/v1/notes", note("opportunity", sale["id"]))
    assert written["customer_id"] is None
    assert await ids(anna) == await ids(client) == [written["id"]]
    assert await ids(clients(workspace.ben.token)) == []
    at = await customer_of(anna)
    assert (await change(anna, sale, customer_id=at))["customer"]["id"] == at
    assert await ids(anna, subject_id=sale["id"]) == [written["id"]]
