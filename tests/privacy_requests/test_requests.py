"""Requests about personal data, through the front door."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crm.clock import is_weekday, today
from crm.privacy_requests.rules import due_on
from tests.care.people import chinese_calendar
from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create, customer_of
from tests.factories import Workspace

PATH = "/v1/privacy-requests"


async def ask(client: Client, **body: Any) -> dict[str, Any]:
    """A request as it was received."""
    response = await client.post(PATH, json=body)
    assert response.status_code == 201, response.text
    received: dict[str, Any] = response.json()
    return received


async def move(client: Client, request: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The request as it is then."""
    response = await client.post(f"{PATH}/{request['id']}/{verb}", json=body or None)
    assert response.status_code == 200, response.text
    moved: dict[str, Any] = response.json()
    return moved


async def contact_of(client: Client) -> str:
    """A person."""
    return str((await create(client, await customer_of(client)))["id"])


async def test_a_request_is_due_after_fifteen_working_days(client: Client, events: Facts) -> None:
    contact_id = await contact_of(client)
    received = await ask(client, contact_id=contact_id, kind="access", received_at="2026-11-01T16:30:00Z")
    # Half past midnight on Monday the 2nd in Shanghai.
    assert received["due_on"] == "2026-11-23"
    assert received["state"] == "received"
    assert received["action"] == {"method": "GET", "path": f"/v1/contacts/{contact_id}/personal-data"}
    now = await ask(client, person="A caller", kind="export")
    assert now["due_on"] == str(due_on(today("Asia/Shanghai"), 15, is_working_day=is_weekday))
    assert now["action"] is None
    facts = await events("privacy_request.received")
    assert [fact["payload"] for fact in facts] == [received, now]


async def test_holidays_are_no_working_days_and_made_up_days_are(client: Client) -> None:
    await chinese_calendar(client)
    # 20 September and 10 October were worked; 25 to 27 September and 1 to 7 October were holidays.
    received = await ask(client, person="A caller", kind="access", received_at="2026-09-18T02:00:00Z")
    assert received["due_on"] == "2026-10-15"


async def test_a_workspace_may_promise_a_sooner_answer(client: Client) -> None:
    await client.patch("/v1/workspace", json={"settings": {"privacy": {"answer_days": 5}}})
    # What the API knows of a workspace is forgotten when the change is announced, which takes a moment.
    for _ in range(100):
        received = await ask(client, person="A caller", kind="access", received_at="2026-11-02T02:00:00Z")
        if received["due_on"] == "2026-11-09":
            return
        await asyncio.sleep(0.02)
    pytest.fail("the setting was never heeded")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "access"},
        {"kind": "access", "person": "x", "contact_id": "01a1fcb0-3a00-7000-8000-000000000001"},
        {"kind": "access", "contact_id": "01a1fcb0-3a00-7000-8000-000000000001"},
        {"kind": "access", "person": "x", "received_at": "2100-01-01T00:00:00Z"},
        {"kind": "sue", "person": "x"},
    ],
)
async def test_a_request_is_about_one_person_who_is_there(client: Client, events: Facts, body: dict[str, Any]) -> None:
    problem(await client.post(PATH, json=body), 422, "unprocessable")
    assert await events("privacy_request.received") == []


async def test_a_company_asks_nothing_about_its_personal_data(client: Client) -> None:
    company = await customer_of(client)
    problem(await client.post(PATH, json={"customer_id": company, "kind": "access"}), 422, "unprocessable")
    person = await customer_of(client, kind="person")
    assert (await ask(client, customer_id=person, kind="delete"))["action"] == {
        "method": "POST",
        "path": f"/v1/customers/{person}/erase",
    }


async def test_nothing_is_done_before_whoever_asks_was_verified(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    received = await ask(client, contact_id=await contact_of(client), kind="access")
    problem(await client.post(f"{PATH}/{received['id']}/fulfill"), 409, "privacy_request_state")
    verified = await move(client, received, "verify")
    assert (verified["state"], verified["verified_by"]) == ("verified", str(workspace.admin.id))
    assert verified["verified_at"] is not None
    fulfilled = await move(client, verified, "fulfill")
    assert (fulfilled["state"], fulfilled["closed_at"] is None) == ("fulfilled", False)
    for verb, body in (("verify", None), ("fulfill", None), ("refuse", {"reason": "late"})):
        problem(await client.post(f"{PATH}/{received['id']}/{verb}", json=body), 409, "privacy_request_state")
    assert [kind for kind in await events.types() if kind.startswith("privacy_request")] == [
        "privacy_request.received",
        "privacy_request.verified",
        "privacy_request.fulfilled",
    ]


async def test_a_refusal_has_a_reason(client: Client) -> None:
    received = await ask(client, person="A caller", kind="delete")
    problem(await client.post(f"{PATH}/{received['id']}/refuse", json={"reason": " "}), 422, "unprocessable")
    refused = await move(client, received, "refuse", reason="Nobody of that name is known.")
    assert (refused["state"], refused["refusal_reason"]) == ("refused", "Nobody of that name is known.")


@pytest.mark.parametrize("noun", ["contact", "customer"])
async def test_a_request_to_delete_is_fulfilled_by_erasing(client: Client, noun: str) -> None:
    person = await contact_of(client) if noun == "contact" else await customer_of(client, kind="person")
    received = await ask(client, **{f"{noun}_id": person}, kind="delete")
    await move(client, received, "verify")
    problem(await client.post(f"{PATH}/{received['id']}/fulfill"), 409, "not_erased_yet")
    action = received["action"]
    erased = await client.request(action["method"], action["path"], json={"reason": "requested"})
    assert erased.status_code == 200, erased.text
    assert (await move(client, received, "fulfill"))["state"] == "fulfilled"


async def test_the_list_begins_with_what_is_due_first_and_knows_what_is_late(
    client: Client, queries: list[str]
) -> None:
    long_ago, lately = "2026-01-05T02:00:00Z", datetime.now(UTC) - timedelta(days=1)
    new = await ask(client, person="new", kind="access", received_at=lately.isoformat())
    late = await ask(client, person="late", kind="delete", received_at=long_ago)
    closed = await ask(client, person="closed", kind="delete", received_at=long_ago)
    await move(client, closed, "refuse", reason="no")

    async def listed(**wanted: Any) -> list[str]:
        response = await client.get(PATH, params=wanted)
        assert response.status_code == 200, response.text
        return [each["person"] for each in response.json()["data"]]

    assert set(await listed()) == {"new", "late", "closed"}
    assert (await listed())[-1] == "new"
    assert await listed(overdue=True) == ["late"]
    assert set(await listed(overdue=False)) == {"new", "closed"}
    assert await listed(state=["received"], due_on_lte=str(date(2026, 2, 1))) == ["late"]
    assert await listed(kind="access") == ["new"]
    assert (new["overdue"], late["overdue"]) == (False, True)
    queries.clear()
    await listed()
    assert len(queries) == 1


async def test_only_who_has_the_right_deals_with_requests(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    received = await ask(client, person="A caller", kind="access")
    for person in (workspace.manager, workspace.anna, workspace.service):
        problem(await clients(person.token).get(PATH), 403, "scope_missing")
    auditor = clients(workspace.auditor.token)
    assert (await auditor.get(f"{PATH}/{received['id']}")).json() == received
    problem(await auditor.post(f"{PATH}/{received['id']}/verify"), 403, "scope_missing")
