"""How complaints come in: numbers, moments in the past, repeats, hostile input, and who sees them."""

import asyncio
from typing import Any

import pytest

from tests.complaints.steps import at, from_nobody, get, history, receive
from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace


async def test_a_complaint_gets_the_next_number_of_its_year_and_begins_its_path(client: Client, events: Facts) -> None:
    first = await receive(client)
    second = await receive(client, first["customer_id"], channel="chat")
    assert first["number"] == f"{first['received_at'][:4]}-000001"
    assert second["number"].endswith("-000002")
    assert (first["state"], first["severity"], first["received_by"]["name"]) == ("received", "medium", "Ada Admin")
    assert [one["step"] for one in await history(client, first)] == ["receive"]
    facts = await events("complaint.received")
    assert facts[0]["payload"]["number"] == first["number"]
    assert "repeats" not in facts[0]["payload"]


async def test_the_workspaces_zone_decides_the_year(client: Client, workspace: Workspace) -> None:
    await workspace.owner.execute(
        'UPDATE workspaces SET settings = settings || \'{"complaints": {"late_days": 3650}}\' WHERE workspace_id = $1',
        workspace.id,
    )
    eve = await receive(client, received_at="2025-12-31T15:59:59Z")
    new_year = await receive(client, received_at="2025-12-31T16:00:00Z")
    assert (eve["number"], new_year["number"]) == ("2025-000001", "2026-000001")


async def test_numbers_are_never_given_twice(client: Client) -> None:
    customer_id = await customer_of(client)
    made = await asyncio.gather(*(receive(client, customer_id) for _ in range(8)))
    assert sorted(int(one["number"][5:]) for one in made) == list(range(1, 9))


@pytest.mark.parametrize(("moment", "code"), [({"days": 31}, "too_long_ago"), ({"minutes": -10}, "in_the_future")])
async def test_it_came_in_lately(client: Client, moment: dict[str, float], code: str) -> None:
    body = {"customer_id": await customer_of(client), "channel": "letter", "subject": "x", "received_at": at(**moment)}
    refused = problem(await client.post("/v1/complaints", json=body), 422, "unprocessable")
    assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == ("#/received_at", code)


async def test_a_refused_one_uses_no_number(client: Client) -> None:
    first = await receive(client)
    body = {"id": first["id"], "channel": "phone", "subject": "Again"}
    problem(await client.post("/v1/complaints", json=body), 409, "already_exists")
    assert (await receive(client))["number"].endswith("-000002")


async def test_the_same_customer_about_the_same_product_or_cause_repeats(client: Client, workspace: Workspace) -> None:
    customer_id = await customer_of(client)
    product = (await client.post("/v1/products", json={"name": "Pump", "code": "P1"})).json()
    other = (await client.post("/v1/products", json={"name": "Valve", "code": "V1"})).json()
    first = await receive(client, customer_id, product_id=product["id"], received_at=at(days=20))
    assert (first["repeats"], first["repeat_of_id"]) == ([], None)
    second = await receive(client, customer_id, product_id=product["id"], category="service", received_at=at(days=10))
    assert ([one["id"] for one in second["repeats"]], second["repeat_of_id"]) == ([first["id"]], first["id"])
    third = await receive(client, customer_id)
    assert [one["number"] for one in third["repeats"]] == [first["number"]]
    unlike = await receive(client, customer_id, product_id=other["id"], category="price")
    assert unlike["repeats"] == []
    assert (await receive(client))["repeats"] == []
    assert [one["id"] for one in (await get(client, second))["repeats"]] == [first["id"]]
    await client.patch(f"/v1/complaints/{first['id']}", json={"cause_kind": "supplier"})
    late = await client.patch(f"/v1/complaints/{unlike['id']}", json={"cause_kind": "supplier"})
    assert late.json()["repeat_of_id"] == first["id"]
    await workspace.owner.execute(
        "UPDATE complaints SET received_at = received_at - interval '90 days' WHERE customer_id = $1", customer_id
    )
    assert (await receive(client, customer_id, product_id=product["id"]))["repeat_of_id"] is None


