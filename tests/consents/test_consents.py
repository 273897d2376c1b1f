"""The ledger of consent, through the front door."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from crm.consents import queries as consents
from crm.database import Access
from crm.errors import NotFound
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import create, customer_of
from tests.factories import Workspace

GIVEN = {"purpose": "marketing", "status": "given", "channel": "wechat", "notice_version": "2026-03"}
WITHDRAWN = {"purpose": "marketing", "status": "withdrawn"}


async def say(client: Client, contact_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """A line of the ledger as it was written."""
    response = await client.post(f"/v1/contacts/{contact_id}/consents", json=said)
    assert response.status_code == 201, response.text
    assert "location" not in response.headers
    line: dict[str, Any] = response.json()
    return line


async def state_of(client: Client, contact_id: str, purpose: str = "marketing") -> dict[str, Any]:
    """What holds for one purpose."""
    response = await client.get(f"/v1/contacts/{contact_id}/consent-state")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["purposes"]
    return next(each for each in found if each["purpose"] == purpose)


async def test_what_was_said_stands_in_the_ledger_and_the_last_word_holds(client: Client, events: Facts) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    assert (await state_of(client, contact_id))["because"] == "no_consent"
    lines = [await say(client, contact_id, said) for said in (GIVEN, WITHDRAWN, GIVEN | {"notice_version": "2026-09"})]
    listed = (await client.get(f"/v1/contacts/{contact_id}/consents")).json()["data"]
    assert listed == lines[::-1]
    now = await state_of(client, contact_id)
    assert (now["status"], now["notice_version"], now["may_contact"]) == ("given", "2026-09", True)
    assert now["since"] == lines[2]["created_at"]
    assert (await state_of(client, contact_id, "surveys"))["status"] is None
    facts = [fact for fact in await events() if fact["subject_type"] == "consent"]
    assert [fact["type"] for fact in facts] == ["consent.given", "consent.withdrawn", "consent.given"]
    assert [fact["payload"] for fact in facts] == lines


async def test_to_withdraw_takes_one_call_and_no_more_than_the_purpose(client: Client) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    await say(client, contact_id, GIVEN)
    line = await say(client, contact_id, WITHDRAWN)
    assert (line["status"], line["channel"], line["notice_version"]) == ("withdrawn", None, None)
    assert (await state_of(client, contact_id))["because"] == "withdrawn"


@pytest.mark.parametrize(
    "said",
    [
        {"purpose": "marketing", "status": "given"},
        {"purpose": "location", "status": "given", "notice_version": "1"},
        {"purpose": "abroad", "status": "given", "notice_version": "1", "separate": False},
        {"purpose": "everything", "status": "given", "notice_version": "1"},
        {"purpose": "marketing", "status": "given", "notice_version": " "},
    ],
)
async def test_what_the_law_does_not_count_as_consent_is_refused(
    client: Client, events: Facts, said: dict[str, Any]
) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    problem(await client.post(f"/v1/contacts/{contact_id}/consents", json=said), 422, "unprocessable")
    assert "consent.given" not in await events.types()


async def test_a_separate_consent_serves_where_one_is_needed(client: Client) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    await say(client, contact_id, {"purpose": "location", "status": "given", "notice_version": "1", "separate": True})
    assert (await state_of(client, contact_id, "location"))["separate"] is True


async def test_do_not_contact_of_the_person_or_the_customer_stops_everything(client: Client) -> None:
    customer_id = await customer_of(client)
    contact_id = (await create(client, customer_id, legal_basis="contract"))["id"]
    await say(client, contact_id, GIVEN)
    for path in (f"/v1/contacts/{contact_id}", f"/v1/customers/{customer_id}"):
        await client.patch(path, json={"do_not_contact": True})
        assert (await state_of(client, contact_id))["because"] == "do_not_contact"
        assert (await state_of(client, contact_id, "service"))["because"] == "do_not_contact"
        await client.patch(path, json={"do_not_contact": False})
        assert (await state_of(client, contact_id))["may_contact"] is True
        assert (await state_of(client, contact_id, "service"))["because"] == "contract"


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ({"phones": ["13812345678", "13912345678"]}, {"phones": ["+86 139 1234 5678"]}),
        ({"emails": ["Zhao@Example.com"]}, {"emails": ["other@example.com", "zhao@example.com"]}),
    ],
)
async def test_who_wishes_no_contact_at_one_customer_is_left_alone_at_another(
    client: Client, address: dict[str, Any], same: dict[str, Any]
) -> None:
    first = await create(client, await customer_of(client), **address)
    other = (await client.post("/v1/customers", json={"name": "Globex"})).json()["id"]
    second = await create(client, other, **same, legal_basis="contract")
    third = await create(client, other, phones=["13712345678"], emails=["third@example.com"])
    for one in (second, third):
        await say(client, one["id"], GIVEN)
    await client.patch(f"/v1/contacts/{first['id']}", json={"do_not_contact": True})
    for purpose in ("marketing", "service"):
        assert (await state_of(client, second["id"], purpose))["because"] == "objected_elsewhere"
    assert (await state_of(client, third["id"]))["may_contact"] is True
    state = (await client.get(f"/v1/contacts/{second['id']}/consent-state")).json()
    assert (state["do_not_contact"], state["objected_elsewhere"]) == (False, True)
    await client.patch(f"/v1/contacts/{first['id']}", json={"do_not_contact": False})
    assert (await state_of(client, second["id"]))["may_contact"] is True


async def test_a_customer_who_is_a_person_and_wishes_no_contact_is_left_alone_as_a_contact_too(client: Client) -> None:
    address = {"phone": "13812345678", "email": "zhao@example.com"}
    person = {"name": "Zhao Min", "kind": "person", "do_not_contact": True, **address}
    assert (await client.post("/v1/customers", json=person)).status_code == 201
    at = await customer_of(client)
    by_phone, by_mail = (
        await create(client, at, phones=["13812345678"]),
        await create(client, at, emails=["Zhao@example.com"]),
    )
    for one in (by_phone, by_mail):
        assert (await state_of(client, one["id"]))["because"] == "objected_elsewhere"


async def test_a_sender_asks_when_it_sends_and_not_when_it_planned(client: Client, access: Access) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    await say(client, contact_id, GIVEN)
    assert await consents.ask(access, UUID(contact_id), "marketing") == (True, "consented")
    await say(client, contact_id, WITHDRAWN)
    assert await consents.ask(access, UUID(contact_id), "marketing") == (False, "withdrawn")
    assert await consents.ask(access, UUID(contact_id), "greetings") == (False, "no_consent")
    with pytest.raises(NotFound):
        await consents.ask(access, uuid4(), "marketing")


async def test_the_ledger_cannot_be_rewritten_by_the_product(stage: Stage) -> None:
    for role in ("rapport_api", "rapport_worker"):
        connection = await asyncpg.connect(stage.dsn(role))
        for change in ("UPDATE consents SET status = 'given'", "DELETE FROM consents", "TRUNCATE consents"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
        await connection.close()


async def test_a_colleague_without_sight_of_the_person_finds_and_writes_nothing(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    ben = clients(workspace.ben.token)
    for path in ("consents", "consent-state"):
        problem(await ben.get(f"/v1/contacts/{contact_id}/{path}"), 404, "not_found")
    problem(await ben.post(f"/v1/contacts/{contact_id}/consents", json=GIVEN), 404, "not_found")
    assert "consent.given" not in await events.types()


async def test_the_ledger_and_what_holds_take_one_statement_each(client: Client, queries: list[str]) -> None:
    contact_id = (await create(client, await customer_of(client)))["id"]
    for said in (GIVEN, WITHDRAWN, GIVEN):
        await say(client, contact_id, said)
    for path in ("consents", "consent-state"):
        queries.clear()
        await client.get(f"/v1/contacts/{contact_id}/{path}")
        assert len(queries) == 1, queries
