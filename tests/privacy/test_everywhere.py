"""Nothing of an erased person is left: not in any column of any table, and not in any file."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from crm.actor import system
from crm.attachments import local
from crm.attachments.store import key_of
from crm.database import Database
from crm.events.reacting import Fact
from crm.exports import writing
from crm.privacy import erasing
from crm.privacy.patterns import pattern_of
from crm.privacy.places import PLACES
from services.settings import Settings
from services.storage import shelf_of
from services.worker.exporting import export_round
from services.worker.removing import remove_files, sweep_attachments
from tests.conftest import Client, Facts, Stage, problem
from tests.factories import Workspace
from tests.privacy.dump import found_in
from tests.privacy.people import known, post
from tests.privacy.planting import person_of


@dataclass
class Worker:
    """As much of the worker as files need."""

    database: Database
    settings: Settings
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@pytest_asyncio.fixture
async def worker(stage: Stage) -> AsyncIterator[Any]:
    """The worker, logged in as itself."""
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=2)
    yield Worker(database, stage.settings())
    await database.close()


def files_with(folder: Path, workspace: Workspace, strings: list[str]) -> set[str]:
    """The kinds of files of the workspace in which one of these strings stands."""
    mine = [file for file in folder.rglob("*") if file.is_file() and str(workspace.id) in str(file)]
    return {
        file.relative_to(folder).parts[0]
        for file in mine
        if any(string.encode() in file.read_bytes() for string in strings)
    }


@pytest.mark.parametrize("kind", ["contact", "customer"])
async def test_nothing_is_left_of_an_erased_person(
    client: Client, stage: Stage, workspace: Workspace, worker: Any, events: Facts, kind: str
) -> None:
    planted = await person_of(client, workspace, kind)
    while await export_round(worker):
        pass
    for place in PLACES:
        alone = place.of_contact if kind == "contact" else place.of_customer
        advice = f"make a row of {place.table.name} in tests/privacy/planting.py"
        assert place.table.name in planted.near or place.table.name in planted.alone, advice
        assert alone is None or place.table.name in planted.alone, f"{advice}, about the person alone"
    everything = [*planted.strings, *planted.said_near]
    before = await found_in(stage.owner, everything)
    reached = {place.table.name for place in PLACES} | {"events", "idempotency_keys", "import_files", f"{kind}_tokens"}
    reached |= {"customer_merges"} if kind == "customer" else set()
    assert reached - before.keys() == set(), "the control finds the person in each place"
    untold = {said for said in everything for place in PLACES if not place.told_as and place.table.name in said}
    assert before["events"] >= set(everything) - {planted.strings[2], planted.strings[3]} - untold
    assert files_with(stage.folder, workspace, everything) == {"attachments", "exports"}

    path = f"/v1/{kind}s/{planted.id}/erase"
    answer = await post(client, path, {"reason": "requested"})
    assert await found_in(stage.owner, everything) == {}
    assert {place.table.name for place in PLACES if not answer["erased"][place.table.name]} == set()
    while await remove_files(worker):
        pass
    assert files_with(stage.folder, workspace, everything) == set()

    told = await events(f"{kind}.erased")
    assert len(told) == {"contact": 1, "customer": 2}[kind]
    async with worker.database.transaction(system(workspace.id, timezone="UTC", language="zh-CN")) as tx:
        for fact in told:  # The worker has the rights to look a second time, and finds nothing to change.
            await erasing.erase_what_came_late(tx, Fact(**{name: fact[name] for name in Fact._fields}))
    assert (await post(client, path, {"reason": "requested"}))["version"] == answer["version"]


async def hung(client: Client, contact_id: str, content: bytes) -> str:
    """A file on a contact."""
    form = {"subject_type": "contact", "subject_id": contact_id}
    sent = await client.post("/v1/attachments", data=form, files={"file": ("passport.txt", content, "text/plain")})
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


async def test_a_file_goes_though_the_worker_dies_at_any_moment(
    client: Client, stage: Stage, workspace: Workspace, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = await known(client)
    attachment_id = await hung(client, theirs.contact_id, b"number 123")
    place = stage.folder / "attachments" / key_of(workspace.id, attachment_id)
    await post(client, f"/v1/contacts/{theirs.contact_id}/erase", {"reason": "requested"})
    found = (await client.get(f"/v1/attachments/{attachment_id}")).json()
    assert (found["name"], found["sha256"]) == ("已删除的联系人", "")
    assert found["erased_at"] is not None
    problem(await client.get(f"/v1/attachments/{attachment_id}/content"), 404, "attachment_erased")
    assert place.is_file(), "until the worker comes"

    async def dies(*_: Any) -> None:
        raise OSError("pulled the plug")

    with monkeypatch.context() as patch:
        patch.setattr(local.Folder, "delete", dies)
        with pytest.raises(OSError, match="plug"):
            await remove_files(worker)
    assert place.is_file(), "died before the file was removed"
    place.unlink()
    assert not await remove_files(worker), "died after it, before the commit: once more does no harm"
    owed = "SELECT count(*) FROM owed_removals WHERE workspace_id = $1"
    assert await workspace.owner.fetchval(owed, workspace.id) == 0


async def test_what_no_attachment_names_is_swept_up_and_nothing_else(
    client: Client, stage: Stage, workspace: Workspace, worker: Any
) -> None:
    theirs = await known(client)
    at = stage.folder / "attachments"
    kept = at / key_of(workspace.id, await hung(client, theirs.beside_id, b"kept"))
    erased = at / key_of(workspace.id, await hung(client, theirs.contact_id, b"erased"))
    await post(client, f"/v1/contacts/{theirs.contact_id}/erase", {"reason": "requested"})
    orphan, fresh, strange = (at / key_of(home, uuid4()) for home in (workspace.id, workspace.id, uuid4()))
    begun = orphan.with_name(f"{orphan.name}.new")
    for place in (orphan, fresh, strange, begun):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x")
    for place in (kept, erased, orphan, strange, begun):
        os.utime(place, (0, 0))
    await sweep_attachments(worker)
    assert {place for place in (kept, erased, orphan, fresh, strange, begun) if place.exists()} == {
        kept,  # a row names it
        fresh,  # its row may come yet
        strange,  # of no workspace that we know
    }


async def test_exports_written_before_are_withdrawn_and_those_being_written_begin_anew(
    client: Client, stage: Stage, workspace: Workspace, worker: Any
) -> None:
    theirs = await known(client, name="Zhao Min")
    for _ in range(2):
        assert (await client.post("/v1/exports", json={"noun": "contacts"})).status_code == 202
    assert await export_round(worker)
    async with worker.database.scanning() as tx:
        held = await writing.claim(tx)
    assert held is not None
    await post(client, f"/v1/contacts/{theirs.contact_id}/erase", {"reason": "requested"})
    with pytest.raises(writing.LeaseLost):
        await writing.write(worker.database, held, shelf_of(stage.settings()))
    assert await export_round(worker)
    second, first = (await client.get("/v1/exports")).json()["data"]
    problem(await client.get(f"/v1/exports/{first['id']}/file"), 404, "export_expired")
    assert first["withdrawn_at"] is not None
    assert second["withdrawn_at"] is None
    sent = await client.get(f"/v1/exports/{second['id']}/file")
    assert ("Zhao Min" in sent.text, "Li Lei" in sent.text) == (False, True)


async def test_what_was_written_about_a_person_meanwhile_is_emptied_by_the_reaction(
    client: Client, workspace: Workspace, worker: Any, events: Facts
) -> None:
    theirs = await known(client)
    await post(client, f"/v1/contacts/{theirs.contact_id}/erase", {"reason": "requested"})
    late = {"subject": {"type": "contact", "id": theirs.contact_id}, "text": "They like tea"}
    note_id = (await post(client, "/v1/notes", late))["id"]
    attachment_id = await hung(client, theirs.contact_id, b"late")
    (fact,) = await events("contact.erased")
    async with worker.database.transaction(system(workspace.id, timezone="UTC", language="en")) as tx:
        await erasing.erase_what_came_late(tx, Fact(**{name: fact[name] for name in Fact._fields}))
    assert (await client.get(f"/v1/notes/{note_id}")).json()["text"] == "Erased person"
    problem(await client.get(f"/v1/attachments/{attachment_id}/content"), 404, "attachment_erased")
    (added,) = await events("note.added")
    assert added["payload"]["text"] == "Erased person"


async def test_a_merged_record_is_the_same_person_whichever_is_named(client: Client) -> None:
    ids = []
    for name in ("Wang Fang", "Wang Fang (private)"):
        body = {"kind": "person", "name": name}
        ids.append((await post(client, "/v1/customers?allow_duplicates=true", body))["id"])
    await post(client, "/v1/customers/merge", {"winner_id": ids[0], "loser_id": ids[1]})
    await post(client, f"/v1/customers/{ids[1]}/erase", {"reason": "requested"})
    for each in ids:
        found = (await client.get(f"/v1/customers/{each}")).json()
        assert (found["name"], found["erased_because"]) == ("已删除的客户", "requested")


@pytest.mark.parametrize(
    ("known_by", "said", "left"),
    [
        ({"name": ["Li"]}, "Call Li, not Lily; LI!", "Call X, not Lily; X!"),
        ({"name": ["王伟"]}, "请联系王伟先生", "请联系X先生"),
        ({"name": ["Zhao Min"]}, "zhao  min and ZHAO\nMIN", "X and X"),
        ({"name": ["A.B (c) \"d\" [e]"]}, "A.B (c) \"d\" [e] AxB", "X AxB"),
        ({"phones": ["+8613912345678"]}, "139 1234-5678, +86 (139)12345678, 23912345679", "X, X, 23912345679"),
        ({"emails": ["a.b@example.com"]}, "A.B@example.com axb@example.com", "X axb@example.com"),
        ({"name": ["X"], "wechat": [""]}, "X and", "X and"),
    ],
)  # fmt: skip
async def test_a_person_is_found_in_words_as_people_write_them(
    stage: Stage, known_by: dict[str, list[str]], said: str, left: str
) -> None:
    pattern = pattern_of(known_by, "X")
    assert await stage.owner.fetchval("SELECT unnamed($1::text, $2, 'X')", said, pattern) == left
    assert (re.sub(pattern, "X", said, flags=re.IGNORECASE) if pattern else said) == left
