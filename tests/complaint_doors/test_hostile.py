"""Strangers at the public form: who guesses, floods, sends again, or sends what was made to do harm."""

import asyncio
import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from crm.complaint_doors.submitting import PER_SENDER
from crm.strangers.limits import ADDRESS, MISS
from crm.strangers.links import Purpose, new_link
from tests.complaint_doors.conftest import new_form
from tests.complaint_doors.test_forms import WORDS, complaint_of
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace, an_address


async def test_whoever_guesses_links_gets_six_guesses_and_then_has_to_wait(
    client: Client, stranger: Client, clients: Clients, workspace: Workspace
) -> None:
    form = await new_form(client)
    answers = []
    for _ in range(12):
        guess = new_link(Purpose.COMPLAINT_FORM, workspace.id).token
        answers.append(await stranger.get(f"/v1/public/complaint-forms/{guess}"))
    codes = [answer.status_code for answer in answers]
    free = ADDRESS.most // (MISS + 1) + 1
    assert codes == [404] * free + [429] * (12 - free)
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= ADDRESS.share.total_seconds() * (MISS + 1)
    # The right link does not help a guesser, and nobody else is held up.
    problem(await stranger.get(form["path"]), 429, "too_many_requests")
    assert (await clients(None, an_address()).get(form["path"])).status_code == 200


@pytest.mark.parametrize(
    ("method", "place"), [("GET", "complaint-forms"), ("POST", "complaint-forms"), ("GET", "complaints")]
)
async def test_all_that_is_no_link_is_the_same_404(
    place: str, method: str, client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    form = await new_form(client)
    token = form["path"].rpartition("/")[2]
    raw = base64.urlsafe_b64decode(token + "==")
    moved = base64.urlsafe_b64encode(raw[:1] + elsewhere.id.bytes + raw[17:]).rstrip(b"=").decode()
    nowhere = base64.urlsafe_b64encode(raw[:1] + uuid4().bytes + raw[17:]).rstrip(b"=").decode()
    wrong = [
        "x",
        token[:-1],
        token + "A",
        token[:-2] + "__",
        token.swapcase(),
        moved,
        nowhere,
        "é" * 66,
        "." * 66,
    ]
    wrong += [new_link(purpose, workspace.id).token for purpose in Purpose]
    bodies = set()
    for one in wrong:
        body: dict[str, Any] = {"json": WORDS} if method == "POST" else {}
        answer = await clients(None, an_address()).request(method, f"/v1/public/{place}/{one}", **body)
        found = problem(answer, 404, "not_found")
        bodies.add(json.dumps({name: found[name] for name in ("type", "title", "status", "code")}))
    assert len(bodies) == 1


async def test_whoever_has_a_link_that_is_over_guesses_nothing_and_is_not_held_up(
    client: Client, stranger: Client
) -> None:
    closed, other = await new_form(client), await new_form(client)
    await client.post(f"/v1/complaint-forms/{closed['id']}/disable")
    for _ in range(12):
        problem(await stranger.get(closed["path"]), 404, "not_found")
    assert (await stranger.get(other["path"])).status_code == 200


async def test_a_link_to_see_how_a_complaint_stands_opens_no_form_nor_the_other_way_round(
    client: Client, stranger: Client
) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json=WORDS)).json()
    problem(await stranger.get(f"/v1/public/complaint-forms/{receipt['status_token']}"), 404, "not_found")
    problem(await stranger.get(f"/v1/public/complaints/{form['path'].rpartition('/')[2]}"), 404, "not_found")


async def test_a_flood_from_one_address_is_stopped_and_everybody_else_still_gets_in(
    client: Client, stranger: Client, clients: Clients, events: Facts
) -> None:
    form = await new_form(client)
    answers = await asyncio.gather(*(stranger.post(form["path"], json=WORDS) for _ in range(25)))
    assert sorted(answer.status_code for answer in answers) == [201] * PER_SENDER.most + [429] * (25 - PER_SENDER.most)
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert len(await events("complaint.received")) == PER_SENDER.most
    assert (await clients(None, an_address()).post(form["path"], json=WORDS)).status_code == 201


