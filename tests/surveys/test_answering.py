"""Handing a link over, and what whoever has it may do: once, in time, and nothing else."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.complaint_reports.complaining import put
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


@pytest.fixture
def service(clients: Clients, workspace: Workspace) -> Client:
    """Who handles complaints."""
    return clients(workspace.service.token)


@pytest.fixture
def stranger(clients: Clients) -> Client:
    """Whoever has the link, at an address of their own."""
    return clients(None, f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")


async def person(client: Client, **more: Any) -> tuple[UUID, UUID]:
    """A customer, and somebody there."""
    customer = (await client.post("/v1/customers", json={"name": f"Marked {uuid4().hex}"})).json()["id"]
    made = await client.post("/v1/contacts", json={"customer_id": customer, "name": "Li Lei", **more})
    assert made.status_code == 201, made.text
    return UUID(customer), UUID(made.json()["id"])


async def closed(workspace: Workspace, who: tuple[UUID, UUID] | None = None, **more: Any) -> UUID:
    """A complaint that is over."""
    customer_id, contact_id = who or (None, None)
    return await put(workspace, state="closed", customer_id=customer_id, contact_id=contact_id, **more)


async def link(service: Client, complaint_id: UUID) -> str:
    """The token of the link that is handed over."""
    response = await service.post(f"/v1/complaints/{complaint_id}/survey")
    assert response.status_code == 200, response.text
    url: str = response.json()["url"]
    assert url.startswith("http://test/v1/public/surveys/")
    return url.removeprefix("http://test/v1/public/surveys/").removesuffix("/page")


def at(token: str) -> str:
    """Where the link leads."""
    return f"/v1/public/surveys/{token}"


# Handing it over.


async def test_whoever_handles_it_hands_the_link_over_and_it_stays_the_same(
    service: Client, workspace: Workspace, events: Facts
) -> None:
    complaint = await closed(workspace)
    first = await service.post(f"/v1/complaints/{complaint}/survey")
    assert first.headers["cache-control"] == "no-store"
    said = first.json()
    assert (said["state"], said["via"], said["is_open"], said["complaint_id"]) == ("sent", "hand", True, str(complaint))
    again = (await service.post(f"/v1/complaints/{complaint}/survey")).json()
    assert again == said
    assert await events.types() == ["survey.planned", "survey.sent"]
    listed = (await service.get("/v1/surveys", params={"complaint_id": str(complaint)})).json()["data"]
    assert [one["id"] for one in listed] == [said["id"]]
    assert "url" not in listed[0]
    assert (await service.get(f"/v1/surveys/{said['id']}")).json() == listed[0]


async def test_a_kept_answer_does_not_keep_the_link(service: Client, workspace: Workspace, stage: Stage) -> None:
    complaint = await closed(workspace)
    key = {"Idempotency-Key": "once"}
    first = await service.post(f"/v1/complaints/{complaint}/survey", headers=key)
    second = await service.post(f"/v1/complaints/{complaint}/survey", headers=key)
    assert first.json()["url"] is not None
    assert second.json() == {**first.json(), "url": None}


@pytest.mark.parametrize("state", ["received", "resolved", "investigating"])
async def test_nobody_is_asked_before_it_is_over(service: Client, workspace: Workspace, state: str) -> None:
    complaint = await put(workspace, state=state)
    problem(await service.post(f"/v1/complaints/{complaint}/survey"), 409, "complaint_not_closed")


async def test_a_complaint_one_does_not_see_has_no_survey(clients: Clients, workspace: Workspace) -> None:
    complaint = await closed(workspace)
    ben = clients(workspace.ben.token)
    problem(await ben.post(f"/v1/complaints/{complaint}/survey"), 404, "not_found")
    await link(clients(workspace.service.token), complaint)
    assert (await ben.get("/v1/surveys")).json()["data"] == []


async def test_whoever_does_not_want_to_be_contacted_is_not_asked_by_hand_either(
    client: Client, service: Client, workspace: Workspace
) -> None:
    unwanted = await person(client, do_not_contact=True)
    refused = await service.post(f"/v1/complaints/{await closed(workspace, unwanted)}/survey")
    assert problem(refused, 409, "survey_unwanted")["because"] == "do_not_contact"
    withdrew = await person(client)
    said = {"purpose": "surveys", "status": "withdrawn", "channel": "call"}
    assert (await client.post(f"/v1/contacts/{withdrew[1]}/consents", json=said)).status_code == 201
    refused = await service.post(f"/v1/complaints/{await closed(workspace, withdrew)}/survey")
    assert problem(refused, 409, "survey_unwanted")["because"] == "withdrawn"
    # Whoever never said anything is asked by the person who hands it over.
    await link(service, await closed(workspace, await person(client)))


async def test_a_person_is_asked_once_in_the_period_by_hand_too(
    client: Client, service: Client, workspace: Workspace, stage: Stage
) -> None:
    who = await person(client)
    await link(service, await closed(workspace, who))
    second = await closed(workspace, who)
    problem(await service.post(f"/v1/complaints/{second}/survey"), 409, "asked_lately")
    await stage.owner.execute(
        "UPDATE surveys SET asked_at = asked_at - interval '30 days' WHERE workspace_id = $1", workspace.id
    )
    await link(service, second)


async def test_of_several_links_for_one_person_at_the_same_moment_one_is_given(
    client: Client, service: Client, workspace: Workspace
) -> None:
    who = await person(client)
    complaints = [await closed(workspace, who) for _ in range(4)]
    answers = await asyncio.gather(*(service.post(f"/v1/complaints/{one}/survey") for one in complaints))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_an_expired_link_is_renewed_by_asking_again(
    service: Client, stranger: Client, workspace: Workspace, stage: Stage
) -> None:
    complaint = await closed(workspace)
    token = await link(service, complaint)
    await stage.owner.execute("UPDATE surveys SET expires_at = now() WHERE complaint_id = $1", complaint)
    problem(await stranger.post(at(token), json={"csat": 5}), 409, "survey_over")
    assert (await stranger.get(at(token))).json()["state"] == "over"
    assert await link(service, complaint) == token
    assert (await stranger.post(at(token), json={"csat": 5})).status_code == 204


# Answering.


async def test_whoever_has_the_link_sees_whose_complaint_it_was_and_nothing_more(
    client: Client, service: Client, stranger: Client, workspace: Workspace
) -> None:
    who = await person(client)
    complaint = await closed(workspace, who, description="A secret", root_cause="Ours", solution="Hush")
    seen = await stranger.get(at(await link(service, complaint)))
    assert seen.status_code == 200, seen.text
    found = seen.json()
    assert (found["company"], found["received_on"], found["state"]) == ("Test", "2026-03-10", "open")
    assert [(one["name"], one["least"], one["most"], one["required"]) for one in found["questions"]] == [
        ("csat", 1, 5, True), ("nps", 0, 10, False), ("comment", None, None, False),
    ]  # fmt: skip
    ids = [str(complaint), *map(str, who), str(workspace.id)]
    assert not any(each in seen.text for each in (*ids, "secret", "Marked", "Li Lei", "Ours", "Hush"))


async def test_the_answer_lands_on_the_complaint(
    client: Client, service: Client, stranger: Client, workspace: Workspace, events: Facts
) -> None:
    who = await person(client)
    complaint = await closed(workspace, who)
    token = await link(service, complaint)
    said = {"csat": 4, "nps": 9, "comment": " <b>Thanks</b> \n谢谢 "}
    answered = await stranger.post(at(token), json=said)
    assert (answered.status_code, answered.content) == (204, b"")
    (survey,) = (await service.get("/v1/surveys", params={"state": "answered"})).json()["data"]
    assert (survey["csat"], survey["nps"], survey["comment"]) == (4, 9, "<b>Thanks</b> \n谢谢")
    assert survey["is_open"] is False
    assert (await service.get(f"/v1/complaints/{complaint}")).json()["satisfaction"] == 4
    (rated,) = await events("complaint.rated")
    assert rated["changes"] == {"satisfaction": [None, 4]}
    (fact,) = await events("survey.answered")
    assert (fact["actor_kind"], fact["customer_id"]) == ("system", who[0])


async def test_a_link_takes_one_answer(service: Client, stranger: Client, workspace: Workspace, events: Facts) -> None:
    complaint = await closed(workspace)
    token = await link(service, complaint)
    assert (await stranger.post(at(token), json={"csat": 1})).status_code == 204
    for said in ({"csat": 1}, {"csat": 5, "nps": 10}):
        problem(await stranger.post(at(token), json=said), 409, "survey_answered")
    assert (await stranger.get(at(token))).json()["state"] == "answered"
    problem(await service.post(f"/v1/complaints/{complaint}/survey"), 409, "survey_answered")
    assert (await service.get(f"/v1/complaints/{complaint}")).json()["satisfaction"] == 1
    assert len(await events("survey.answered")) == len(await events("complaint.rated")) == 1


async def test_of_many_answers_at_the_same_moment_one_counts(
    service: Client, stranger: Client, workspace: Workspace, events: Facts
) -> None:
    complaint = await closed(workspace)
    token = await link(service, complaint)
    answers = await asyncio.gather(*(stranger.post(at(token), json={"csat": 1 + n % 5}) for n in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 9
    (fact,) = await events("survey.answered")
    satisfaction = (await service.get(f"/v1/complaints/{complaint}")).json()["satisfaction"]
    assert fact["payload"]["csat"] == satisfaction


async def test_after_it_was_opened_again_the_answer_is_not_taken(
    service: Client, stranger: Client, workspace: Workspace
) -> None:
    complaint = await closed(workspace)
    token = await link(service, complaint)
    reopened = await service.post(f"/v1/complaints/{complaint}/reopen", json={"reason": "It leaks again."})
    assert reopened.status_code == 409, "closed in March: too late to open it again"
    await workspace.owner.execute(
        "UPDATE complaints SET state = 'investigating', reopened_count = 1, closed_at = NULL WHERE id = $1", complaint
    )
    problem(await stranger.post(at(token), json={"csat": 5}), 409, "survey_over")


@pytest.mark.parametrize(
    "said",
    [
        {}, {"csat": 0}, {"csat": 6}, {"csat": "5"}, {"csat": 4.5}, {"csat": True}, {"csat": None}, {"nps": 5},
        {"csat": 5, "nps": -1}, {"csat": 5, "nps": 11}, {"csat": 5, "comment": "x" * 2001}, {"csat": 5, "comment": 5},
        {"csat": 5, "state": "answered"}, {"csat": 5, "complaint_id": "x"}, [], "5", {"csat": 10**400},
        {"csat": 5, "comment": "nul \0 byte"},
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_refused_and_takes_nothing(
    service: Client, stranger: Client, workspace: Workspace, said: Any
) -> None:
    token = await link(service, await closed(workspace))
    refused = await stranger.post(at(token), json=said)
    assert refused.status_code in {400, 422}, refused.text
    assert (await stranger.get(at(token))).json()["state"] == "open"


async def test_half_a_letter_is_refused(service: Client, stranger: Client, workspace: Workspace) -> None:
    token = await link(service, await closed(workspace))
    body = b'{"csat": 5, "comment": "\\ud800"}'
    refused = await stranger.post(at(token), content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code in {400, 422}, refused.text


async def test_a_flood_of_words_is_refused_before_it_is_read(
    service: Client, stranger: Client, workspace: Workspace
) -> None:
    token = await link(service, await closed(workspace))
    refused = await stranger.post(at(token), json={"csat": 5, "comment": "x" * 2_000_000})
    assert refused.status_code == 413
    assert (await stranger.get(at(token))).json()["state"] == "open"


async def test_words_are_kept_as_they_are_and_never_run(
    service: Client, stranger: Client, workspace: Workspace
) -> None:
    hostile = "<script>alert(1)</script>'; DROP TABLE surveys; -- {0} %s \u202e\U0001f4a9"
    token = await link(service, await closed(workspace))
    assert (await stranger.post(at(token), json={"csat": 5, "comment": hostile})).status_code == 204
    assert (await service.get("/v1/surveys")).json()["data"][0]["comment"] == hostile
    shown = await stranger.get(f"{at(token)}/page")
    assert "script" not in shown.text


# Guessing and flooding.


async def test_a_link_that_was_changed_is_none(service: Client, workspace: Workspace, clients: Clients) -> None:
    token = await link(service, await closed(workspace))
    raw = bytearray(urlsafe_b64decode(token + "=="))
    for place in (0, 1, 16, 17, 48):
        changed = bytes(byte ^ 1 if n == place else byte for n, byte in enumerate(raw))
        forged = urlsafe_b64encode(changed).rstrip(b"=").decode()
        stranger = clients(None, f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")
        problem(await stranger.get(at(forged)), 404, "not_found")
        problem(await stranger.post(at(forged), json={"csat": 5}), 404, "not_found")


async def test_a_link_of_one_workspace_opens_nothing_in_another(
    service: Client, stranger: Client, workspace: Workspace, elsewhere: Workspace
) -> None:
    token = await link(service, await closed(workspace))
    raw = urlsafe_b64decode(token + "==")
    moved = urlsafe_b64encode(raw[:1] + elsewhere.id.bytes + raw[17:]).rstrip(b"=").decode()
    problem(await stranger.get(at(moved)), 404, "not_found")


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet="ABCdef012-_", min_size=1, max_size=66))
async def test_nonsense_is_not_found(clients: Clients, text: str) -> None:
    stranger = clients(None, f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")
    problem(await stranger.get(at(text)), 404, "not_found")


async def test_whoever_guesses_is_slowed_down_and_the_right_link_works_elsewhere(
    service: Client, stranger: Client, workspace: Workspace, clients: Clients
) -> None:
    token = await link(service, await closed(workspace))
    statuses = []
    for _ in range(12):
        guess = urlsafe_b64encode(b"\x14" + workspace.id.bytes + uuid4().bytes + uuid4().bytes).rstrip(b"=").decode()
        statuses.append((await stranger.post(at(guess), json={"csat": 1})).status_code)
    assert statuses[:5] == [404] * 5
    assert statuses[-1] == 429
    slowed = await stranger.get(at(token))
    assert problem(slowed, 429, "too_many_requests")
    assert int(slowed.headers["retry-after"]) >= 1
    other = clients(None, f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")
    assert (await other.get(at(token))).status_code == 200


async def test_a_flood_on_a_right_link_ends_at_the_door(
    service: Client, stranger: Client, workspace: Workspace
) -> None:
    token = await link(service, await closed(workspace))
    statuses = {(await stranger.get(at(token))).status_code for _ in range(130)}
    assert statuses == {200, 429}


# The page.


async def test_the_page_has_a_form_in_the_language_of_whoever_reads_it(
    service: Client, stranger: Client, workspace: Workspace
) -> None:
    token = await link(service, await closed(workspace))
    english = await stranger.get(f"{at(token)}/page")
    assert english.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in english.headers["content-security-policy"]
    assert english.headers["cache-control"] == "no-store"
    assert english.headers["referrer-policy"] == "no-referrer"
    assert "How content are you" in english.text
    assert english.text.count('name="csat"') == 5
    assert english.text.count('name="nps"') == 11
    assert "script" not in english.text
    chinese = await stranger.get(f"{at(token)}/page", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert 'lang="zh-CN"' in chinese.text
    assert "您对本次投诉处理是否满意" in chinese.text


async def test_what_the_page_sends_counts_once(service: Client, stranger: Client, workspace: Workspace) -> None:
    token = await link(service, await closed(workspace))
    thanks = await stranger.post(f"{at(token)}/page", data={"csat": "5", "comment": "Good\r\nwork"})
    assert thanks.status_code == 200, thanks.text
    assert "Your answer has arrived" in thanks.text
    again = await stranger.post(f"{at(token)}/page", data={"csat": "1"})
    assert "answered already" in again.text
    assert "<form" not in (await stranger.get(f"{at(token)}/page")).text
    (survey,) = (await service.get("/v1/surveys")).json()["data"]
    assert (survey["csat"], survey["nps"], survey["comment"]) == (5, None, "Good\r\nwork")


async def test_a_form_without_a_mark_is_refused(service: Client, stranger: Client, workspace: Workspace) -> None:
    token = await link(service, await closed(workspace))
    for sent in ({"comment": "x"}, {"csat": "9"}, {"csat": "5", "nps": "11"}, {"csat": "5", "more": "x"}):
        assert (await stranger.post(f"{at(token)}/page", data=sent)).status_code == 422
    assert (await stranger.get(at(token))).json()["state"] == "open"


async def test_a_company_with_a_hostile_name_cannot_break_the_page(
    service: Client, stranger: Client, workspace: Workspace
) -> None:
    await workspace.owner.execute(
        "UPDATE workspaces SET name = '<img src=x onerror=alert(1)>{body}' WHERE workspace_id = $1", workspace.id
    )
    token = await link(service, await closed(workspace))
    shown = (await stranger.get(f"{at(token)}/page")).text
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;{body}" in shown
