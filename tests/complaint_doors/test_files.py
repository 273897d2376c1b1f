"""Files that come with mails of complaints: kept where they are of a kind that is taken, named where not."""

import asyncio
import shutil
from email.message import EmailMessage
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest

from crm.attachments.mails import _taken
from crm.attachments.store import prefix_of
from crm.complaint_doors.mail import LARGEST, parse
from tests.complaint_doors.conftest import a_mail, hand_over, new_inbox
from tests.complaints.steps import act, go, history
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace, an_address

PDF = b"%PDF-1.7\r\n" + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + b"\r\n\x00" * 400
PAGE = b"<html><script>x</script>"


def office(*parts: str) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as file:
        for part in ("[Content_Types].xml", *parts):
            file.writestr(part, "x")
    return packed.getvalue()


def with_files(*files: tuple[str, bytes], answers: str | None = None, text: str = "See the files.") -> bytes:
    """A mail as a program writes it, with these files."""
    message = EmailMessage()
    message["From"], message["Subject"] = "Wang Fang <wang@example.org>", "Pump failed"
    message["Message-ID"] = f"<{uuid4().hex}@example.org>"
    if answers:
        message["In-Reply-To"] = answers
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


async def taken(client: Client, gateway: Client, inbox: dict[str, Any], raw: bytes, **more: Any) -> dict[str, Any]:
    response = await hand_over(gateway, inbox, raw, **more)
    assert response.status_code == 202, response.text
    found = await client.get("/v1/complaints", params={"q": response.json()["reference"]})
    one: dict[str, Any] = found.json()["data"][0]
    return one


