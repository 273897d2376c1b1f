"""Notes: written on what one sees, seen with it, changed, put aside, and told in the customer's timeline."""

from typing import Any
from uuid import uuid4

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace


async def post(client: Client, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make something, or do something with it."""
    response = await client.post(path, json=body)
    assert response.is_success, response.text
    made: dict[str, Any] = response.json()
    return made


def note(subject_type: str, subject_id: str, text: str = "Likes tea", **more: Any) -> dict[str, Any]:
    """The body of a new note."""
    return {"subject": {"type": subject_type, "id": subject_id}, "text": text, **more}


async def subjects(client: Client, owner_id: str | None = None) -> dict[str, str]:
    """A customer, a contact there and a visit there."""
    at = (await post(client, "/v1/customers?allow_duplicates=true", {"name": "Acme"}))["id"]
    contact = (await post(client, "/v1/contacts", {"customer_id": at, "name": "Li"}))["id"]
    times = {"planned_start": "2030-05-06T01:30:00Z", "planned_end": "2030-05-06T02:30:00Z"}
    owner = {"owner_id": owner_id} if owner_id else {}
    beside = {"allow_overlap": True, **owner}
    visit = (await post(client, "/v1/visits", {"customer_id": at, "purpose": "care", **times, **beside}))["id"]
    return {"customer": at, "contact": contact, "visit": visit}


async def ids(client: Client, **query: Any) -> list[str]:
    """The notes of a list."""
    response = await client.get("/v1/notes", params=query)
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


async def test_a_note_hangs_on_its_subject_and_names_the_customer(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    on = await subjects(client)
    for kind, subject_id in on.items():
        made = await post(client, "/v1/notes", note(kind, subject_id))
        assert made["subject"] == {"type": kind, "id": subject_id}
        assert (made["customer_id"], made["author"]["name"], made["pinned"]) == (on["customer"], "Ada Admin", False)
        assert (await client.get(f"/v1/notes/{made['id']}")).json() == made
    facts = await events("note.added")
    assert [str(fact["customer_id"]) for fact in facts] == [on["customer"]] * 3
    response = await client.get(
        f"/v1/customers/{on['customer']}/timeline?type=note.*", headers={"Accept-Language": "en"}
    )
    assert {entry["sentence"] for entry in response.json()["data"]} == {"Ada Admin wrote a note: Likes tea"}


async def test_a_program_writes_without_an_author(client: Client, clients: Clients, workspace: Workspace) -> None:
    at = (await subjects(client))["customer"]
    made = await post(clients(await workspace.key("notes:write")), "/v1/notes", note("customer", at))
    assert (made["author_id"], made["author"]) == (None, None)


async def test_notes_are_listed_newest_first_in_one_statement_and_can_be_narrowed(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    on = await subjects(client)
    first = (await post(client, "/v1/notes", note("customer", on["customer"], pinned=True)))["id"]
    second = (await post(client, "/v1/notes", note("contact", on["contact"])))["id"]
    third = (await post(client, "/v1/notes", note("visit", (await subjects(client))["visit"])))["id"]
    queries.clear()
    assert await ids(client) == [third, second, first]
    assert len([one for one in queries if "set_config" not in one]) == 1
    assert await ids(client, customer_id=on["customer"]) == [second, first]
    assert await ids(client, subject_id=on["contact"]) == [second]
    assert await ids(client, subject_type=["visit", "contact"]) == [third, second]
    assert await ids(client, pinned=True) == [first]
    assert await ids(client, author_id=str(workspace.ben.id)) == []
    assert await ids(client, sort="created_at") == [first, second, third]


async def test_a_note_is_changed_and_put_aside(client: Client, events: Facts) -> None:
    at = (await subjects(client))["customer"]
    made = (await post(client, "/v1/notes", note("customer", at)))["id"]
    changed = await client.patch(f"/v1/notes/{made}", json={"text": "Likes coffee", "pinned": True})
    assert (changed.json()["text"], changed.json()["pinned"], changed.json()["version"]) == ("Likes coffee", True, 2)
    unchanged = await client.patch(f"/v1/notes/{made}", json={"pinned": True})
    assert unchanged.json()["version"] == 2
    stale = await client.patch(f"/v1/notes/{made}", json={"text": "x"}, headers={"If-Match": '"1"'})
    problem(stale, 412, "stale")
    archived = await post(client, f"/v1/notes/{made}/archive")
    assert await post(client, f"/v1/notes/{made}/archive") == archived
    problem(await client.patch(f"/v1/notes/{made}", json={"text": "x"}), 409, "note_archived")
    assert (await ids(client), await ids(client, archived=True)) == ([], [made])
    (fact,) = await events("note.updated")
    assert fact["changes"] == {"text": ["Likes tea", "Likes coffee"], "pinned": [False, True]}


async def test_a_note_is_seen_with_its_subject(client: Client, clients: Clients, workspace: Workspace) -> None:
    w = workspace
    anna, ben, manager = clients(w.anna.token), clients(w.ben.token), clients(w.manager.token)
    on = await subjects(anna, str(w.anna.id))
    made = {kind: (await post(anna, "/v1/notes", note(kind, subject_id)))["id"] for kind, subject_id in on.items()}
    everything = sorted(made.values())
    assert sorted(await ids(anna)) == sorted(await ids(manager)) == sorted(await ids(client)) == everything
    assert await ids(ben) == []
    for one in everything:
        problem(await ben.get(f"/v1/notes/{one}"), 404, "not_found")
    visit = await post(client, "/v1/visits", {
        "customer_id": on["customer"], "purpose": "care", "owner_id": str(w.ben.id),
        "planned_start": "2030-05-06T01:30:00Z", "planned_end": "2030-05-06T02:30:00Z",
    })  # fmt: skip
    bens = (await post(ben, "/v1/notes", note("visit", visit["id"])))["id"]
    assert await ids(ben) == [bens]
    assert sorted(await ids(anna)) == everything, "a visit of Ben's, even at her customer"


async def test_nothing_is_written_on_what_one_does_not_see_or_what_is_archived(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    on = await subjects(client)
    foreign = await subjects(clients(elsewhere.admin.token))
    for kind in on:
        for who, subject_id in (
            (clients(workspace.ben.token), on[kind]),
            (client, foreign[kind]),
            (client, str(uuid4())),
        ):
            refused = await who.post("/v1/notes", json=note(kind, subject_id))
            assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/subject/id"
    await post(client, f"/v1/customers/{on['customer']}/archive")
    for kind, subject_id in on.items():
        problem(await client.post("/v1/notes", json=note(kind, subject_id)), 409, "customer_archived")
    problem(await client.post("/v1/notes", json=note("customer", on["customer"], text=" ")), 422, "unprocessable")


async def test_a_note_that_was_put_aside_comes_back_and_can_be_changed(client: Client, events: Facts) -> None:
    made = await post(client, "/v1/notes", note("customer", (await subjects(client))["customer"]))
    path = f"/v1/notes/{made['id']}"
    await post(client, f"{path}/archive")
    assert await ids(client) == []
    back = await post(client, f"{path}/restore")
    assert (back["archived_at"], back["version"]) == (None, 3)
    assert await post(client, f"{path}/restore") == back
    assert await ids(client) == [made["id"]]
    assert (await client.patch(path, json={"pinned": True})).is_success
    (fact,) = await events("note.restored")
    assert list(fact["changes"]) == ["archived_at"]
