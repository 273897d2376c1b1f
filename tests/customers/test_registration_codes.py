"""Registration codes: the standard's own examples, other countries' registers, and how a code is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.registration import ALPHABET, WEIGHTS, check_character, fault, normalized_code
from tests.conftest import Client, Facts, Stage, problem
from tests.factories import Workspace

VALID = "91350100M000100Y43"


def test_the_weights_are_those_of_the_standard() -> None:
    assert WEIGHTS == (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    assert not set("IOSVZ") & set(ALPHABET)
    assert len(ALPHABET) == 31


@pytest.mark.parametrize("code", [VALID, "91310000MA1K000180", "91310000MA1K00008Y", "9150000020286320X6"])
def test_a_code_with_its_check_character_is_right(code: str) -> None:
    assert fault(code) is None
    assert check_character(code) == code[-1]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("91350100M000100Y4Z", "no 'Z', as at position 18"),
        ("9135O100M000100Y43", "no 'O', as at position 5"),
        ("91350100M000100Y44", "must be 3"),
        ("91310000MA1K000181", "must be 0"),
        ("91310000MA1K000080", "must be Y"),
    ],
)
def test_a_wrong_code_is_told_what_is_wrong(code: str, told: str) -> None:
    assert told in (fault(code) or "")


@given(st.text(ALPHABET, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(ALPHABET))
def test_a_single_wrong_character_is_always_noticed(first: str, place: int, other: str) -> None:
    code = first + check_character(first)
    assert fault(code) is None
    mistaken = code[:place] + other + code[place + 1 :]
    assert (fault(mistaken) is None) == (mistaken == code)


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalized_code(text)
    assert normalized_code(once) == once


def test_a_code_is_kept_without_blanks_in_upper_case_and_half_width() -> None:
    assert normalized_code("９１３５０１００ m000\u3000100\tY43") == VALID


async def test_a_code_with_a_wrong_check_character_is_refused_and_leaves_no_trace(
    client: Client, events: Facts
) -> None:
    refused = await client.post("/v1/customers", json={"name": "A", "registration_code": "91350100 m000100y44"})
    (error,) = problem(refused, 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/registration_code", "registration_code_invalid")
    assert "must be 3" in error["message"]
    assert await events() == []


async def test_another_countrys_code_is_taken_as_it_is(client: Client) -> None:
    here = {"name": "A", "registration_code": "123456789012345670"}
    assert (await client.post("/v1/customers", json={**here, "address": {"country": "CN"}})).status_code == 422
    assert (await client.post("/v1/customers", json={**here, "address": {"city": "Fuzhou"}})).status_code == 422
    abroad = await client.post("/v1/customers", json={**here, "address": {"country": "DE"}})
    assert abroad.json()["registration_code"] == "123456789012345670"
    short = await client.post("/v1/customers", json={"name": "B", "registration_code": "HRB 4711"})
    assert short.json()["registration_code"] == "HRB4711"


async def test_a_change_of_the_code_looks_at_the_address_it_will_stand_beside(client: Client) -> None:
    german = (await client.post("/v1/customers", json={"name": "A", "address": {"country": "DE"}})).json()
    chinese = (await client.post("/v1/customers", json={"name": "B"})).json()
    wrong = {"registration_code": "123456789012345670"}
    refused = await client.patch(f"/v1/customers/{chinese['id']}", json=wrong)
    (error,) = problem(refused, 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/registration_code", "registration_code_invalid")
    home = {**wrong, "address": {"country": "CN"}}
    problem(await client.patch(f"/v1/customers/{german['id']}", json=home), 422, "unprocessable")
    moved = await client.patch(f"/v1/customers/{german['id']}", json=wrong)
    assert (moved.status_code, moved.json()["version"]) == (200, 2)
    again = await client.patch(f"/v1/customers/{german['id']}", json=wrong)
    assert (again.status_code, again.json()["version"]) == (200, 2)
    abroad = {"registration_code": "123456789012345671", "address": {"country": "FR"}}
    assert (await client.patch(f"/v1/customers/{chinese['id']}", json=abroad)).status_code == 200


async def test_a_right_code_is_changed_and_taken_away(client: Client) -> None:
    made = (await client.post("/v1/customers", json={"name": "A"})).json()
    path = f"/v1/customers/{made['id']}"
    given_ = await client.patch(path, json={"registration_code": VALID.lower()})
    assert given_.json()["registration_code"] == VALID
    assert (await client.patch(path, json={"registration_code": None})).json()["registration_code"] is None


async def test_a_code_from_before_the_check_may_be_sent_back_with_another_change(
    client: Client, stage: Stage, workspace: Workspace
) -> None:
    old = await stage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, registration_code) "
        "VALUES ($1, 'company', 'Old', 'old', '123456789012345670') RETURNING id",
        workspace.id,
    )
    changed = await client.patch(
        f"/v1/customers/{old}", json={"registration_code": "123456789012345670", "region": "West"}
    )
    assert (changed.status_code, changed.json()["region"]) == (200, "West")
