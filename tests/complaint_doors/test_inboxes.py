"""Mailboxes whose mails are complaints: who may hand them over, and what becomes of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from crm.complaint_doors.arriving import PER_PROOF, WRONG
from crm.strangers.limits import PROGRAMS
from crm.strangers.links import Purpose, new_link
from crm.webhooks.signing import new_secret
from tests.complaint_doors.conftest import a_mail, hand_over, new_inbox, sign
from tests.complaint_doors.test_forms import complaint_of
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace, an_address

PATH = "/v1/public/complaint-inboxes/"


async def test_a_mail_becomes_a_complaint_with_its_words_and_who_wrote_it(
    client: Client, gateway: Client, workspace: Workspace
) -> None:
    inbox = await new_inbox(client, team_id=str(workspace.south), address="complaints@example.com")
    taken = await hand_over(gateway, inbox, a_mail("It failed.\r\nAgain.", subject="Pump 7"))
    assert taken.status_code == 202, taken.text
    assert (taken.json()["outcome"], taken.json()["repeated"]) == ("received", False)
    whole = await complaint_of(client, taken.json()["reference"])
    assert (whole["channel"], whole["subject"], whole["description"]) == ("email", "Pump 7", "It failed.\nAgain.")
    assert whole["complainer"] == {"name": "Wang Fang", "email": "wang@example.org"}
    assert (whole["customer_id"], whole["team_id"]) == (None, str(workspace.south))


async def test_a_mail_that_is_no_text_in_utf_8_is_proven_and_read_all_the_same(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    raw = b"From: wang@example.org\r\nSubject: x\r\nContent-Type: text/plain; charset=gbk\r\n\r\n" + "水泵".encode(
        "gbk"
    )
    taken = await hand_over(gateway, inbox, raw)
    assert (await complaint_of(client, taken.json()["reference"]))["description"] == "水泵"


async def test_a_mail_without_subject_or_text_is_a_complaint_too_and_its_files_are_named(
    client: Client, gateway: Client
) -> None:
    inbox = await new_inbox(client)
    raw = (
        b"From: wang@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=pump.png\r\n\r\nx\r\n"
        b"--b--\r\n"
    )
    whole = await complaint_of(client, (await hand_over(gateway, inbox, raw)).json()["reference"])
    assert whole["subject"] in {"(no subject)", "（无主题）"}
    assert whole["description"].endswith("pump.png")


async def test_the_one_customer_with_the_senders_address_is_found_and_the_person_there(
    client: Client, gateway: Client
) -> None:
    inbox = await new_inbox(client)
    customer_id = await customer_of(client)
    contact = await contact_of(client, customer_id, emails=["wang@example.org"])
    sent = a_mail(sender="WANG@example.org".lower())
    whole = await complaint_of(client, (await hand_over(gateway, inbox, sent)).json()["reference"])
    assert (whole["customer_id"], whole["contact_id"]) == (customer_id, contact["id"])
    await client.patch(f"/v1/complaint-inboxes/{inbox['id']}", json={"match_senders": False})
    whole = await complaint_of(client, (await hand_over(gateway, inbox, a_mail())).json()["reference"])
    assert whole["customer_id"] is None


async def test_a_companys_own_mailbox_finds_the_company_and_an_address_of_two_finds_none(
    client: Client, gateway: Client
) -> None:
    inbox = await new_inbox(client)
    one = await client.post("/v1/customers", json={"kind": "company", "name": "Acme", "email": "info@acme.example.org"})
    sent = a_mail(sender="Info@acme.example.org")
    whole = await complaint_of(client, (await hand_over(gateway, inbox, sent)).json()["reference"])
    assert (whole["customer_id"], whole["contact_id"]) == (one.json()["id"], None)
    body = {"kind": "company", "name": "Bolt", "email": "info@acme.example.org"}
    await client.post("/v1/customers", json=body, params={"allow_duplicates": "true"})
    sent = a_mail(sender="info@acme.example.org")
    whole = await complaint_of(client, (await hand_over(gateway, inbox, sent)).json()["reference"])
    assert whole["customer_id"] is None


async def test_a_customer_put_aside_is_not_found_by_a_mail(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    customer_id = await customer_of(client)
    await contact_of(client, customer_id, emails=["wang@example.org"])
    await client.post(f"/v1/customers/{customer_id}/archive")
    taken = await hand_over(gateway, inbox, a_mail())
    assert taken.status_code == 202, taken.text
    assert (await complaint_of(client, taken.json()["reference"]))["customer_id"] is None


async def test_a_mail_handed_over_again_changes_nothing_however_late(
    client: Client, gateway: Client, stage: Stage, events: Facts
) -> None:
    inbox = await new_inbox(client)
    raw, key = a_mail(), "msg_1"
    first = (await hand_over(gateway, inbox, raw, key=key)).json()
    again = (await hand_over(gateway, inbox, raw, key=key)).json()
    assert again == {**first, "repeated": True}
    await stage.owner.execute(
        "UPDATE complaint_arrivals SET created_at = created_at - interval '3 years' WHERE inbox_id = $1", inbox["id"]
    )
    assert (await hand_over(gateway, inbox, a_mail("Other words."), key=key)).json() == {**first, "repeated": True}
    # A gateway that lost count hands it over under another name.
    assert (await hand_over(gateway, inbox, b"Received: x\r\n" + raw)).json() == {**first, "repeated": True}
    assert len(await events("complaint.received")) == 1


async def test_of_one_mail_handed_over_many_times_at_once_one_becomes_a_complaint(
    client: Client, clients: Clients, events: Facts
) -> None:
    inbox = await new_inbox(client)
    raw = a_mail()
    gateways = [clients(None, an_address()) for _ in range(6)]
    answers = await asyncio.gather(*(hand_over(one, inbox, raw, key="msg_1") for one in gateways))
    assert {answer.status_code for answer in answers} == {202}
    assert sum(not answer.json()["repeated"] for answer in answers) == 1
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert len(await events("complaint.received")) == 1


async def test_an_answer_to_a_mail_of_the_complaint_is_a_word_more_to_it(
    client: Client, gateway: Client, events: Facts
) -> None:
    inbox = await new_inbox(client)
    first = (await hand_over(gateway, inbox, a_mail(Message_ID="<one@x.org>"))).json()
    answer = a_mail("It is the seal.", subject="Re: Pump", sender="colleague@example.org", In_Reply_To="<one@x.org>")
    added = (await hand_over(gateway, inbox, answer)).json()
    assert added == {"outcome": "added", "reference": first["reference"], "repeated": False}
    whole = await complaint_of(client, first["reference"])
    assert (whole["state"], whole["replied_at"] is not None) == ("received", True)
    steps = (await client.get(f"/v1/complaints/{whole['id']}/history")).json()["data"]
    assert [(step["step"], step["note"]) for step in steps] == [("receive", None), ("reply", "It is the seal.")]
    assert len(await events("complaint.received")) == 1
    assert len(await events("complaint.customer_replied")) == 1
    inbox_of_admin = (await client.get("/v1/notifications")).json()["data"]
    assert any(first["reference"] in one["title"] for one in inbox_of_admin)


async def test_its_number_in_the_subject_is_enough_for_who_complained_and_for_nobody_else(
    client: Client, gateway: Client, events: Facts
) -> None:
    inbox = await new_inbox(client)
    number = (await hand_over(gateway, inbox, a_mail())).json()["reference"]
    mine = a_mail("More.", subject=f"About {number}", sender="Wang <WANG@example.org>")
    assert (await hand_over(gateway, inbox, mine)).json()["outcome"] == "added"
    theirs = (await hand_over(gateway, inbox, a_mail(subject=number, sender="eve@example.org"))).json()
    assert theirs["outcome"] == "received"
    assert theirs["reference"] != number
    nobodys = (await hand_over(gateway, inbox, a_mail(subject="2026-999999"))).json()
    assert nobodys["outcome"] == "received"
    assert len(await events("complaint.customer_replied")) == 1


async def test_the_number_of_another_workspace_means_nothing_here(
    client: Client, clients: Clients, gateway: Client, elsewhere: Workspace
) -> None:
    other = await new_inbox(clients(elsewhere.admin.token))
    await hand_over(gateway, other, a_mail(Message_ID="<one@x.org>"))
    inbox = await new_inbox(client)
    sent = a_mail(In_Reply_To="<one@x.org>", subject="2026-000001")
    assert (await hand_over(gateway, inbox, sent)).json()["outcome"] == "received"


async def test_a_customer_who_was_waited_for_and_answers_is_waited_for_no_longer(
    client: Client, gateway: Client, workspace: Workspace
) -> None:
    inbox = await new_inbox(client)
    number = (await hand_over(gateway, inbox, a_mail())).json()["reference"]
    path = f"/v1/complaints/{(await complaint_of(client, number))['id']}"
    for step, body in (
        ("acknowledge", None),
        ("assess", {"severity": "low", "category": "quality"}),
        ("wait-customer", {"reason": "Serial?"}),
    ):
        taken = await client.post(f"{path}/{step}", json=body)
        assert taken.status_code == 200, taken.text
    await hand_over(gateway, inbox, a_mail("SN-77", subject=f"Re: {number}"))
    whole = (await client.get(path)).json()
    assert whole["state"] == "assessing"
    steps = [step["step"] for step in (await client.get(f"{path}/history")).json()["data"]]
    assert steps[-2:] == ["reply", "resume"]


async def test_a_word_more_to_a_complaint_that_is_over_is_kept_and_told(
    client: Client, gateway: Client, stage: Stage, events: Facts
) -> None:
    inbox = await new_inbox(client)
    number = (await hand_over(gateway, inbox, a_mail())).json()["reference"]
    path = f"/v1/complaints/{(await complaint_of(client, number))['id']}"
    await client.post(f"{path}/withdraw", json={"reason": "It works again."})
    assert (await hand_over(gateway, inbox, a_mail("No!", subject=number))).json()["outcome"] == "added"
    assert (await client.get(path)).json()["state"] == "withdrawn"
    assert len(await events("complaint.customer_replied")) == 1


async def test_what_a_machine_wrote_is_no_complaint(client: Client, gateway: Client, events: Facts) -> None:
    inbox = await new_inbox(client)
    taken = (await hand_over(gateway, inbox, a_mail(Auto_Submitted="auto-replied"), key="a")).json()
    assert taken == {"outcome": "ignored", "reference": None, "repeated": False}
    assert (await hand_over(gateway, inbox, a_mail(), key="a")).json() == {**taken, "repeated": True}
    assert await events("complaint.received") == []


RAW: bytes = a_mail(Message_ID="<forged@x>")
FORGERIES: dict[str, Any] = {
    "nothing": lambda made, _secret: {},
    "no signature": lambda made, _secret: {**made, "webhook-signature": ""},
    "another body's": lambda made, secret: sign(secret, made["webhook-id"], datetime.now(UTC), b"other"),
    "another secret": lambda made, _secret: sign(new_secret(), made["webhook-id"], datetime.now(UTC), RAW),
    "another id": lambda made, _secret: {**made, "webhook-id": "msg_other"},
    "another moment": lambda made, _secret: {**made, "webhook-timestamp": str(int(made["webhook-timestamp"]) + 1)},
    "old": lambda made, secret: sign(secret, "m", datetime.now(UTC) - timedelta(minutes=6), RAW),
    "to come": lambda made, secret: sign(secret, "m", datetime.now(UTC) + timedelta(minutes=6), RAW),
    "garbage": lambda made, _secret: {**made, "webhook-signature": "garbage"},
    "v1 alone": lambda made, _secret: {**made, "webhook-signature": "v1"},
    "bad base64": lambda made, _secret: {**made, "webhook-signature": "v1,a"},
    "long": lambda made, _secret: {**made, "webhook-signature": "v1," + "A" * 10_000},
    "no number": lambda made, _secret: {**made, "webhook-timestamp": "1e9"},
    "a dot in the id": lambda made, secret: sign_with_dot(secret),
}


def sign_with_dot(secret: str) -> dict[str, str]:
    """An id with a dot, whose text could be read as another id and moment."""
    made = sign(secret, "m", datetime.now(UTC), RAW)
    return {**made, "webhook-id": f"m.{made['webhook-timestamp']}"}


@pytest.mark.parametrize("name", FORGERIES)
async def test_what_is_not_proven_is_refused_without_saying_why_and_leaves_nothing(
    name: str, client: Client, gateway: Client, events: Facts
) -> None:
    inbox = await new_inbox(client)
    made = sign(inbox["secret"], f"msg_{uuid4().hex}", datetime.now(UTC), RAW)
    forged = FORGERIES[name](made, inbox["secret"])
    refused = await gateway.post(inbox["path"], content=RAW, headers={"Content-Type": "message/rfc822", **forged})
    found = problem(refused, 401, "signature_invalid")
    assert found.get("detail") is None
    assert await events("complaint.received") == []
    # And the right one is taken, so it was the forgery that was refused.
    right = await gateway.post(inbox["path"], content=RAW, headers={"Content-Type": "message/rfc822", **made})
    assert right.status_code == 202


async def test_a_new_secret_and_the_one_before_both_hold_for_a_day(
    client: Client, gateway: Client, stage: Stage
) -> None:
    inbox = await new_inbox(client)
    rotated = (await client.post(f"/v1/complaint-inboxes/{inbox['id']}/rotate-secret")).json()
    assert rotated["secret"] != inbox["secret"]
    assert rotated["url"] == inbox["url"]
    newer = {**inbox, "secret": rotated["secret"]}
    assert (await hand_over(gateway, inbox, a_mail())).status_code == 202
    assert (await hand_over(gateway, newer, a_mail())).status_code == 202
    await stage.owner.execute(
        "UPDATE complaint_inboxes SET previous_secret_until = now() - interval '1 second' WHERE id = $1", inbox["id"]
    )
    problem(await hand_over(gateway, inbox, a_mail()), 401, "signature_invalid")
    assert (await hand_over(gateway, newer, a_mail())).status_code == 202


async def test_secrets_are_sealed_and_shown_once(client: Client, stage: Stage, events: Facts) -> None:
    inbox = await new_inbox(client)
    row = await stage.owner.fetchrow("SELECT i.*, i::text AS text FROM complaint_inboxes i WHERE id = $1", inbox["id"])
    assert row is not None
    secret = inbox["secret"].encode()
    assert secret not in row["secret"]
    assert inbox["secret"] not in str([dict(fact) for fact in await events()])
    assert "secret" not in (await client.get(f"/v1/complaint-inboxes/{inbox['id']}")).json()


async def test_a_closed_inbox_is_not_there_until_it_is_opened_again(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    await client.post(f"/v1/complaint-inboxes/{inbox['id']}/disable")
    problem(await hand_over(gateway, inbox, a_mail()), 404, "not_found")
    await client.post(f"/v1/complaint-inboxes/{inbox['id']}/enable")
    assert (await hand_over(gateway, inbox, a_mail())).status_code == 202


async def test_whoever_guesses_addresses_is_slowed_down(client: Client, gateway: Client, workspace: Workspace) -> None:
    inbox = await new_inbox(client)
    answers = []
    for _ in range(10):
        token = new_link(Purpose.COMPLAINT_INBOX, workspace.id).token
        answers.append((await hand_over(gateway, {**inbox, "path": f"{PATH}{token}"}, a_mail())).status_code)
    free = PROGRAMS.rate.most // (PROGRAMS.miss + 1) + 1
    assert answers[:free] == [404] * free
    assert answers[free + 1 :] == [429] * (9 - free)


async def test_an_inbox_that_is_closed_or_has_another_secret_holds_up_no_other_of_the_same_gateway(
    client: Client, gateway: Client
) -> None:
    closed, wrong, right = await new_inbox(client), await new_inbox(client), await new_inbox(client)
    await client.post(f"/v1/complaint-inboxes/{closed['id']}/disable")
    for _ in range(10):
        problem(await hand_over(gateway, closed, a_mail()), 404, "not_found")
        await hand_over(gateway, {**wrong, "secret": new_secret()}, a_mail())
    problem(await hand_over(gateway, wrong, a_mail()), 429, "too_many_requests")
    assert (await hand_over(gateway, right, a_mail())).status_code == 202


async def test_whoever_guesses_signatures_is_slowed_down(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    forged = {**inbox, "secret": new_secret()}
    answers = [(await hand_over(gateway, forged, a_mail())).status_code for _ in range(10)]
    free = PER_PROOF.most // (WRONG + 1) + 1
    # One more may pass on a slow machine: what an honest gateway may do in a second is no guess less.
    assert answers[:free] == [401] * free
    assert answers[free + 1 :] == [429] * (9 - free)
    problem(await hand_over(gateway, inbox, a_mail()), 429, "too_many_requests")


async def test_a_flood_of_signed_mails_is_stopped_at_the_inbox(
    client: Client, gateway: Client, stage: Stage, events: Facts
) -> None:
    inbox = await new_inbox(client)
    first = await hand_over(gateway, inbox, a_mail(), key="msg_1")
    await stage.owner.execute(
        "UPDATE stranger_counters SET forgotten_at = now() + interval '1 hour' WHERE subject = $1",
        f"inbox:{inbox['id']}",
    )
    refused = await hand_over(gateway, inbox, a_mail())
    problem(refused, 429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await hand_over(gateway, inbox, a_mail(), key="msg_1")).json()["reference"] == first.json()["reference"]
    assert len(await events("complaint.received")) == 1


async def test_what_is_no_mail_is_refused_and_may_be_handed_over_again(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    problem(await hand_over(gateway, inbox, b"not a mail", key="m"), 422, "mail_unreadable")
    assert (await hand_over(gateway, inbox, a_mail(), key="m")).json()["repeated"] is False


async def test_a_mail_of_more_than_ten_mebibytes_is_refused(client: Client, gateway: Client) -> None:
    inbox = await new_inbox(client)
    raw = b"From: a@example.org\r\n\r\n" + b"x" * (10 * 1024 * 1024)
    problem(await hand_over(gateway, inbox, raw), 413, "too_large")


async def test_inboxes_are_kept_by_managers_alone(
    clients: Clients, workspace: Workspace, elsewhere: Workspace, manager: Client
) -> None:
    inbox = await new_inbox(manager)
    problem(await clients(workspace.anna.token).post("/v1/complaint-inboxes", json={"name": "B"}), 403, "scope_missing")
    other = clients(elsewhere.admin.token)
    problem(await other.post(f"/v1/complaint-inboxes/{inbox['id']}/rotate-secret"), 404, "not_found")
    assert (await manager.get("/v1/complaint-inboxes")).json()["data"][0]["id"] == inbox["id"]