async def test_a_flood_from_everywhere_is_stopped_at_the_form(
    client: Client, clients: Clients, stage: Stage, events: Facts
) -> None:
    form = await new_form(client)
    await clients(None, an_address()).post(form["path"], json=WORDS)
    # As if three hundred had come within this hour.
    await stage.owner.execute(
        "UPDATE stranger_counters SET forgotten_at = now() + interval '1 hour' WHERE subject = $1", f"form:{form['id']}"
    )
    refused = await clients(None, an_address()).post(form["path"], json=WORDS)
    problem(refused, 429, "too_many_requests")
    assert len(await events("complaint.received")) == 1
    other = await new_form(client)
    assert (await clients(None, an_address()).post(other["path"], json=WORDS)).status_code == 201


async def test_what_was_lost_on_the_way_can_be_sent_again_though_the_form_is_flooded(
    client: Client, clients: Clients, stage: Stage
) -> None:
    form = await new_form(client)
    body = {**WORDS, "submission_id": str(uuid4())}
    first = await clients(None, an_address()).post(form["path"], json=body)
    await stage.owner.execute(
        "UPDATE stranger_counters SET forgotten_at = now() + interval '1 hour' WHERE subject = $1", f"form:{form['id']}"
    )
    assert (await clients(None, an_address()).post(form["path"], json=body)).json() == first.json()


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE complaints; --",
    "{{7*7}} ${7*7} <%= 7*7 %> {number} %s %(x)s",
    '=HYPERLINK("http://evil.example")',
    "\u202egnp.exe\u202c \u200bhidden\u200b \ufeff",
    "a\u0300" * 500,
    "🧨" * 1000,
    "\u0001\u0002bell\u0007 \u001b[31mred\u001b[0m",
    "line\r\nBcc: everybody@example.com\r\n\r\nbody",
    "\u2028\u2029\u0085",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_whatever_is_sent_is_kept_as_the_text_it_is_or_refused_with_its_field_named(
    text: str, client: Client, stranger: Client
) -> None:
    form = await new_form(client)
    body = {"description": text, "subject": text[:200], "name": text[:200], "lot": text[:200]}
    sent = await stranger.post(form["path"], json=body)
    if sent.status_code == 422:
        assert {error["pointer"] for error in sent.json()["errors"]} <= {f"#/{name}" for name in body}
        return
    assert sent.status_code == 201, sent.text
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-content-type-options"] == "nosniff"
    whole = await complaint_of(client, sent.json()["reference"])
    kept = json.dumps(whole, ensure_ascii=False)
    assert not set(kept) & set("\u0001\u0007\u001b\u200b\u202e\u202c\ufeff\u2028\u2029\u0085")
    assert "\n" not in whole["subject"]
    if "<script>" in text:
        assert "<script>alert(1)</script>" in whole["description"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": ""}, "description"),
        ({"description": " \u200b\u202e "}, "description"),
        ({"description": "x" * 5001}, "description"),
        ({"description": None}, "description"),
        ({"description": ["x"]}, "description"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "x" * 300 + "@example.org"}, "email"),
        ({"phone": "call my wife"}, "phone"),
        ({"category": "murder"}, "category"),
        ({"remedy_sought": "blood"}, "remedy_sought"),
        ({"name": "x" * 201}, "name"),
        ({"submission_id": "1"}, "submission_id"),
        ({"severity": "critical"}, "severity"),
        ({"customer_id": str(uuid4())}, "customer_id"),
        ({"assignee_id": str(uuid4())}, "assignee_id"),
        ({"received_at": "2020-01-01T00:00:00Z"}, "received_at"),
        ({"channel": "phone"}, "channel"),
        ({"description": "a\u0000b"}, "description"),
    ],
    ids=lambda value: None,
)
async def test_what_is_not_acceptable_is_refused_with_its_field_and_leaves_nothing(
    change: dict[str, Any], field: str, client: Client, stranger: Client, events: Facts
) -> None:
    form = await new_form(client)
    refused = await stranger.post(form["path"], json={**WORDS, **change})
    assert refused.status_code in {400, 422}
    if refused.status_code == 422:
        assert field in refused.json()["errors"][0]["pointer"]
    assert await events("complaint.received") == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", {400, 422}),
        (b"", "application/json", {400, 422}),
        (b"[]", "application/json", {422}),
        (b'{"description": "\xff"}', "application/json", {400}),
        (b'{"description": "\\ud800"}', "application/json", {422}),
        (b'{"description": ' + b"[" * 5000 + b"]" * 5000 + b"}", "application/json", {400}),
        (b'{"description": "' + b"x" * 1_100_000 + b'"}', "application/json", {413}),
        (b"description=x", "application/x-www-form-urlencoded", {415}),
        (b"<description/>", "text/xml", {415}),
    ],
    ids=["cut", "empty", "list", "not utf-8", "surrogate", "deep", "large", "form", "xml"],
)
async def test_bodies_that_are_none_are_refused(
    content: bytes, kind: str, status: set[int], client: Client, stranger: Client, events: Facts
) -> None:
    form = await new_form(client)
    answer = await stranger.post(form["path"], content=content, headers={"Content-Type": kind})
    assert answer.status_code in status, answer.text
    assert await events("complaint.received") == []


