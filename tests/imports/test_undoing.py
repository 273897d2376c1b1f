"""Taking an import back: whoever was there is as before, whoever came is gone, and what people did since stays."""

import csv
import random
from io import StringIO
from typing import Any

import pytest

from services.worker.importing import import_round
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.imports.steps import Worker, counts, customers, run, start

PASSING = {"version", "updated_at"}
FIELDS = ("name", "registration_code", "industry", "region", "class", "tags", "phone", "note", "staff", "parent")
NAMES = tuple(f"Firm {letter}" for letter in "ABCDEFGHIJ")


def cell(chance: random.Random, field: str) -> str:
    """Something that stands in such a column, or nothing."""
    if chance.random() < 0.4 and field != "name":
        return ""
    number = chance.randrange(10_000_000)
    return {
        "name": chance.choice([*NAMES, f"Firm {number}"]),
        "registration_code": f"CODE{number}",
        "class": chance.choice(["key", "potential", "ordinary"]),
        "tags": ";".join(chance.sample(["a", "b", "c", "d"], 2)),
        "phone": f"138{number:08}",
        "parent": chance.choice([*NAMES, "Nobody"]),
    }.get(field, f"{field} {number % 4}")


def a_file(chance: random.Random, lines: int) -> str:
    """A file of customers, some of them twice."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(FIELDS)
    writer.writerows([cell(chance, field) for field in FIELDS] for _ in range(lines))
    return text.getvalue()


async def state(client: Client) -> dict[str, dict[str, Any]]:
    """Every customer who is there, by id, as everybody sees them."""
    page = (await client.get("/v1/customers", params={"limit": 200})).json()
    assert page["next_cursor"] is None
    return {one["id"]: {name: one[name] for name in one.keys() - PASSING} for one in page["data"]}


async def undo(client: Client, worker: Worker, import_id: str) -> dict[str, Any]:
    """An undo that is over."""
    asked = await client.post(f"/v1/imports/{import_id}/undo")
    assert (asked.status_code, asked.json()["state"]) == (200, "undoing")
    while await import_round(worker):
        pass
    done: dict[str, Any] = (await client.get(f"/v1/imports/{import_id}")).json()
    assert done["state"] == "undone", done
    return done


@pytest.mark.parametrize("seed", range(12))
async def test_an_import_and_its_undo_change_nothing(client: Client, worker: Worker, seed: int) -> None:
    chance = random.Random(seed)
    await run(client, worker, a_file(chance, 12))
    before = await state(client)
    found = {word: await hits(client, word) for word in ("firm", "138", "code")}
    wanted: dict[str, Any] = {"match_by": "name"} if seed % 3 == 0 else {}
    done = await run(client, worker, a_file(chance, 25), **wanted)
    assert await state(client) != before
    assert done["created_count"] + done["updated_count"] > 0
    undone = await undo(client, worker, done["id"])
    assert undone["left_count"] == 0
    assert await state(client) == before
    assert {word: await hits(client, word) for word in found} == found


async def hits(client: Client, word: str) -> set[str]:
    """Who is found by a word."""
    page = (await client.get("/v1/customers", params={"q": word, "limit": 200})).json()
    return {one["id"] for one in page["data"]}


async def test_what_people_did_since_stays_and_is_told(
    client: Client, clients: Clients, worker: Worker, workspace: Workspace, events: Facts
) -> None:
    await run(client, worker, "name,region,industry,registration_code\nOld,West,it,AAAAAAAA\nCalm,West,it,\n")
    done = await run(
        client,
        worker,
        "name,region,industry,registration_code\nOld,East,food,\nCalm,East,food,\nUsed,,,\nChanged,,,\nGone,,,\n",
    )
    assert counts(done) == ("done", 3, 2, 0, 0)
    known = await customers(client)
    await client.patch(f"/v1/customers/{known['Old']['id']}", json={"region": "South"})
    await client.patch(f"/v1/customers/{known['Changed']['id']}", json={"region": "South"})
    await client.post("/v1/contacts", json={"customer_id": known["Used"]["id"], "name": "Li"})
    undone = await undo(client, worker, done["id"])
    assert (undone["undone_count"], undone["left_count"]) == (3, 3)
    now = await customers(client)
    assert set(now) == {"Old", "Calm", "Used", "Changed"}
    assert (now["Old"]["region"], now["Old"]["industry"]) == ("South", "it")
    assert (now["Calm"]["region"], now["Calm"]["industry"]) == ("West", "it")
    told = (await client.get(f"/v1/imports/{done['id']}/leftovers")).json()
    names = {one["id"]: name for name, one in now.items()}
    left = {names[one["customer_id"]]: (one["reason"], one["fields"]) for one in told["data"]}
    assert left == {
        "Old": ("changed_since", ["region"]),
        "Used": ("used_since", []),
        "Changed": ("used_since", []),
    }
    assert told["next_cursor"] is None
    first = (await client.get(f"/v1/imports/{done['id']}/leftovers", params={"limit": 2})).json()
    rest = (
        await client.get(f"/v1/imports/{done['id']}/leftovers", params={"limit": 2, "cursor": first["next_cursor"]})
    ).json()
    assert first["data"] + rest["data"] == told["data"]
    assert (await events.types())[-1] == "import.undone"
    problem(await clients(workspace.anna.token).get(f"/v1/imports/{done['id']}/leftovers"), 404, "not_found")


async def test_a_code_that_somebody_else_took_meanwhile_stays_theirs(client: Client, worker: Worker) -> None:
    await run(client, worker, "name,region,registration_code\nOld,West,AAAAAAAA\n")
    done = await run(client, worker, "name,region,code\nOld,East,BBBBBBBB\n", mapping={"code": "registration_code"},
                     match_by="name")  # fmt: skip
    await client.post("/v1/customers", json={"name": "New", "registration_code": "AAAAAAAA"})
    undone = await undo(client, worker, done["id"])
    assert (undone["undone_count"], undone["left_count"]) == (1, 1)
    old = (await customers(client))["Old"]
    assert (old["region"], old["registration_code"]) == ("West", "BBBBBBBB")
    (left,) = (await client.get(f"/v1/imports/{done['id']}/leftovers")).json()["data"]
    assert (left["reason"], left["fields"]) == ("code_taken", ["registration_code"])


async def test_an_undone_import_may_be_sent_again_and_undone_again(client: Client, worker: Worker) -> None:
    content = "name,registration_code\nAcme,AAAAAAAA\nGlobex,BBBBBBBB\n"
    for _ in range(2):
        done = await run(client, worker, content)
        assert counts(done) == ("done", 2, 0, 0, 0)
        await undo(client, worker, done["id"])
        again = await client.post(f"/v1/imports/{done['id']}/undo")
        assert (again.status_code, again.json()["state"]) == (200, "undone")
        assert await customers(client) == {}


async def test_only_an_import_that_is_over_can_be_undone_and_only_by_those_who_see_it(
    client: Client, clients: Clients, workspace: Workspace, worker: Worker
) -> None:
    waiting = await start(client, "name\nAcme\n")
    path = f"/v1/imports/{waiting['id']}/undo"
    problem(await client.post(path), 409, "import_not_over")
    problem(await clients(workspace.anna.token).post(path), 404, "not_found")
    while await import_round(worker):
        pass
    assert (await client.post(path)).status_code == 200


async def test_a_customer_out_of_sight_is_left_alone(
    client: Client, clients: Clients, worker: Worker, workspace: Workspace
) -> None:
    anna = clients(workspace.anna.token)
    done = await run(anna, worker, "name,region\nAcme,West\nGlobex,West\n")
    acme = (await customers(anna))["Acme"]
    moved = await client.patch(f"/v1/customers/{acme['id']}", json={"owner_id": str(workspace.admin.id)})
    if moved.status_code != 200:
        pytest.skip("owners change in another way")
    undone = await undo(anna, worker, done["id"])
    assert (undone["undone_count"], undone["left_count"]) == (1, 1)
    (left,) = (await anna.get(f"/v1/imports/{done['id']}/leftovers")).json()["data"]
    assert (left["customer_id"], left["reason"]) in {(acme["id"], "not_visible"), (acme["id"], "used_since")}
    assert set(await customers(client)) == {"Acme"}
