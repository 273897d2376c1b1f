"""The parts people play in a purchase, and people who leave the company."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from crm import clock
from tests.conftest import Client, Facts, Stage, problem
from tests.contacts.test_contacts import create, customer_of, names

DECIDER = {"role": "decider", "influence": 5, "stance": "against"}


async def test_a_role_has_an_influence_and_a_stance_which_may_be_unknown(client: Client, events: Facts) -> None:
    created = await create(
        client, await customer_of(client), roles=[DECIDER, "buyer", {"role": "user", "influence": 1}]
    )
    assert created["roles"] == [
        DECIDER,
        {"role": "buyer", "influence": None, "stance": None},
        {"role": "user", "influence": 1, "stance": None},
    ]
    path = f"/v1/contacts/{created['id']}"
    won_over = [DECIDER | {"stance": "for"}]
    changed = (await client.patch(path, json={"roles": won_over})).json()
    assert changed["roles"] == won_over
    assert (await client.patch(path, json={"roles": won_over})).json() == changed
    (fact,) = await events("contact.updated")
    assert fact["changes"] == {"roles": [created["roles"], won_over]}
    assert (await client.patch(path, json={"roles": ["user"]})).json()["roles"][0]["stance"] is None
    assert (await client.patch(path, json={"roles": []})).json()["roles"] == []


@pytest.mark.parametrize(
    ("roles", "pointer"),
    [
        ([DECIDER, DECIDER | {"influence": 4}], "#/roles"),
        ([{"role": "decider", "influence": 6}], "#/roles/0/influence"),
        ([{"role": "decider", "influence": 0}], "#/roles/0/influence"),
        (["buyer", {"role": "decider", "stance": "unsure"}], "#/roles/1/stance"),
        ([{"influence": 3}], "#/roles/0/role"),
        ([{"role": "decider", "since": 2020}], "#/roles/0/since"),
    ],
)
async def test_roles_that_cannot_be_are_refused(client: Client, roles: list[Any], pointer: str) -> None:
    body = {"customer_id": await customer_of(client), "name": "Li Lei", "roles": roles}
    refused = problem(await client.post("/v1/contacts", json=body), 422, "unprocessable")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_the_database_knows_the_six_roles_too(client: Client, stage: Stage) -> None:
    created = await create(client, await customer_of(client))
    wrong: list[Any] = [[{"role": "boss"}], [{}], ["decider"], {"role": "decider"}]
    for roles in wrong:
        with pytest.raises(asyncpg.CheckViolationError):
            await stage.owner.execute("UPDATE contacts SET roles = $2 WHERE id = $1::uuid", created["id"], roles)


async def test_contacts_are_found_by_any_of_their_roles(client: Client) -> None:
    customer_id = await customer_of(client)
    await create(client, customer_id, name="Ann", roles=[DECIDER])
    await create(client, customer_id, name="Ben", roles=["user", "gatekeeper"])
    await create(client, customer_id, name="Cat")
    assert await names(client, sort="name", role="decider") == ["Ann"]
    assert await names(client, sort="name", role=["decider", "gatekeeper"]) == ["Ann", "Ben"]


async def test_whoever_left_is_told_apart_and_may_come_back(client: Client, events: Facts) -> None:
    customer_id = await customer_of(client)
    path = f"/v1/contacts/{(await create(client, customer_id))['id']}"
    await create(client, customer_id, name="Stays")
    left = (await client.post(f"{path}/leave", json={"on": "2026-01-31", "note": "To a rival"})).json()
    assert (left["left_on"], left["left_note"]) == ("2026-01-31", "To a rival")
    assert (await client.post(f"{path}/leave")).json() == left
    assert await names(client, left=True) == ["Li Lei"]
    assert await names(client, left=False) == ["Stays"]
    assert await names(client, sort="name") == ["Li Lei", "Stays"]
    back = (await client.post(f"{path}/rejoin")).json()
    assert (back["left_on"], back["left_note"]) == (None, None)
    assert (await client.post(f"{path}/rejoin")).json() == back
    assert (await events.types())[3:] == ["contact.left", "contact.rejoined"]


async def test_leaving_is_today_unless_said_and_never_in_the_future(client: Client) -> None:
    path = f"/v1/contacts/{(await create(client, await customer_of(client)))['id']}"
    today = clock.today("Asia/Shanghai")
    refused = await client.post(f"{path}/leave", json={"on": str(today + timedelta(days=1))})
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "in_the_future"
    problem(await client.post(f"{path}/leave", headers={"If-Match": '"7"'}), 412, "stale")
    assert (await client.post(f"{path}/leave")).json()["left_on"] == str(today)


async def test_the_archived_neither_leave_nor_come_back(client: Client) -> None:
    path = f"/v1/contacts/{(await create(client, await customer_of(client)))['id']}"
    await client.post(f"{path}/archive")
    problem(await client.post(f"{path}/leave"), 409, "contact_archived")
    problem(await client.post(f"{path}/rejoin"), 409, "contact_archived")


async def test_whoever_left_is_no_choice_for_a_visit(client: Client) -> None:
    customer_id = await customer_of(client)
    contact_id = (await create(client, customer_id))["id"]
    start = datetime.now(UTC) + timedelta(days=1)
    visit = {
        "customer_id": customer_id,
        "contact_ids": [contact_id],
        "purpose": "care",
        "allow_overlap": True,
        "planned_start": start.isoformat(),
        "planned_end": (start + timedelta(hours=1)).isoformat(),
    }
    planned = (await client.post("/v1/visits", json=visit)).json()
    await client.post(f"/v1/contacts/{contact_id}/leave")
    (error,) = problem(await client.post("/v1/visits", json=visit), 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/contact_ids/0", "not_found")
    assert (await client.get(f"/v1/visits/{planned['id']}")).json() == planned
    await client.post(f"/v1/contacts/{contact_id}/rejoin")
    assert (await client.post("/v1/visits", json=visit)).status_code == 201
