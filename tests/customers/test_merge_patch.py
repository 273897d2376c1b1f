"""PATCH is a JSON merge patch (RFC 7396), in the objects of a customer and a contact too."""

from asyncio import gather
from typing import Any

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.customers.test_custom_fields import create, define


async def at(client: Client, custom: dict[str, Any], kind: str) -> str:
    """Where a customer, or a contact, with these values is."""
    made = await create(client, custom if kind == "customers" else {})
    if kind == "contacts":
        made = (
            await client.post("/v1/contacts", json={"customer_id": made["id"], "name": "Li", "custom": custom})
        ).json()
    return f"/v1/{kind}/{made['id']}"


async def test_an_address_takes_in_what_is_sent_and_loses_what_is_null(client: Client, events: Facts) -> None:
    new = {"name": "Acme", "address": {"city": "Fuzhou", "country": "CN", "latitude": 26.1}}
    path = f"/v1/customers/{(await client.post('/v1/customers', json=new)).json()['id']}"
    changed = await client.patch(path, json={"address": {"line": "1 Wusi Road", "latitude": None}})
    full = {"city": "Fuzhou", "country": "CN", "line": "1 Wusi Road"}
    assert changed.json()["address"] == full
    for nothing_new in ({"city": "Fuzhou"}, {"latitude": None}, {}):
        assert (await client.patch(path, json={"address": nothing_new})).json()["version"] == 2
    (fact,) = await events("customer.updated")
    before = {"city": "Fuzhou", "country": "CN", "latitude": 26.1}
    assert {key: fact["changes"][key] for key in ("address",)} == {"address": [before, full]}
    assert (await client.patch(path, json={"address": None})).json()["address"] is None
    assert (await client.patch(path, json={"address": {"city": "Xiamen"}})).json()["address"] == {"city": "Xiamen"}


async def test_a_code_looks_at_the_country_that_the_merged_address_has(client: Client) -> None:
    german = {"name": "A", "address": {"city": "Bremen", "country": "DE"}}
    path = f"/v1/customers/{(await client.post('/v1/customers', json=german)).json()['id']}"
    wrong = {"registration_code": "123456789012345670"}
    for chinese in (None, {"country": None}, {"country": "CN"}):
        refused = await client.patch(path, json={**wrong, "address": chinese})
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/registration_code"
    moved = (await client.patch(path, json={**wrong, "address": {"city": "Kiel"}})).json()
    assert (moved["registration_code"], moved["address"]) == ("123456789012345670", {"city": "Kiel", "country": "DE"})
    other = f"/v1/customers/{(await client.post('/v1/customers', json={'name': 'B'})).json()['id']}"
    other_wrong = {"registration_code": "123456789012345671"}
    problem(await client.patch(other, json={**other_wrong, "address": {"city": "Kiel"}}), 422, "unprocessable")
    assert (await client.get(other)).json()["address"] is None


@pytest.mark.parametrize("kind", ["customers", "contacts"])
async def test_fields_of_ones_own_are_merged_key_by_key(client: Client, events: Facts, kind: str) -> None:
    path = await at(client, {"a": 1, "b": {"deep": None}, "c": [1]}, kind)
    changed = (await client.patch(path, json={"custom": {"a": 2, "c": None, "d": "x"}})).json()
    assert changed["custom"] == {"a": 2, "b": {"deep": None}, "d": "x"}
    assert (await client.patch(path, json={"custom": {"a": 2, "c": None}})).json()["version"] == 2
    assert (await client.patch(path, json={"custom": {}})).json()["version"] == 2
    (fact,) = await events(f"{kind[:-1]}.updated")
    assert fact["changes"]["custom"] == [{"a": 1, "b": {"deep": None}, "c": [1]}, changed["custom"]]


@pytest.mark.parametrize("kind", ["customers", "contacts"])
async def test_defined_fields_are_checked_as_they_will_be(client: Client, clients: Clients, kind: str) -> None:
    path = await at(client, {"old": "x", "staff": 3}, kind)
    noun = kind[:-1]
    await define(client, noun=noun, key="motto", type="text")
    await define(client, noun=noun, key="staff", type="number", required=True)
    clients.running.app.state.door.forget()
    assert (await client.patch(path, json={"custom": {"motto": "y"}})).json()["custom"] == {
        "old": "x", "staff": 3, "motto": "y",
    }  # fmt: skip
    for wrong, code in (({"nothing": 1}, "unknown"), ({"motto": 1}, "string_type"), ({"staff": None}, "required")):
        (error,) = problem(await client.patch(path, json={"custom": wrong}), 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == (f"#/custom/{next(iter(wrong))}", code)
    gone = (await client.patch(path, json={"custom": {"old": None, "motto": None}})).json()
    assert gone["custom"] == {"staff": 3}
    problem(await client.patch(path, json={"custom": {"old": "x"}}), 422, "unprocessable")


async def test_what_is_missing_already_is_asked_for_with_any_change_of_custom(client: Client, clients: Clients) -> None:
    path = await at(client, {}, "customers")
    await define(client, key="motto", type="text")
    await define(client, key="staff", type="number", required=True)
    clients.running.app.state.door.forget()
    (error,) = problem(await client.patch(path, json={"custom": {"motto": "x"}}), 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/custom/staff", "required")


@pytest.mark.parametrize("kind", ["customers", "contacts"])
async def test_a_hundred_keys_are_enough_however_they_come(client: Client, kind: str) -> None:
    path = await at(client, {f"a{number}": 1 for number in range(60)}, kind)
    more = {f"b{number}": 1 for number in range(41)}
    (error,) = problem(await client.patch(path, json={"custom": more}), 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/custom", "too_long")
    assert (await client.patch(path, json={"custom": {**more, "a0": None}})).status_code == 200


@pytest.mark.parametrize("kind", ["customers", "contacts"])
async def test_of_two_changes_at_once_neither_undoes_the_other(client: Client, kind: str) -> None:
    path = await at(client, {}, kind)
    answers = await gather(*(client.patch(path, json={"custom": {f"k{number}": number}}) for number in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await client.get(path)).json()["custom"] == {f"k{number}": number for number in range(8)}


async def test_of_two_who_saw_the_same_version_one_is_told(client: Client) -> None:
    path = await at(client, {}, "customers")
    seen = {"If-Match": '"1"'}
    both = ({"custom": {"a": 1}}, {"address": {"city": "Fuzhou"}})
    answers = await gather(*(client.patch(path, json=body, headers=seen) for body in both))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
