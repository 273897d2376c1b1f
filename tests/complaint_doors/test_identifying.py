"""Anybody can write any address as theirs: who sent a mail is marked, and whose the complaint is can be put right."""

from typing import Any

import pytest

from crm.complaint_doors.mail import parse
from crm.complaint_doors.vouching import is_vouched_for
from tests.complaint_doors.conftest import a_mail, hand_over, new_form, new_inbox
from tests.complaints.steps import Path, act, get, go, history, receive
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.sla.stage import new_policy
from tests.timeline.test_timeline import timeline

SERVER = "mx.example.com"
REASON = "Mr Wang says that he wrote no such mail."


async def mailed(
    client: Client, gateway: Client, inbox: dict[str, Any] | None = None, **headers: str
) -> dict[str, Any]:
    """A complaint that came by mail."""
    inbox = inbox or await new_inbox(client)
    taken = await hand_over(gateway, inbox, a_mail(**headers))
    assert taken.status_code == 202, taken.text
    found = await client.get("/v1/complaints", params={"q": taken.json()["reference"]})
    one: dict[str, Any] = found.json()["data"][0]
    return one


@pytest.mark.parametrize(
    ("result", "vouched"),
    [
        (f"{SERVER}; dmarc=pass header.from=example.org", True),
        (f"{SERVER.upper()} 1; spf=fail smtp.mailfrom=x.org; dmarc = pass (p=reject) header.from=Example.org", True),
        (f'{SERVER}; dmarc=pass (p=none (really)) header.from="example.org"', True),
        (f"{SERVER}; dmarc=pass header.from=evil.org", False),
        (f"{SERVER}; dmarc=pass", False),
        (f"{SERVER}; dmarc=fail header.from=example.org", False),
        (f"{SERVER}; dmarc=none header.from=example.org; dkim=pass header.d=example.org", False),
        (f"{SERVER}; spf=pass smtp.mailfrom=dmarc=pass", False),
        (f"{SERVER} (dmarc=pass header.from=example.org); none", False),
        ("mx.elsewhere.com; dmarc=pass header.from=example.org", False),
        (f"{SERVER}.evil.org; dmarc=pass header.from=example.org", False),
        ("", False),
        (";;;;", False),
    ],
)
def test_our_server_vouches_for_the_domain_of_the_author_or_nobody_does(result: str, vouched: bool) -> None:
    read = parse(a_mail(Authentication_Results=result))
    assert is_vouched_for(read, SERVER) is vouched
    assert is_vouched_for(read, None) is False


def test_a_mail_of_two_authors_or_with_two_verdicts_is_nobodys() -> None:
    passed = f"Authentication-Results: {SERVER}; dmarc=pass header.from=example.org\r\n".encode()
    failed = passed.replace(b"dmarc=pass", b"dmarc=fail")
    assert is_vouched_for(parse(passed + a_mail()), SERVER)
    assert is_vouched_for(parse(passed + b"Authentication-Results: x.org; dmarc=fail\r\n" + a_mail()), SERVER)
    assert not is_vouched_for(parse(passed + failed + a_mail()), SERVER)
    assert not is_vouched_for(parse(passed + b"From: Other <other@example.org>\r\n" + a_mail()), SERVER)


async def test_who_sent_it_is_marked(client: Client, gateway: Client, stranger: Client) -> None:
    inbox = await new_inbox(client, authserv_id=f" {SERVER.upper()} ")
    assert inbox["authserv_id"] == SERVER
    vouched = await mailed(
        client, gateway, inbox, Authentication_Results=f"{SERVER}; dmarc=pass header.from=example.org"
    )
    forged = await mailed(
        client, gateway, inbox, Authentication_Results="other.org; dmarc=pass header.from=example.org"
    )
    plain = await mailed(client, gateway)
    form = await new_form(client)
    assert (await stranger.post(form["path"], json={"description": "It leaks."})).status_code == 201
    called = await receive(client)
    every = (await client.get("/v1/complaints", params={"sort": "created_at"})).json()["data"]
    assert [one["sender"] for one in every] == ["verified", "claimed", "claimed", "claimed", None]
    assert [one["id"] for one in (vouched, forged, plain, called)] == [every[at]["id"] for at in (0, 1, 2, 4)]
    found = await client.get("/v1/complaints", params={"sender": "verified"})
    assert [one["id"] for one in found.json()["data"]] == [vouched["id"]]
    refused = await client.patch(f"/v1/complaint-inboxes/{inbox['id']}", json={"authserv_id": "not a name"})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/authserv_id"
    assert (await client.patch(f"/v1/complaint-inboxes/{inbox['id']}", json={"authserv_id": None})).status_code == 200