async def test_the_beginning_of_the_description_stands_for_the_subject(client: Client) -> None:
    made = await receive(client, subject=None, description="\n  泵又漏了\nThird time.")
    assert (made["subject"], made["description"]) == ("泵又漏了", "泵又漏了\nThird time.")
    long = await receive(client, subject=None, description="x" * 300)
    assert len(long["subject"]) == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"subject": None}, "#"),
        ({"channel": "pigeon"}, "#/channel"),
        ({"severity": "worst"}, "#/severity"),
        ({"customer_id": None, "contact_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#"),
        ({"contact_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/contact_id"),
        ({"visit_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/visit_id"),
        ({"opportunity_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/opportunity_id"),
        ({"product_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/product_id"),
        ({"assignee_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/assignee_id"),
        ({"responsible_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/responsible_id"),
        ({"team_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/team_id"),
        ({"customer_id": "01a1fcb0-3a00-7000-8000-000000000002"}, "#/customer_id"),
        ({"state": "closed"}, "#/state"),
        ({"complainer": {"phone": "no phone"}}, "#/complainer/phone"),
    ],
)
async def test_what_is_not_there_is_named(client: Client, body: dict[str, Any], pointer: str) -> None:
    sent = {"customer_id": await customer_of(client), "channel": "phone", "subject": "The pump leaks", **body}
    refused = problem(await client.post("/v1/complaints", json=sent), 422, "unprocessable")
    assert [one["pointer"] for one in refused["errors"]] == [pointer]


async def test_the_same_key_takes_it_down_once(client: Client, events: Facts) -> None:
    body = {"customer_id": await customer_of(client), "channel": "phone", "subject": "Once"}
    first, second = [
        await client.post("/v1/complaints", json=body, headers={"Idempotency-Key": "call-1"}) for _ in range(2)
    ]
    assert first.json() == second.json()
    assert len(await events("complaint.received")) == 1


async def test_who_only_reads_looks_into_nothing(client: Client, workspace: Workspace) -> None:
    made = await receive(client)
    asked = {"assignee_id": str(workspace.auditor.id)}
    refused = problem(await client.post(f"/v1/complaints/{made['id']}/assign", json=asked), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/assignee_id"


async def test_nobody_is_assigned_whom_it_is_about(client: Client, workspace: Workspace) -> None:
    body = {
        "customer_id": await customer_of(client),
        "channel": "phone",
        "subject": "x",
        "assignee_id": str(workspace.anna.id),
        "responsible_id": str(workspace.anna.id),
    }
    problem(await client.post("/v1/complaints", json=body), 409, "assignee_is_responsible")


async def test_who_sees_a_complaint(client: Client, clients: Clients, workspace: Workspace) -> None:
    people = {
        name: clients(person.token)
        for name, person in (
            ("manager", workspace.manager), ("anna", workspace.anna), ("ben", workspace.ben),
            ("service", workspace.service), ("auditor", workspace.auditor),
        )
    }  # fmt: skip

    async def seen_by(complaint: dict[str, Any]) -> set[str]:
        found = set()
        for name, person in people.items():
            one = await person.get(f"/v1/complaints/{complaint['id']}")
            listed = (await person.get("/v1/complaints")).json()["data"]
            assert (one.status_code == 200) == (complaint["id"] in {item["id"] for item in listed})
            found |= {name} if one.status_code == 200 else set()
        return found

    everywhere = {"service", "auditor"}
    nobodys = await receive(client)
    assert await seen_by(nobodys) == everywhere
    annas = await customer_of(client, owner_id=str(workspace.anna.id), team_id=str(workspace.north))
    of_anna = await receive(client, annas)
    assert await seen_by(of_anna) == everywhere | {"anna", "manager"}
    await client.post(f"/v1/complaints/{of_anna['id']}/assign", json={"assignee_id": str(workspace.ben.id)})
    assert await seen_by(of_anna) == everywhere | {"anna", "ben", "manager"}
    about_anna = await receive(client, annas, responsible_id=str(workspace.anna.id))
    assert await seen_by(about_anna) == everywhere | {"manager"}
    taken_down = await from_nobody(people["ben"])
    assert await seen_by(taken_down) == everywhere | {"ben"}


async def test_whose_it_is_can_become_known_once(client: Client) -> None:
    made = await from_nobody(client)
    assert made["customer"] is None
    customer_id = await customer_of(client)
    person = await contact_of(client, customer_id)
    known = await client.patch(
        f"/v1/complaints/{made['id']}", json={"customer_id": customer_id, "contact_id": person["id"]}
    )
    assert (known.json()["customer_id"], known.json()["contact_id"]) == (customer_id, person["id"])
    other = await client.patch(f"/v1/complaints/{made['id']}", json={"customer_id": await customer_of(client)})
    problem(other, 409, "customer_stays")


async def test_8d_is_for_severe_complaints_about_quality(client: Client, workspace: Workspace) -> None:
    mild, severe = await receive(client), await receive(client, severity="high")
    plan = {"eight_d": {"d3": {"done_on": "2026-11-22", "by_id": str(workspace.anna.id), "note": "Stock held back."}}}
    problem(await client.patch(f"/v1/complaints/{mild['id']}", json=plan), 409, "no_eight_d")
    kept = await client.patch(f"/v1/complaints/{severe['id']}", json=plan)
    assert kept.json()["eight_d"]["d3"]["note"] == "Stock held back."
    stranger = {"eight_d": {"d1": {"by_id": "01a1fcb0-3a00-7000-8000-000000000002"}}}
    refused = problem(await client.patch(f"/v1/complaints/{severe['id']}", json=stranger), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/eight_d/d1/by_id"


async def test_lists_are_filtered_sorted_and_one_statement(client: Client) -> None:
    customer_id = await customer_of(client)
    first = await receive(client, customer_id, received_at=at(days=2), tags=["urgent"])
    second = await receive(client, customer_id, severity="high")
    await client.post(f"/v1/complaints/{first['id']}/withdraw", json={"reason": "x"})

    async def found(query: str) -> list[str]:
        return [one["id"] for one in (await client.get(f"/v1/complaints?{query}")).json()["data"]]

    assert await found("sort=received_at") == [first["id"], second["id"]]
    assert await found("open=true") == [second["id"]]
    assert await found("severity=high&category=quality") == [second["id"]]
    assert await found("tag=urgent") == [first["id"]]
    assert await found(f"q={first['number']}") == [first["id"]]
    assert await found("repeated=true") == [second["id"]]
    assert set(await found("sort=due_at")) == {first["id"], second["id"]}