async def test_a_stranger_learns_nothing_of_what_is_said_inside(
    client: Client, clients: Clients, stranger: Client, workspace: Workspace, stage: Stage
) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json={**WORDS, "name": "Wang Fang"})).json()
    whole = await complaint_of(client, receipt["reference"])
    seen = {}
    for state in (
        "acknowledged", "assessing", "investigating", "solution_proposed", "approved", "communicated", "implementing",
        "resolved", "rejected",
    ):  # fmt: skip
        await stage.owner.execute("UPDATE complaints SET state = $2 WHERE id = $1", whole["id"], state)
        status = (await clients(None, an_address()).get(receipt["status_url"])).json()
        assert set(status) == {"reference", "received_at", "state", "title", "message", "language"}
        seen[state] = status["state"]
    # Nobody outside can tell that something was proposed, approved, or is about to be rejected.
    assert {seen[state] for state in ("assessing", "investigating", "solution_proposed", "approved", "rejected")} == {
        "in_progress"
    }
    assert (seen["communicated"], seen["implementing"], seen["resolved"]) == ("answered", "being_put_right", "resolved")


async def test_ninety_days_after_its_end_the_link_leads_nowhere(
    client: Client, stranger: Client, stage: Stage, workspace: Workspace
) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json=WORDS)).json()
    over = "UPDATE complaints SET state = 'withdrawn', updated_at = now() - make_interval(days => $2) WHERE number = $1"
    await stage.owner.execute(f"{over} AND workspace_id = $3", receipt["reference"], 89, workspace.id)
    assert (await stranger.get(receipt["status_url"])).json()["state"] == "closed"
    await stage.owner.execute(f"{over} AND workspace_id = $3", receipt["reference"], 91, workspace.id)
    problem(await stranger.get(receipt["status_url"]), 404, "not_found")


async def test_the_status_link_is_kept_as_a_hash_alone(client: Client, stranger: Client, stage: Stage) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json=WORDS)).json()
    raw = base64.urlsafe_b64decode(receipt["status_token"] + "==")
    rows = await stage.owner.fetch(
        "SELECT to_jsonb(a)::text AS text FROM complaint_arrivals a WHERE form_id = $1", form["id"]
    )
    assert len(rows) == 1
    assert receipt["status_token"] not in rows[0]["text"]
    assert raw[17:].hex() not in rows[0]["text"]