async def test_a_word_more_from_an_unproven_sender_says_so(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client, authserv_id=SERVER)
    complaint = await mailed(client, gateway, inbox, Message_ID="<first@example.org>")
    await hand_over(gateway, inbox, a_mail("Forget it.", In_Reply_To="<first@example.org>"))
    good = f"{SERVER}; dmarc=pass header.from=example.org"
    await hand_over(gateway, inbox, a_mail("Not so.", In_Reply_To="<first@example.org>", Authentication_Results=good))
    notes = [one["note"] for one in await history(client, complaint)]
    assert notes[1:] == ["［发件人未经验证：wang@example.org］\n\nForget it.", "Not so."]


async def test_a_complaint_in_somebodys_name_is_taken_from_them(
    client: Client, gateway: Client, service: Client, workspace: Workspace, events: Facts
) -> None:
    used = await customer_of(client, name="Acme", email="wang@example.org", owner_id=str(workspace.anna.id))
    complaint = await mailed(client, gateway)
    assert complaint["customer_id"] == used
    freed = await go(service, complaint, "identify", customer_id=None, reason=REASON)
    assert (freed["customer_id"], freed["contact_id"], freed["state"]) == (None, None, "received")
    step = (await history(client, complaint))[-1]
    assert (step["step"], step["note"], step["actor"]["name"]) == ("identify", REASON, "Sue Service")
    told = [(one["type"], one["customer_id"] and str(one["customer_id"])) for one in await events()]
    assert told[-2:] == [("complaint.unlinked", used), ("complaint.identified", None)]
    sentences = [one["sentence"] for one in (await timeline(client, used))["data"]]
    assert f"Sue Service found that the complaint {complaint['number']} is not this customer's." in sentences
    assert (await client.post(f"/v1/customers/{used}/archive")).status_code == 200, "it has no open complaint"


async def test_it_is_given_to_the_one_it_comes_from_with_all_that_follows(
    client: Client, clients: Clients, gateway: Client, service: Client, workspace: Workspace
) -> None:
    for name, minutes, more in (("All", 960, {}), ("Key", 120, {"customer_class": "key"})):
        await new_policy(client, name=name, resolution_minutes=minutes, around_the_clock=True, **more)
    used = await customer_of(client, name="Acme", email="wang@example.org")
    other = await customer_of(client, name="Globex", owner_id=str(workspace.anna.id), **{"class": "key"})
    person = await contact_of(client, other)
    earlier = await receive(client, other, category="other")
    complaint = await mailed(client, gateway)
    task = {"title": "Call", "subject": {"type": "complaint", "id": complaint["id"]}, "due_at": "2090-01-01T00:00:00Z"}
    made = await client.post("/v1/tasks", json=task)
    assert made.json()["customer_id"] == used, made.text
    given = {"customer_id": other, "contact_id": person["id"], "reason": "It is about a pump of Globex."}
    moved = await go(service, complaint, "identify", **given)
    assert (moved["customer"]["name"], moved["contact_id"]) == ("Globex", person["id"])
    assert moved["repeat_of_id"] == earlier["id"]
    due = {one["kind"]: one for one in moved["clocks"]}["resolution"]
    before = {one["kind"]: one for one in complaint["clocks"]}["resolution"]
    assert due["due_at"] < before["due_at"], "key customers are promised more"
    assert (await client.get(f"/v1/tasks/{made.json()['id']}")).json()["customer_id"] == other
    titles = [one["title"] for one in (await clients(workspace.anna.token).get("/v1/notifications")).json()["data"]]
    assert f"投诉 {complaint['number']} 经核实属于您的客户：Pump failed" in titles


