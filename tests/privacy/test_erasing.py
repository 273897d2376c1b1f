"""Erasure reaches every place where a person's data stands by structure, and leaves the history whole."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from crm.actor import system
from crm.database import Database
from crm.events.reacting import Fact
from crm.privacy import erasing
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.guards.scene import a_file
from tests.privacy.dump import found_in
from tests.privacy.people import Known, known, post
from tests.privacy.planting import put_below

ERASED, ERASED_CUSTOMER = "已删除的联系人", "已删除的客户"
ERASE = {"reason": "requested"}
STANDS_IN = {
    "contacts", "contact_found_by", "contact_tokens", "events", "idempotency_keys", "import_problems", "notifications",
    "reminders", "tasks", "webhook_attempts",
}  # fmt: skip


@dataclass
class Planted:
    """A person, and the strings by which they would be found."""

    known: Known
    strings: list[str]


async def plant(client: Client, workspace: Workspace) -> Planted:
    """Somebody of whom something unique stands everywhere it can."""
    mark = uuid4().hex[:10]
    digits = f"139{int(mark, 16) % 10**8:08}"
    old, new = f"Oldname{mark}", f"Newname{mark}"
    words = {name: f"{name}-{mark}" for name in ("title", "department", "wechat", "preferences")}
    strings = [old, new, digits, f"{mark}@example.com", *words.values()]
    theirs = await known(client, name=old, phones=[digits], emails=[f"{mark}@example.com"], **words)
    await client.patch(f"/v1/contacts/{theirs.contact_id}", json={"name": new}, headers={"Idempotency-Key": "rename"})
    for title, key in ((f"Call {old} and {new}", "old"), (f"{new}", "new")):
        about = {"title": title, "subject": {"type": "contact", "id": theirs.contact_id}}
        await post(client, "/v1/tasks", about | {"due_at": "2027-01-04T01:00:00Z"}, **{"Idempotency-Key": key})
    await post(client, f"/v1/visits/{theirs.ids['planned']}/start", {})
    await client.get(f"/v1/contacts/{theirs.contact_id}/personal-data")
    await plant_by_hand(client, workspace, theirs, strings)
    return Planted(theirs, strings)


async def plant_by_hand(client: Client, workspace: Workspace, theirs: Known, strings: list[str]) -> None:
    """What other parts of the product leave behind: fired reminders, bad lines of files, answers of receivers."""
    owner, home = workspace.owner, workspace.id
    old, new, digits, email, *_ = strings
    reminder = await owner.fetchrow(
        "SELECT * FROM reminders WHERE workspace_id = $1 AND strpos(title, $2) > 0", home, new
    )
    assert reminder is not None
    await owner.execute(
        "INSERT INTO notifications (workspace_id, user_id, kind, title, subject_type, subject_id, dedupe_key) "
        "VALUES ($1, $2, 'reminder', $3, 'task', $4, $5)",
        home, workspace.admin.id, reminder["title"], reminder["subject_id"], str(uuid4()),
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO contact_taboos (workspace_id, id, sealed) VALUES ($1, $2, 'sealed')",
        home,
        UUID(theirs.contact_id),
    )
    said = {"id": str(reminder["id"]), "title": reminder["title"]}
    await owner.execute(
        "INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, "
        "actor_id, payload, changes) VALUES ($1, 'reminder.fired', 'reminder', $2, 2, $3, 'system', $1, $4, $5)",
        home, reminder["id"], UUID(theirs.customer_id), said, {"title": [f'"{old}"', new]},
    )  # fmt: skip
    import_id = (await client.post("/v1/imports", files=a_file())).json()["id"]
    for line, cell in enumerate((new, f" {old} ", f"{digits[:3]} {digits[3:7]}-{digits[7:]}", email), 1):
        await owner.execute(
            "INSERT INTO import_problems (workspace_id, import_id, line, refused, errors, content) "
            "VALUES ($1, $2, $3, true, '[]', $4)",
            home, UUID(import_id), line, {"who": cell, "dept": strings[5]},
        )  # fmt: skip
    await owner.execute(
        "INSERT INTO import_problems (workspace_id, import_id, line, refused, errors, content) "
        "VALUES ($1, $2, 9, true, '[]', $3)",
        home, UUID(import_id), {"who": "Someone else"},
    )  # fmt: skip
    body = {"url": "https://example.com/x", "types": ["*"]}
    endpoint_id = (await post(client, "/v1/webhook-endpoints", body))["id"]
    event = "SELECT id FROM events WHERE workspace_id = $1 AND type = $2 ORDER BY id LIMIT 1"
    for type_ in ("contact.created", "visit.completed", "customer.created"):
        delivery_id = await owner.fetchval(
            "INSERT INTO webhook_deliveries (workspace_id, endpoint_id, event_id, event_type) "
            "VALUES ($1, $2, $3, $4) RETURNING id",
            home, UUID(endpoint_id), await owner.fetchval(event, home, type_), type_,
        )  # fmt: skip
        answered = "ok" if type_ == "customer.created" else f"got {new} {old}"
        await owner.execute(
            "INSERT INTO webhook_attempts (workspace_id, delivery_id, attempt, status, duration_ms, response_start) "
            "VALUES ($1, $2, 1, 200, 5, $3)",
            home, delivery_id, answered,
        )  # fmt: skip


async def erase(client: Client, contact_id: str) -> dict[str, Any]:
    """The answer."""
    return await post(client, f"/v1/contacts/{contact_id}/erase", ERASE)


async def test_nothing_of_the_person_is_left_in_any_table(client: Client, stage: Stage, workspace: Workspace) -> None:
    planted = await plant(client, workspace)
    before = await found_in(stage.owner, planted.strings)
    assert before.keys() == STANDS_IN
    assert before["events"] == set(planted.strings), "the control finds all of them"
    answer = await erase(client, planted.known.contact_id)
    assert await found_in(stage.owner, planted.strings) == {}
    counted = {name for name, count in answer["erased"].items() if count}
    assert counted >= {"facts", "search_tokens", "taboos", "tasks", "reminders", "notifications", "kept_answers"}
    assert (answer["erased"]["import_problems"], answer["erased"]["webhook_attempts"]) == (4, 2)
    others = "SELECT content FROM import_problems WHERE workspace_id = $1 AND line = 9"
    assert await stage.owner.fetchval(others, workspace.id) == {"who": "Someone else"}


async def test_the_journal_keeps_ids_order_sequences_and_everybody_else(client: Client, workspace: Workspace) -> None:
    planted = await plant(client, workspace)
    kept = (
        "SELECT id, type, subject_type, subject_id, sequence, customer_id, actor_id, occurred_at, transaction_id, "
        "published_at FROM events WHERE workspace_id = $1 ORDER BY transaction_id, id"
    )
    before = await workspace.owner.fetch(kept, workspace.id)
    members = "SELECT id, payload, changes FROM events WHERE workspace_id = $1 ORDER BY id"
    told = {row["id"]: row for row in await workspace.owner.fetch(members, workspace.id)}
    await erase(client, planted.known.contact_id)
    after = await workspace.owner.fetch(kept, workspace.id)
    assert after[:-1] == before
    assert after[-1]["type"] == "contact.erased"
    for row in await workspace.owner.fetch(members, workspace.id):
        if was := told.get(row["id"]):
            assert row["payload"].keys() == was["payload"].keys()
            assert (row["changes"] or {}).keys() == (was["changes"] or {}).keys()
    completed = await workspace.owner.fetchval(
        "SELECT payload FROM events WHERE workspace_id = $1 AND type = 'visit.completed'", workspace.id
    )
    assert [each["name"] for each in completed["met_contacts"]] == ["Li Lei", ERASED]
    assert completed["customer"]["name"] == "Acme"
    for page in ((await client.get("/v1/events", params={"limit": 200})).json()["data"],):
        assert str(planted.known.contact_id) in orjson.dumps(page).decode()


async def test_the_record_stays_emptied_and_cannot_be_filled_again(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    planted = await plant(client, workspace)
    path = f"/v1/contacts/{planted.known.contact_id}"
    await post(client, f"{path}/erase", ERASE)
    found = (await client.get(path)).json()
    assert found["name"] == ERASED
    assert (found["phones"], found["emails"], found["title"], found["birthday"]) == ([], [], None, None)
    assert found["do_not_contact"] is True
    assert found["archived_at"] == found["erased_at"]
    assert found["erased_because"] == "requested"
    (fact,) = await events("contact.erased")
    assert fact["payload"] == found
    problem(await client.patch(path, json={"title": "x"}), 409, "contact_archived")
    problem(await client.post(f"{path}/restore"), 409, "contact_erased")
    said = {"purpose": "care", "status": "given", "notice_version": "1"}
    problem(await client.post(f"{path}/consents", json=said), 409, "contact_erased")
    state = (await client.get(f"{path}/consent-state")).json()
    assert {each["because"] for each in state["purposes"]} == {"erased"}
    assert len((await client.get(f"{path}/consents")).json()["data"]) == 1, "that there was consent stays known"


async def test_the_answer_lists_what_a_person_has_to_read(client: Client, workspace: Workspace) -> None:
    theirs = await known(client, name="Zhao Min")
    notes = "Zhao Min has moved to Suzhou"
    await client.patch(f"/v1/interactions/{theirs.ids['interaction']}", json={"note": notes})
    answer = await erase(client, theirs.contact_id)
    assert answer["to_review"][0] == {
        "type": "interaction", "id": theirs.ids["interaction"], "field": "note", "names_the_person": True,
    }  # fmt: skip
    listed = {(each["type"], each["field"]) for each in answer["to_review"]}
    assert listed >= {("visit", "result"), ("visit", "next_step")}
    assert "task" not in {each["type"] for each in answer["to_review"]}, "what was about them alone is empty"
    interaction = (await client.get(f"/v1/interactions/{theirs.ids['interaction']}")).json()
    assert interaction["note"] == f"{ERASED} has moved to Suzhou"
    assert (await client.get(f"/v1/tasks/{theirs.ids['task']}")).json()["title"] == ERASED


async def test_erasing_twice_is_erasing_once(client: Client, events: Facts) -> None:
    theirs = await known(client)
    first = await erase(client, theirs.contact_id)
    again = await post(client, f"/v1/contacts/{theirs.contact_id}/erase", {"reason": "unlawful"})
    assert (again["erased_at"], again["reason"], again["version"]) == (
        first["erased_at"],
        "requested",
        first["version"],
    )
    assert len(await events("contact.erased")) == 1


async def test_a_stale_copy_erases_nothing(client: Client, workspace: Workspace) -> None:
    theirs = await known(client)
    path = f"/v1/contacts/{theirs.contact_id}"
    await client.patch(path, json={"title": "Head"})
    problem(await client.post(f"{path}/erase", json=ERASE, headers={"If-Match": '"1"'}), 412, "stale")
    assert (await client.get(path)).json()["name"] == "Zhao Min"


async def test_only_an_admin_erases(client: Client, clients: Clients, workspace: Workspace) -> None:
    theirs = await known(client)
    path = f"/v1/contacts/{theirs.contact_id}"
    for person in (workspace.manager, workspace.anna, workspace.service, workspace.auditor):
        problem(await clients(person.token).post(f"{path}/erase", json=ERASE), 403, "scope_missing")
    assert (await client.get(path)).json()["name"] == "Zhao Min"


async def test_a_change_that_was_under_way_is_mended_by_the_reaction(
    client: Client, stage: Stage, workspace: Workspace, events: Facts
) -> None:
    theirs = await known(client)
    await erase(client, theirs.contact_id)
    late = {"id": theirs.ids["met"], "contacts": [{"id": theirs.contact_id, "name": "Zhao Min"}]}
    await workspace.owner.execute(
        "INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, "
        "actor_id, payload) VALUES ($1, 'visit.updated', 'visit', $2, 9, $3, 'user', $1, $4)",
        workspace.id, UUID(theirs.ids["met"]), UUID(theirs.customer_id), late,
    )  # fmt: skip
    (fact,) = await events("contact.erased")
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=1)
    async with database.transaction(system(workspace.id, timezone="UTC", language="zh-CN")) as tx:
        await erasing.erase_what_came_late(tx, Fact(**{name: fact[name] for name in Fact._fields}))
    await database.close()
    (mended,) = await events("visit.updated")
    assert mended["payload"]["contacts"] == [{"id": theirs.contact_id, "name": ERASED}]


async def test_the_log_gives_way_to_nobody_who_was_not_erased(client: Client, stage: Stage) -> None:
    theirs = await known(client)
    for role in ("rapport_api", "rapport_worker"):
        connection = await asyncpg.connect(stage.dsn(role))
        await connection.execute("SELECT set_config('rapport.workspace_id', $1, false)", str(uuid4()))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="was not erased"):
            await connection.execute("SELECT erase_from_log($1, '{}', 'x', '{}', '{}')", UUID(theirs.contact_id))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE events SET payload = '{}'")
        await connection.close()


async def test_a_customer_who_is_a_person_is_erased_likewise(
    client: Client, stage: Stage, workspace: Workspace, events: Facts
) -> None:
    mark = uuid4().hex[:10]
    digits = f"137{int(mark, 16) % 10**8:08}"
    strings = [f"Person{mark}", digits, f"note-{mark}", f"tag-{mark}", f"street-{mark}", f"Moved{mark}"]
    body = {
        "kind": "person", "name": strings[0], "phone": digits, "note": strings[2], "tags": [strings[3]],
        "address": {"line": strings[4]}, "email": f"{mark}@example.com", "source": f"fair-{mark}",
    }  # fmt: skip
    made = await client.post("/v1/customers", json=body, headers={"Idempotency-Key": "person"})
    assert made.status_code == 201, made.text
    customer_id = made.json()["id"]
    child = await post(client, "/v1/customers", {"name": "Child"})
    await put_below(client, stage.owner, child["id"], customer_id)
    contact = await post(client, "/v1/contacts", {"customer_id": customer_id, "name": "Their brother"})
    await client.patch(f"/v1/customers/{customer_id}", json={"name": strings[5]})
    call = {"customer_id": customer_id, "channel": "call", "outcome": "reached"}
    await post(client, "/v1/interactions", call, **{"Idempotency-Key": "call"})
    subject = {"type": "customer", "id": customer_id}
    title = {"title": f"Get in touch with {strings[5]}", "subject": subject, "due_at": "2027-01-04T01:00:00Z"}
    task = await post(client, "/v1/tasks", title)
    assert (await found_in(stage.owner, strings)).keys() >= {"customers", "customer_tokens", "events", "tasks"}
    answer = await post(client, f"/v1/customers/{customer_id}/erase", ERASE)
    assert await found_in(stage.owner, [*strings, f"{mark}@example.com", f"fair-{mark}"]) == {}
    assert answer["erased"]["search_tokens"] > 0
    found = (await client.get(f"/v1/customers/{customer_id}")).json()
    assert (found["name"], found["tags"], found["custom"], found["kind"]) == (ERASED_CUSTOMER, [], {}, "person")
    assert (await client.get(f"/v1/customers/{child['id']}")).json()["parent"]["name"] == ERASED_CUSTOMER
    assert (await client.get(f"/v1/contacts/{contact['id']}")).json()["name"] == "Their brother"
    assert (await client.get(f"/v1/tasks/{task['id']}")).json()["title"] == ERASED_CUSTOMER
    (fact,) = await events("customer.erased")
    assert fact["payload"] == found
    problem(await client.post(f"/v1/customers/{customer_id}/restore"), 409, "customer_erased")


async def test_a_company_is_no_person(client: Client, events: Facts) -> None:
    theirs = await known(client)
    path = f"/v1/customers/{theirs.customer_id}/erase"
    problem(await client.post(path, json=ERASE), 409, "company_not_erasable")
    problem(await client.post(f"/v1/customers/{theirs.contact_id}/erase", json=ERASE), 404, "not_found")
    assert await events("customer.erased") == []


async def test_in_english_the_place_of_a_name_says_so(client: Client) -> None:
    await client.patch("/v1/me", json={"language": "en"})
    theirs = await known(client)
    await erase(client, theirs.contact_id)
    assert (await client.get(f"/v1/contacts/{theirs.contact_id}")).json()["name"] == "Erased person"