async def files_of(client: Client, complaint: dict[str, Any]) -> list[dict[str, Any]]:
    query = {"subject_type": "complaint", "subject_id": complaint["id"], "sort": "created_at"}
    response = await client.get("/v1/attachments", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def test_files_hang_on_the_complaint_byte_for_byte(client: Client, gateway: Client, events: Facts) -> None:
    customer_id = await customer_of(client, email="wang@example.org")
    inbox = await new_inbox(client)
    raw = with_files(("泵.png", PNG), ("../../offer.pdf", PDF), ("said.txt", "第三次".encode()))
    complaint = await taken(client, gateway, inbox, raw)
    assert complaint["description"] == "See the files."
    found = await files_of(client, complaint)
    assert [(one["name"], one["media_type"]) for one in found] == [
        ("泵.png", "image/png"), ("offer.pdf", "application/pdf"), ("said.txt", "text/plain"),
    ]  # fmt: skip
    assert {(one["customer_id"], one["author_id"]) for one in found} == {(customer_id, None)}
    for one, content in zip(found, (PNG, PDF, "第三次".encode()), strict=True):
        assert (await client.get(f"/v1/attachments/{one['id']}/content")).content == content
    assert len(await events("attachment.added")) == 3


async def test_what_is_not_taken_is_named(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    raw = with_files(
        ("page.html", PAGE), ("run.exe", b"MZ\x00\x01"), ("good.docx", office("word/document.xml")),
        ("macro.docm", office("word/document.xml", "word/vbaProject.bin")), ("empty.txt", b""),
        ("picture.png", PAGE),
    )  # fmt: skip
    complaint = await taken(client, gateway, inbox, raw)
    assert [one["name"] for one in await files_of(client, complaint)] == ["good.docx"]
    assert complaint["description"].splitlines()[-1] == (
        "附件（未保存）：page.html, run.exe, macro.docm, empty.txt, picture.png"
    )


async def test_twenty_files_of_a_mail_are_kept_and_no_more(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    complaint = await taken(client, gateway, inbox, with_files(*((f"{at}.pdf", PDF + b"%d" % at) for at in range(23))))
    assert len(await files_of(client, complaint)) == 20
    assert complaint["description"].endswith("附件（未保存）：…")


async def test_files_of_a_further_word_hang_there_too(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    first = a_mail(Message_ID="<first@example.org>")
    complaint = await taken(client, gateway, inbox, first)
    more = with_files(("seal.png", PNG), ("x.svg", b"<svg/>"), answers="<first@example.org>", text="The seal.")
    again = await taken(client, gateway, inbox, more)
    assert again["id"] == complaint["id"]
    assert [one["name"] for one in await files_of(client, complaint)] == ["seal.png"]
    assert (await history(client, complaint))[-1]["note"] == "The seal.\n\n附件（未保存）：x.svg"


async def test_a_mail_handed_over_again_brings_nothing_twice(
    client: Client, clients: Clients, gateway: Client, events: Facts
) -> None:
    inbox = await new_inbox(client)
    raw = with_files(("offer.pdf", PDF), ("pump.png", PNG))
    gateways = [clients(None, an_address()) for _ in range(5)]
    answers = await asyncio.gather(*(hand_over(one, inbox, raw, key="m1") for one in gateways))
    assert {one.status_code for one in answers} == {202}
    complaint = await taken(client, gateway, inbox, raw, key="m1")
    found = await files_of(client, complaint)
    assert sorted(one["name"] for one in found) == ["offer.pdf", "pump.png"]
    assert len(await events("attachment.added")) == 2
    for one in found:
        content = await client.get(f"/v1/attachments/{one['id']}/content")
        assert content.content == (PDF if one["name"] == "offer.pdf" else PNG)


async def test_while_files_cannot_be_kept_the_mail_is_to_come_again(
    client: Client, gateway: Client, stage: Stage, workspace: Workspace, events: Facts
) -> None:
    inbox = await new_inbox(client)
    raw = with_files(("offer.pdf", PDF), ("page.html", PAGE))
    place = stage.settings().attachments_dir / prefix_of(workspace.id).strip("/")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way")
    away = await hand_over(gateway, inbox, raw, key="m1")
    problem(away, 503, "unavailable")
    place.unlink()
    complaint = await taken(client, gateway, inbox, raw, key="m1")
    assert [one["name"] for one in await files_of(client, complaint)] == ["offer.pdf"]
    assert complaint["description"].endswith("附件（未保存）：page.html")
    assert len(await events("complaint.received")) == 1


async def test_what_comes_again_years_later_brings_no_file_back(
    client: Client, gateway: Client, workspace: Workspace
) -> None:
    inbox = await new_inbox(client)
    raw = with_files(("offer.pdf", PDF))
    complaint = await taken(client, gateway, inbox, raw, key="m1")
    await workspace.owner.execute("DELETE FROM attachments WHERE workspace_id = $1", workspace.id)
    await workspace.owner.execute(
        "UPDATE complaint_arrivals SET created_at = now() - interval '8 days' WHERE workspace_id = $1", workspace.id
    )
    await taken(client, gateway, inbox, raw, key="m1")
    assert await files_of(client, complaint) == []


async def test_strangers_leave_room_for_those_who_work_here(client: Client, gateway: Client) -> None:
    quota = {"settings": {"attachments": {"quota_mib": 1}}}
    assert (await client.patch("/v1/workspace", json=quota)).status_code == 200
    inbox = await new_inbox(client)
    large = b"%PDF-1.7\n" + b"x" * 700_000
    complaint = await taken(client, gateway, inbox, with_files(("1.pdf", large), ("2.pdf", large), ("3.pdf", PDF)))
    assert [one["name"] for one in await files_of(client, complaint)] == ["1.pdf", "3.pdf"]
    assert complaint["description"].endswith("2.pdf")
    form = {"subject_type": "complaint", "subject_id": complaint["id"]}
    mine = await client.post("/v1/attachments", data=form, files={"file": ("own.pdf", b"%PDF-1.7\n" + b"x" * 200_000)})
    assert mine.status_code == 201, mine.text


async def test_files_of_machines_are_not_kept(client: Client, gateway: Client, events: Facts) -> None:
    inbox = await new_inbox(client)
    raw = b"Auto-Submitted: auto-replied\r\n" + with_files(("offer.pdf", PDF))
    assert (await hand_over(gateway, inbox, raw)).json()["outcome"] == "ignored"
    assert not await events("attachment.added")


async def test_they_go_along_when_the_complaint_is_somebody_elses(
    client: Client, clients: Clients, gateway: Client, workspace: Workspace
) -> None:
    used = await customer_of(client, email="wang@example.org", owner_id=str(workspace.anna.id))
    complaint = await taken(client, gateway, await new_inbox(client), with_files(("offer.pdf", PDF)))
    (file,) = await files_of(client, complaint)
    anna = clients(workspace.anna.token)
    assert (await anna.get(f"/v1/attachments/{file['id']}")).status_code == 200
    await go(client, complaint, "identify", customer_id=None, reason="Not Mr Wang's.")
    assert (await anna.get(f"/v1/attachments/{file['id']}")).status_code == 404
    assert (await act(anna, complaint, "inform", note="x")).status_code == 404
    assert used


@pytest.mark.parametrize("encoding", ["7bit", "binary", "x-uuencode", "base64"])
def test_what_is_not_encoded_is_taken_as_text_only(encoding: str) -> None:
    head = "From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    part = "--b\r\nContent-Type: {}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: {}\r\n\r\n"
    picture_, text_ = part.format("image/png", encoding), part.format("text/plain", "7bit")
    raw = f"{head}{picture_}aGk=\r\n{text_}hi\r\n--b--\r\n".encode()
    picture, text = parse(raw).attached
    assert picture.content == (b"hi" if encoding == "base64" else b"")
    assert text.content == b"hi"


def test_a_zip_of_a_hundred_thousand_parts_is_looked_at_quickly() -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as file:
        file.writestr("[Content_Types].xml", "x")
    many = b"PK\x03\x04" + b"PK\x01\x02" * 100_000 + packed.getvalue()
    assert len(many) < LARGEST
    assert _taken(parse(with_files(("many.docx", many), ("offer.pdf", PDF))))[0].file.name == "offer.pdf"