async def test_what_repeated_it_repeats_the_one_before_or_none(client: Client, gateway: Client) -> None:
    used = await customer_of(client, email="wang@example.org")
    first = await receive(client, used, category="other")
    forged = await mailed(client, gateway)
    second = await receive(client, used, category="other")
    assert (forged["repeat_of_id"], second["repeat_of_id"]) == (first["id"], forged["id"])
    freed = await go(client, forged, "identify", customer_id=None, reason=REASON)
    assert freed["repeat_of_id"] is None
    found = await get(client, second)
    assert (found["repeat_of_id"], found["version"]) == (first["id"], second["version"] + 1)


async def test_once_it_is_looked_into_it_stays(client: Client, gateway: Client, path: Path, service: Client) -> None:
    await customer_of(client, email="wang@example.org")
    complaint = await path.to("assessing", await mailed(client, gateway))
    assert {one["step"]: one["possible"] for one in (await get(service, complaint))["steps"]}["identify"]
    await go(service, complaint, "investigate")
    refused = problem(await act(service, complaint, "identify", customer_id=None, reason="x"), 409, "step_not_possible")
    assert "identify" not in refused["possible"]


async def test_what_one_of_us_took_down_stays_whose_it_is(client: Client, service: Client) -> None:
    complaint = await receive(client)
    refused = await act(service, complaint, "identify", customer_id=None, reason="x")
    assert [one["code"] for one in problem(refused, 409, "step_needs_more")["missing"]] == ["from_outside"]
    other = await customer_of(client)
    changed = await service.patch(f"/v1/complaints/{complaint['id']}", json={"customer_id": other})
    problem(changed, 409, "customer_stays")


async def test_only_who_handles_complaints_says_whose_they_are(
    client: Client, clients: Clients, gateway: Client, workspace: Workspace, events: Facts
) -> None:
    used = await customer_of(client, email="wang@example.org", owner_id=str(workspace.anna.id))
    complaint = await mailed(client, gateway)
    await go(client, complaint, "assign", assignee_id=str(workspace.service.id))
    anna = clients(workspace.anna.token)
    for who in (anna, clients(await workspace.key("complaints:read", "complaints:write"))):
        problem(await act(who, complaint, "identify", customer_id=None, reason="x"), 403, "step_is_for_others")
    where = f"/v1/complaints/{complaint['id']}/identify"
    stale = await client.post(where, json={"customer_id": None, "reason": "x"}, headers={"If-Match": '"1"'})
    problem(stale, 412, "stale")
    assert (await get(client, complaint))["customer_id"] == used
    assert not await events("complaint.unlinked")


async def test_who_or_what_is_not_there_is_named(
    client: Client, gateway: Client, stage: Stage, workspace: Workspace
) -> None:
    used = await customer_of(client, email="wang@example.org")
    complaint = await mailed(client, gateway)
    person = await contact_of(client, used)
    gone = await customer_of(client)
    await client.post(f"/v1/customers/{gone}/archive")
    for body, status, pointer in (
        ({"customer_id": str(workspace.north)}, 422, "#/customer_id"),
        ({"customer_id": None, "contact_id": person["id"]}, 422, "#/contact_id"),
        ({"customer_id": await customer_of(client), "contact_id": person["id"]}, 422, "#/contact_id"),
        ({"reason": "x"}, 422, "#/customer_id"),
    ):
        refused = await act(client, complaint, "identify", **{"reason": "x", **body})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)
    problem(await act(client, complaint, "identify", customer_id=gone, reason="x"), 409, "customer_archived")
    assert (await get(client, complaint))["customer_id"] == used
    unchanged = await go(client, complaint, "identify", customer_id=used, reason="It is his.")
    assert unchanged["version"] >= complaint["version"]
    assert (await history(client, complaint))[-1]["step"] == "receive", "nothing was found out"
