"""Advice at hand, through the front door: as shipped, as the workspace says it, and for one complaint."""

from typing import Any
from uuid import uuid4

import pytest

from crm.advice.at_hand import usual
from crm.advice.defaults import DEFAULTS
from crm.complaints.rules import ASKED_FOR, STEPS
from tests.complaint_reports.complaining import put
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace

OWN = {
    "checklist": [{"text": "Ask Sue.", "text_zh": "请教苏。"}, {"text": "<b>Smile</b>", "text_zh": "微笑"}],
    "avoid": [{"text": "Hm.", "text_zh": "嗯。"}],
}


async def advice(client: Client, step: str = "receive") -> dict[str, Any]:
    """The advice for a step."""
    response = await client.get(f"/v1/complaint-advice/{step}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_new_workspace_has_advice_for_every_step(client: Client) -> None:
    found = (await client.get("/v1/complaint-advice")).json()["data"]
    assert [one["step"] for one in found][:3] == ["receive", "acknowledge", "identify"]
    assert {one["step"] for one in found} == DEFAULTS.keys()
    assert all(one["is_default"] and one["version"] == 0 and one["updated_at"] is None for one in found)
    assert found[0]["checklist"][0]["text_zh"] == "让客户把话说完，不打断，并表示您在倾听。"


async def test_a_workspace_says_it_in_its_own_words_and_goes_back(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    said = await client.put("/v1/complaint-advice/receive", json=OWN)
    assert said.status_code == 200, said.text
    service = clients(workspace.service.token)
    found = await advice(service)
    assert {name: found[name] for name in OWN} == OWN
    assert (found["is_default"], found["version"], found["title"]) == (False, 1, "Take the complaint")
    assert (await advice(service, "close"))["is_default"]
    back = await client.delete("/v1/complaint-advice/receive")
    assert back.status_code == 200, back.text
    assert back.json()["checklist"] == (await advice(service))["checklist"]
    assert (await advice(service))["is_default"]
    assert len((await advice(service))["checklist"]) == len(DEFAULTS["receive"].checklist)
    again = await client.put("/v1/complaint-advice/receive", json=OWN)
    assert (again.json()["version"], again.json()["is_default"]) == (3, False)
    recorded = [type_ for type_ in await events.types() if type_.startswith("complaint_advice")]
    assert recorded == ["complaint_advice.changed", "complaint_advice.reset", "complaint_advice.changed"]


async def test_saying_the_same_twice_or_resetting_what_is_default_changes_nothing(
    client: Client, events: Facts
) -> None:
    assert (await client.delete("/v1/complaint-advice/close")).json()["version"] == 0
    first = await client.put("/v1/complaint-advice/close", json=OWN)
    second = await client.put("/v1/complaint-advice/close", json=OWN)
    assert first.json() == second.json()
    await client.delete("/v1/complaint-advice/close")
    await client.delete("/v1/complaint-advice/close")
    assert len(await events("complaint_advice.changed")) == len(await events("complaint_advice.reset")) == 1


async def test_of_two_who_edit_at_once_the_later_hears_that_their_copy_is_stale(client: Client) -> None:
    await client.put("/v1/complaint-advice/close", json=OWN)
    other = {**OWN, "avoid": []}
    assert (await client.put("/v1/complaint-advice/close", json=other, headers={"If-Match": '"1"'})).status_code == 200
    stale = await client.put("/v1/complaint-advice/close", json=OWN, headers={"If-Match": '"1"'})
    assert problem(stale, 412, "stale")["current_version"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"checklist": []},
        {"checklist": [{"text": "x"}]},
        {"checklist": [{"text": "x", "text_zh": " "}]},
        {"checklist": [{"text": "x" * 501, "text_zh": "x"}]},
        {"checklist": [{"text": "x", "text_zh": "x"}] * 21},
        {"checklist": [{"text": "x", "text_zh": "x"}], "is_default": True},
    ],
    ids=["empty", "one language", "blank", "too long", "too many", "what is not theirs to say"],
)
async def test_what_is_no_advice_is_refused(client: Client, body: dict[str, Any]) -> None:
    problem(await client.put("/v1/complaint-advice/close", json=body), 422, "unprocessable")
    assert (await advice(client, "close"))["version"] == 0


async def test_there_is_no_advice_for_what_is_no_step(client: Client) -> None:
    assert (await client.get("/v1/complaint-advice/dance")).status_code == 422


async def test_words_in_the_advice_stay_words(client: Client) -> None:
    await client.put("/v1/complaint-advice/close", json=OWN)
    assert (await advice(client, "close"))["checklist"][1]["text"] == "<b>Smile</b>"


async def test_advice_of_one_workspace_is_not_that_of_another(
    client: Client, clients: Clients, elsewhere: Workspace
) -> None:
    await client.put("/v1/complaint-advice/close", json=OWN)
    assert (await advice(clients(elsewhere.admin.token), "close"))["is_default"]


async def test_only_administrators_edit_it(clients: Clients, workspace: Workspace) -> None:
    for person in (workspace.anna, workspace.service, workspace.manager, workspace.auditor):
        client = clients(person.token)
        problem(await client.put("/v1/complaint-advice/close", json=OWN), 403, "scope_missing")
        problem(await client.delete("/v1/complaint-advice/close"), 403, "scope_missing")


async def test_a_complaint_has_the_advice_for_what_can_be_done_with_it(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    await client.put("/v1/complaint-advice/acknowledge", json=OWN)
    complaint = await put(workspace, remedy_sought="refund")
    queries.clear()
    found = (await client.get(f"/v1/complaints/{complaint}/advice")).json()
    assert len(queries) == 1
    assert (found["state"], found["remedy_sought"]) == ("received", "refund")
    assert found["data"][0]["step"] == "acknowledge"
    assert found["data"][0]["checklist"] == OWN["checklist"]
    assert {one["step"] for one in found["data"]} == {
        step for state, step in STEPS if state == "received" and step in ASKED_FOR and step != "identify"
    }


async def test_advice_for_a_complaint_that_one_does_not_see_is_not_there(
    clients: Clients, workspace: Workspace
) -> None:
    complaint = await put(workspace)
    for asked in (complaint, uuid4()):
        problem(await clients(workspace.ben.token).get(f"/v1/complaints/{asked}/advice"), 404, "not_found")


@pytest.mark.parametrize(
    ("state", "first"),
    [
        ("received", "acknowledge"), ("acknowledged", "assess"), ("assessing", "investigate"),
        ("investigating", "propose"), ("waiting_customer", "resume"), ("solution_proposed", "approve"),
        ("approved", "communicate"), ("communicated", "accept"), ("implementing", "resolve"), ("resolved", "close"),
        ("closed", "reopen"),
    ],
)  # fmt: skip
def test_the_usual_step_comes_first(state: Any, first: str) -> None:
    assert usual(state)[0] == first


def test_what_is_over_for_good_needs_no_advice() -> None:
    assert usual("withdrawn") == []
