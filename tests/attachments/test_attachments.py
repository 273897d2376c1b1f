"""Attachments: taken by what they are, kept under their id, seen with their subject, given back as harmless files."""

import hashlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from crm.attachments.actions import clean_name
from crm.attachments.store import key_of
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace

PDF = b"%PDF-1.7\n" + b"page " * 1000


async def customer(client: Client) -> str:
    """A customer of whoever asks."""
    response = await client.post("/v1/customers", json={"name": "Acme"})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def send(
    client: Client,
    subject_id: str,
    content: bytes = PDF,
    name: str = "offer.pdf",
    *,
    subject_type: str = "customer",
    key: str | None = None,
) -> httpx.Response:
    """Hang a file on something."""
    form = {"subject_type": subject_type, "subject_id": subject_id}
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/v1/attachments", data=form, files={"file": (name, content)}, headers=headers)


async def sent(client: Client, subject_id: str, content: bytes = PDF, name: str = "offer.pdf") -> dict[str, Any]:
    """One that was taken."""
    response = await send(client, subject_id, content, name)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def files(stage: Stage) -> set[Path]:
    """What lies in the folder."""
    return {one for one in (stage.folder / "attachments").rglob("*") if one.is_file()}


async def test_a_file_is_kept_under_its_id_and_given_back_as_it_was(
    client: Client, workspace: Workspace, stage: Stage, events: Facts
) -> None:
    at = await customer(client)
    made = await sent(client, at, name="../../报价 offer.pdf")
    assert (made["name"], made["media_type"], made["size"]) == ("报价 offer.pdf", "application/pdf", len(PDF))
    assert made["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (made["customer_id"], made["subject"]) == (at, {"type": "customer", "id": at})
    assert (await client.get(f"/v1/attachments/{made['id']}")).json() == made
    place = stage.folder / "attachments" / key_of(workspace.id, made["id"])
    assert place.read_bytes() == PDF
    assert place.stat().st_mode & 0o077 == 0, "nobody else on the machine reads it"
    got = await client.get(f"/v1/attachments/{made['id']}/content")
    assert got.content == PDF
    assert {name: got.headers[name] for name in ("content-type", "content-disposition", "x-content-type-options")} == {
        "content-type": "application/pdf",
        "content-disposition": "attachment; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%20offer.pdf",
        "x-content-type-options": "nosniff",
    }
    assert "sandbox" in got.headers["content-security-policy"]
    (fact,) = await events("attachment.added")
    assert str(fact["customer_id"]) == at
    told = await client.get(f"/v1/customers/{at}/timeline?type=attachment.*", headers={"Accept-Language": "en"})
    assert told.json()["data"][0]["sentence"] == "Ada Admin attached the file 报价 offer.pdf."


async def test_what_one_has_is_not_sent_again(client: Client) -> None:
    made = await sent(client, await customer(client))
    path = f"/v1/attachments/{made['id']}/content"
    again = await client.get(path, headers={"If-None-Match": f'"{made["sha256"]}"'})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("kind", ["html", "exe", "nothing"])
async def test_what_is_not_taken_leaves_nothing_whatever_it_is_called(
    client: Client, stage: Stage, events: Facts, kind: str
) -> None:
    content = {"html": b"<html><script>alert(1)</script>", "exe": b"MZ\x90\x00" * 20, "nothing": b""}[kind]
    at = await customer(client)
    before = files(stage)
    refused = problem(await send(client, at, content, "offer.pdf"), 422, "unprocessable")
    assert refused["errors"][0]["code"] == "type_not_taken"
    assert files(stage) == before
    assert await events.types() == ["customer.created"]


async def test_a_file_is_at_most_twenty_mebibytes(client: Client) -> None:
    at = await customer(client)
    largest = b"%PDF-1.7\n".ljust(20 * 1024 * 1024, b" ")
    assert (await sent(client, at, largest))["size"] == 20 * 1024 * 1024
    problem(await send(client, at, largest + b" "), 413, "too_large")


async def test_nothing_hangs_on_what_one_does_not_see_or_what_is_archived(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace, stage: Stage
) -> None:
    at, foreign = await customer(client), await customer(clients(elsewhere.admin.token))
    before = files(stage)
    for who, subject_id in ((clients(workspace.ben.token), at), (client, foreign), (client, str(uuid4()))):
        refused = problem(await send(who, subject_id), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == "#/subject/id"
    assert (await client.post(f"/v1/customers/{at}/archive")).is_success
    problem(await send(client, at), 409, "customer_archived")
    assert files(stage) == before


async def test_a_file_is_seen_with_its_subject(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace, queries: list[str]
) -> None:
    anna, ben, manager = (clients(one.token) for one in (workspace.anna, workspace.ben, workspace.manager))
    made = (await sent(anna, await customer(anna)))["id"]
    for stranger in (ben, clients(elsewhere.admin.token)):
        for path in (f"/v1/attachments/{made}", f"/v1/attachments/{made}/content"):
            problem(await stranger.get(path), 404, "not_found")
        assert (await stranger.get("/v1/attachments")).json()["data"] == []
    queries.clear()
    assert [one["id"] for one in (await manager.get("/v1/attachments")).json()["data"]] == [made]
    assert len([one for one in queries if "set_config" not in one]) <= 2, "signing in, and the page"


async def test_a_file_is_put_aside_and_its_content_stays(client: Client) -> None:
    at = await customer(client)
    made = (await sent(client, at))["id"]
    archived = (await client.post(f"/v1/attachments/{made}/archive")).json()
    assert (await client.post(f"/v1/attachments/{made}/archive")).json() == archived
    assert (await client.get("/v1/attachments")).json()["data"] == []
    assert [one["id"] for one in (await client.get("/v1/attachments?archived=true")).json()["data"]] == [made]
    assert (await client.get(f"/v1/attachments/{made}/content")).content == PDF


async def test_a_file_that_was_put_aside_comes_back(client: Client, events: Facts) -> None:
    made = await sent(client, await customer(client))
    path = f"/v1/attachments/{made['id']}"
    assert (await client.post(f"{path}/archive")).is_success
    back = (await client.post(f"{path}/restore")).json()
    assert (back["archived_at"], (await client.post(f"{path}/restore")).json()) == (None, back)
    assert (await client.get("/v1/attachments")).json()["data"] == [back]
    assert (await events.types())[-1] == "attachment.restored"


async def test_a_workspace_has_so_much_room_and_no_more(client: Client, stage: Stage) -> None:
    at = await customer(client)
    settings = {"settings": {"attachments": {"quota_mib": 1}}}
    assert (await client.patch("/v1/workspace", json=settings)).is_success
    half = b"%PDF-1.7\n".ljust(512 * 1024, b" ")
    first = (await sent(client, at, half))["id"]
    await sent(client, at, half)
    before = files(stage)
    problem(await send(client, at, b"%PDF-1.7"), 409, "quota_reached")
    assert (await client.post(f"/v1/attachments/{first}/archive")).is_success
    problem(await send(client, at, b"%PDF-1.7"), 409, "quota_reached")
    assert files(stage) == before


async def test_the_same_upload_sent_twice_with_one_key_is_one_file(client: Client, stage: Stage) -> None:
    at = await customer(client)
    before = files(stage)
    first = await send(client, at, key="k1")
    again = await send(client, at, key="k1")
    assert (first.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == first.json()
    assert len(files(stage) - before) == 1


async def test_content_that_is_not_on_this_server_is_said_to_be_unavailable(
    client: Client, workspace: Workspace, stage: Stage
) -> None:
    made = (await sent(client, await customer(client)))["id"]
    (stage.folder / "attachments" / key_of(workspace.id, made)).unlink()
    problem(await client.get(f"/v1/attachments/{made}/content"), 503, "unavailable")


@pytest.mark.parametrize(
    ("sent_name", "shown"),
    [
        ("C:\\Users\\li\\offer.pdf", "offer.pdf"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("line\r\nbreak.txt", "linebreak.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_shown_without_folders_and_without_what_cannot_be_seen(sent_name: str, shown: str) -> None:
    assert clean_name(sent_name) == shown
