"""The public form: kept by managers, open to whoever has its link, and to nobody else."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.complaint_doors.conftest import new_form
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace, an_address

WORDS = {"description": "The pump failed for the third time."}


async def complaint_of(client: Client, reference: str) -> dict[str, Any]:
    """The whole complaint with this number, as the client sees it."""
    found = (await client.get("/v1/complaints", params={"q": reference})).json()["data"]
    assert len(found) == 1
    whole: dict[str, Any] = (await client.get(f"/v1/complaints/{found[0]['id']}")).json()
    return whole


async def test_what_is_sent_through_the_form_is_a_complaint_with_a_number_and_a_link_to_see_how_it_stands(
    client: Client, stranger: Client, workspace: Workspace, events: Facts
) -> None:
    form = await new_form(client, team_id=str(workspace.north))
    sent = await stranger.post(
        form["path"],
        json={
            **WORDS,
            "name": "Wang Fang",
            "phone": "138 0013 8000",
            "email": "wang@example.org",
            "category": "quality",
            "remedy_sought": "replace",
            "lot": "SN-77",
        },
    )
    assert sent.status_code == 201
    receipt = sent.json()
    assert sent.headers["cache-control"] == "no-store"
    assert receipt["reference"] in receipt["message"]
    whole = await complaint_of(client, receipt["reference"])
    assert whole["channel"] == "web_form"
    assert whole["state"] == "received"
    assert (whole["category"], whole["severity"], whole["remedy_sought"]) == ("quality", "medium", "replace")
    assert (whole["customer_id"], whole["team_id"], whole["lot"]) == (None, str(workspace.north), "SN-77")
    assert whole["complainer"] == {"name": "Wang Fang", "phone": "+8613800138000", "email": "wang@example.org"}
    fact = (await events("complaint.received"))[0]
    assert fact["actor_kind"] == "system"
    assert "Wang" not in str(fact["payload"])
    status = (await stranger.get(receipt["status_url"])).json()
    assert status["reference"] == receipt["reference"]
    assert (status["state"], status["title"]) == ("received", "Received")


async def test_contact_data_is_optional_and_the_subject_is_the_beginning_of_the_words(
    client: Client, stranger: Client
) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json=WORDS)).json()
    whole = await complaint_of(client, receipt["reference"])
    assert whole["subject"] == WORDS["description"]
    assert whole["complainer"] is None


async def test_the_form_speaks_english_or_chinese_as_the_browser_asks(client: Client, stranger: Client) -> None:
    form = await new_form(client, greeting="Tell us.", greeting_zh="请告诉我们。")
    english = (await stranger.get(form["path"])).json()
    chinese = (await stranger.get(form["path"], headers={"Accept-Language": "zh-CN,zh;q=0.9"})).json()
    assert (english["greeting"], english["language"]) == ("Tell us.", "en")
    assert (chinese["greeting"], chinese["language"]) == ("请告诉我们。", "zh-CN")
    assert {one["code"] for one in english["categories"]} >= {"quality", "service", "other"}
    assert {"code": "refund", "label": "退款"} in chinese["remedies"]
    sent = await stranger.post(form["path"], json=WORDS, headers={"Accept-Language": "zh-CN"})
    assert "编号" in sent.json()["message"]
    status = await stranger.get(sent.json()["status_url"], headers={"Accept-Language": "zh-CN"})
    assert status.json()["title"] == "已收到"


async def test_a_form_without_a_greeting_has_one_of_ours(client: Client, stranger: Client) -> None:
    form = await new_form(client)
    assert "sorry" in (await stranger.get(form["path"])).json()["greeting"]
    assert "抱歉" in (await stranger.get(form["path"], headers={"Accept-Language": "zh"})).json()["greeting"]


async def test_the_same_submission_sent_again_gives_the_same_answer_and_no_second_complaint(
    client: Client, stranger: Client, events: Facts
) -> None:
    form = await new_form(client)
    body = {**WORDS, "submission_id": str(uuid4())}
    first = await stranger.post(form["path"], json=body)
    again = await stranger.post(form["path"], json=body)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert len(await events("complaint.received")) == 1
    other = await stranger.post(form["path"], json={**body, "description": "Something else."})
    problem(other, 422, "submission_reused")


async def test_of_the_same_submission_sent_many_times_at_once_one_makes_a_complaint(
    client: Client, clients: Clients, events: Facts
) -> None:
    form = await new_form(client)
    body = {**WORDS, "submission_id": str(uuid4())}
    senders = [clients(None, an_address()) for _ in range(6)]
    answers = await asyncio.gather(*(one.post(form["path"], json=body) for one in senders))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(await events("complaint.received")) == 1


async def test_two_forms_may_be_sent_the_same_submission_id(client: Client, stranger: Client, events: Facts) -> None:
    body = {**WORDS, "submission_id": str(uuid4())}
    for form in (await new_form(client), await new_form(client)):
        assert (await stranger.post(form["path"], json=body)).status_code == 201
    assert len(await events("complaint.received")) == 2


async def test_a_program_that_fills_in_the_hidden_field_is_marked_and_nothing_is_lost(
    client: Client, stranger: Client
) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json={**WORDS, "website": "https://spam.example"})).json()
    assert (await complaint_of(client, receipt["reference"]))["tags"] == ["suspected_spam"]


async def test_a_new_link_ends_the_one_before_at_once_and_a_disabled_form_is_not_there(
    client: Client, stranger: Client, events: Facts
) -> None:
    form = await new_form(client)
    receipt = (await stranger.post(form["path"], json=WORDS)).json()
    rotated = await client.post(f"/v1/complaint-forms/{form['id']}/rotate")
    path = rotated.json()["url"].removeprefix("http://test")
    problem(await stranger.get(form["path"]), 404, "not_found")
    problem(await stranger.post(form["path"], json=WORDS), 404, "not_found")
    assert (await stranger.get(path)).status_code == 200
    disabled = await client.post(f"/v1/complaint-forms/{form['id']}/disable")
    assert disabled.json()["state"] == "disabled"
    problem(await stranger.get(path), 404, "not_found")
    assert (await stranger.get(receipt["status_url"])).status_code == 200
    await client.post(f"/v1/complaint-forms/{form['id']}/enable")
    assert (await stranger.get(path)).status_code == 200
    told = [fact for fact in await events.types() if fact.startswith("complaint_form.")]
    assert told == [f"complaint_form.{what}" for what in ("created", "link_rotated", "disabled", "enabled")]


async def test_the_link_is_shown_once_and_only_its_hash_is_kept(client: Client, stage: Stage, events: Facts) -> None:
    form = await new_form(client)
    token = form["path"].rpartition("/")[2]
    assert "url" not in (await client.get(f"/v1/complaint-forms/{form['id']}")).json()
    row = await stage.owner.fetchrow(
        "SELECT to_jsonb(f)::text AS text FROM complaint_forms f WHERE id = $1", form["id"]
    )
    assert row is not None
    assert token not in row["text"]
    assert token not in str([dict(fact) for fact in await events()])


async def test_a_repeated_request_to_make_a_form_does_not_show_its_link_again(client: Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    made = [await client.post("/v1/complaint-forms", json={"name": "A"}, headers=headers) for _ in range(2)]
    assert made[0].json()["url"]
    assert made[1].json() == {**made[0].json(), "url": None, "page_url": None}


async def test_forms_are_kept_by_managers_and_seen_by_auditors(
    clients: Clients, workspace: Workspace, manager: Client
) -> None:
    form = await new_form(manager)
    for person in (workspace.anna, workspace.service):
        problem(await clients(person.token).post("/v1/complaint-forms", json={"name": "B"}), 403, "scope_missing")
    auditor = clients(workspace.auditor.token)
    assert (await auditor.get("/v1/complaint-forms")).json()["data"][0]["id"] == form["id"]
    problem(await auditor.post(f"/v1/complaint-forms/{form['id']}/rotate"), 403, "scope_missing")


async def test_a_form_of_another_workspace_is_not_there(client: Client, clients: Clients, elsewhere: Workspace) -> None:
    form = await new_form(client)
    other = clients(elsewhere.admin.token)
    problem(await other.get(f"/v1/complaint-forms/{form['id']}"), 404, "not_found")
    problem(await other.post(f"/v1/complaint-forms/{form['id']}/rotate"), 404, "not_found")
    assert (await other.get("/v1/complaint-forms")).json()["data"] == []


async def test_there_are_at_most_twenty_open_forms(client: Client) -> None:
    forms = [await new_form(client) for _ in range(20)]
    problem(await client.post("/v1/complaint-forms", json={"name": "One more"}), 409, "too_many_doors")
    await client.post(f"/v1/complaint-forms/{forms[0]['id']}/disable")
    await new_form(client)
    problem(await client.post(f"/v1/complaint-forms/{forms[0]['id']}/enable"), 409, "too_many_doors")


async def test_a_form_can_be_changed_and_its_team_must_be_there(client: Client, workspace: Workspace) -> None:
    form = await new_form(client, greeting="Hello")
    path = f"/v1/complaint-forms/{form['id']}"
    changed = await client.patch(path, json={"greeting": None, "team_id": str(workspace.south)})
    assert (changed.json()["greeting"], changed.json()["team_id"]) == (None, str(workspace.south))
    wrong = problem(await client.patch(path, json={"team_id": str(uuid4())}), 422, "unprocessable")
    assert wrong["errors"][0]["pointer"] == "#/team_id"
    problem(await client.patch(path, json={"name": "X"}, headers={"If-Match": '"1"'}), 412, "stale")


async def test_one_statement_reads_a_list_of_forms(client: Client, queries: list[str]) -> None:
    await new_form(client)
    await new_form(client)
    await client.get("/v1/complaint-forms")
    queries.clear()
    assert len((await client.get("/v1/complaint-forms")).json()["data"]) == 2
    assert len(queries) == 1
