"""Notes and files on complaints, and what a customer's timeline tells of complaints to whom."""

from typing import Any

from tests.attachments.test_attachments import send
from tests.complaints.steps import from_nobody, go, receive
from tests.conftest import Client, Clients, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.notes.test_notes import ids, note, post
from tests.timeline.test_timeline import timeline


async def told_of(client: Client, complaint: dict[str, Any]) -> set[str]:
    """The types of facts in the timeline of the complaint's customer."""
    return {entry["type"] for entry in (await timeline(client, complaint["customer_id"]))["data"]}


async def test_notes_and_files_hang_on_a_complaint(client: Client) -> None:
    complaint = await receive(client)
    written = await post(client, "/v1/notes", note("complaint", complaint["id"], "They sent pictures"))
    photo = await send(client, complaint["id"], subject_type="complaint")
    assert (photo.status_code, photo.json()["customer_id"]) == (201, complaint["customer_id"])
    assert await ids(client, subject_id=complaint["id"]) == [written["id"]]
    assert {"complaint.received", "note.added", "attachment.added"} <= await told_of(client, complaint)


async def test_also_on_one_of_whom_nobody_knows_who_complains(client: Client) -> None:
    complaint = await from_nobody(client)
    written = await post(client, "/v1/notes", note("complaint", complaint["id"]))
    assert written["customer_id"] is None
    assert await ids(client) == [written["id"]]


async def test_whom_it_is_about_is_told_nothing_of_it_or_of_what_hangs_on_it(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    anna = clients(workspace.anna.token)
    complaint = await receive(client, await customer_of(anna))
    written = await post(client, "/v1/notes", note("complaint", complaint["id"], "Anna was rude"))
    assert {"complaint.received", "note.added"} <= await told_of(anna, complaint)
    await go(client, complaint, "acknowledge")
    await go(client, complaint, "assess", severity="low", category="service")
    about = {"assignee_id": str(workspace.service.id), "responsible_id": str(workspace.anna.id)}
    await go(client, complaint, "assign", **about)
    assert await told_of(anna, complaint) == {"customer.created"}
    assert {"complaint.assigned", "note.added"} <= await told_of(client, complaint)
    assert await ids(anna) == []
    problem(await anna.get(f"/v1/notes/{written['id']}"), 404, "not_found")


async def test_who_may_not_read_complaints_is_told_of_none(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    complaint = await receive(client)
    await post(client, "/v1/notes", note("complaint", complaint["id"]))
    program = clients(await workspace.key("customers:read", "notes:read"))
    assert await told_of(program, complaint) == {"customer.created"}
    assert await ids(program) == []
