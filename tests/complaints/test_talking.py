"""Whoever tells a customer the decision on a complaint is in touch with them."""

from typing import Any, get_args

import pytest

from crm.complaints.talking import AS_IT_CAME
from crm.complaints.vocabulary import Channel
from crm.interactions.vocabulary import LoggedChannel
from tests.complaints.steps import Path, from_nobody, go, receive
from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create, customer_of
from tests.factories import Workspace
from tests.timeline.test_timeline import timeline


async def talks(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = await client.get("/v1/interactions", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def told_types(client: Client, customer_id: str) -> list[str]:
    entries = (await timeline(client, customer_id, limit=200))["data"]
    return [one["type"] for one in entries if one["type"] in {"interaction.logged", "complaint.communicated"}]


async def test_telling_the_decision_is_a_contact_with_the_customer(
    client: Client, events: Facts, path: Path, workspace: Workspace
) -> None:
    customer_id = await customer_of(client)
    person = await create(client, customer_id, name="Mr Wang")
    complaint = await receive(client, customer_id, contact_id=person["id"])
    complaint = await path.to("communicated", complaint)
    (talk,) = await talks(client, complaint_id=complaint["id"])
    assert (talk["customer_id"], talk["contact_id"]) == (customer_id, person["id"])
    assert (talk["user_id"], talk["channel"], talk["direction"]) == (str(workspace.service.id), "call", "outbound")
    assert (talk["outcome"], talk["counts_as_contact"], talk["automated"]) == ("reached", True, False)
    assert (talk["occurred_at"], talk["note"]) == (complaint["communicated_at"], None)
    (fact,) = [one for one in await events() if one["type"] == "interaction.logged"]
    assert complaint["id"] not in str(fact["payload"])
    assert str(fact["customer_id"]) == customer_id


async def test_by_which_way_is_what_they_say_else_as_it_came(client: Client, service: Client, path: Path) -> None:
    written = await path.to("approved", await receive(client, channel="letter"))
    await go(service, written, "communicate", reached=True, channel="wechat")
    assert [one["channel"] for one in await talks(client, complaint_id=written["id"])] == ["wechat"]
    mailed = await path.to("communicated", await receive(client, channel="email"))
    assert [one["channel"] for one in await talks(client, complaint_id=mailed["id"])] == ["email"]
    body = {"reached": True, "channel": "visit"}
    problem(await service.post(f"/v1/complaints/{written['id']}/communicate", json=body), 422, "unprocessable")


def test_every_way_a_complaint_comes_leads_to_one_of_telling() -> None:
    assert set(AS_IT_CAME) == set(get_args(Channel))
    assert set(AS_IT_CAME.values()) <= set(get_args(LoggedChannel))


async def test_who_was_not_reached_was_not_talked_to(client: Client, service: Client, path: Path) -> None:
    complaint = await path.to("approved", await receive(client))
    response = await service.post(f"/v1/complaints/{complaint['id']}/communicate", json={"reached": False})
    problem(response, 409, "step_needs_more")
    assert await talks(client) == []


async def test_each_decision_that_is_told_is_a_talk_of_its_own(client: Client, service: Client, path: Path) -> None:
    complaint = await path.to("communicated", await receive(client))
    complaint = await go(service, complaint, "refuse", reason="More.")
    await go(service, complaint, "propose", solution="Two pumps", solution_answers_remedy=True)
    await go(path.manager, complaint, "approve")
    where, key = f"/v1/complaints/{complaint['id']}/communicate", {"Idempotency-Key": "told"}
    for _ in range(2):
        assert (await service.post(where, json={"reached": True}, headers=key)).status_code == 200
    assert len(await talks(client, complaint_id=complaint["id"])) == 2


async def test_a_talk_with_nobody_known_is_kept_with_the_complaint_alone(client: Client, path: Path) -> None:
    complaint = await path.to("communicated", await from_nobody(client))
    assert complaint["communicated_at"] is not None
    assert await talks(client) == []


@pytest.mark.parametrize("who", ["admin", "anna"])
async def test_the_timeline_tells_it_once(
    client: Client, clients: Clients, path: Path, workspace: Workspace, who: str
) -> None:
    owned = await customer_of(client, owner_id=str(workspace.anna.id))
    await path.to("communicated", await receive(client, owned))
    reader = clients(getattr(workspace, who).token)
    assert await told_types(reader, owned) == ["complaint.communicated"]
    await client.post("/v1/interactions", json={"customer_id": owned, "channel": "call", "outcome": "reached"})
    assert await told_types(reader, owned) == ["interaction.logged", "complaint.communicated"]


async def test_who_does_not_read_of_the_complaint_reads_of_the_talk(
    client: Client, clients: Clients, path: Path, workspace: Workspace
) -> None:
    owned = await customer_of(client, owner_id=str(workspace.anna.id))
    complaint = await path.to("communicated", await receive(client, owned, responsible_id=str(workspace.anna.id)))
    anna = clients(workspace.anna.token)
    problem(await anna.get(f"/v1/complaints/{complaint['id']}"), 404, "not_found")
    assert await told_types(anna, owned) == ["interaction.logged"]
    program = clients(await workspace.key("customers:read", "interactions:read"))
    assert await told_types(program, owned) == ["interaction.logged"]
    (talk,) = await talks(anna, customer_id=owned)
    assert complaint["id"] not in str(talk)
