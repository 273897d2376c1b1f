"""When two customers may be one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.likeness import Likeness, keys_of, likeness, name_key, phone_key, telling_keys

ACME: dict[str, Any] = {
    "kind": "company",
    "name": "Acme Corporation",
    "registration_code": "91350100M000100Y43",
    "phone": "+8613812345678",
    "email": "wile@acme.example",
    "city": "重庆",
}
NOTHING = dict.fromkeys(ACME) | {"kind": "company"}


def only(**more: Any) -> dict[str, Any]:
    return NOTHING | more


CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, str], str | None]] = [
    (only(registration_code="A1"), only(registration_code="A1"), {"registration_code": "strong"}, "strong"),
    (only(registration_code="A1"), only(registration_code="A2"), {}, None),
    (only(name="Acme Corporation"), only(name="ACME, Inc."), {"name": "strong"}, "strong"),
    (only(name="重庆长安汽车股份有限公司"), only(name="重庆长安汽车"), {"name": "strong"}, "strong"),
    (only(name="Acme"), only(name="Acme Tools"), {}, None),
    (only(name="Müller"), only(name="Muller GmbH"), {"name": "strong"}, "strong"),
    (only(name="Acme", city="重庆"), only(name="Acme", city="重庆"), {"name_and_city": "strong"}, "strong"),
    (only(name="Acme", city="重庆"), only(name="Acme", city="成都"), {"name": "weak"}, "weak"),
    (only(name="王伟", kind="person"), only(name="王伟", kind="person"), {"name": "weak"}, "weak"),
    (only(phone="+8613812345678"), only(phone="+8613812345678"), {"phone": "strong"}, "strong"),
    (only(phone="+862367591949"), only(phone="+862367591949"), {"phone": "weak"}, "weak"),
    (only(email="Wile@acme.example"), only(email="wile@ACME.example"), {"email": "strong"}, "strong"),
    (only(email="info@acme.example"), only(email="info@acme.example"), {"email": "weak"}, "weak"),
    (
        only(email="info@acme.example", phone="+862367591949"),
        only(email="info@acme.example", phone="+862367591949"),
        {"phone": "weak", "email": "weak"},
        "strong",
    ),
    (
        only(registration_code="A1", name="Acme", phone="+8613812345678"),
        only(registration_code="A2", name="Acme", phone="+8613812345678"),
        {"name": "weak", "phone": "weak"},
        "weak",
    ),
    (NOTHING, NOTHING, {}, None),
]


@pytest.mark.parametrize(("one", "other", "reasons", "strength"), CASES)
def test_what_two_customers_have_in_common(
    one: dict[str, Any], other: dict[str, Any], reasons: dict[str, str], strength: str | None
) -> None:
    for left, right in ((one, other), (other, one)):
        found = likeness(left, right)
        assert (dict(found.reasons) if found else {}) == reasons
        assert (found.strength if found else None) == strength


def test_reasons_stand_strongest_first() -> None:
    found = likeness(ACME, ACME | {"name": "Globex", "email": "WILE@acme.example"})
    assert found == Likeness((("registration_code", "strong"), ("phone", "strong"), ("email", "strong")), "strong")


PEOPLE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["company", "person"]),
        "name": st.sampled_from([None, "Acme", "ACME, Inc.", "王伟"]),
        "registration_code": st.sampled_from([None, "A1", "A2"]),
        "phone": st.sampled_from([None, "+8613812345678", "+862367591949"]),
        "email": st.sampled_from([None, "wile@acme.example", "WILE@acme.example", "info@acme.example"]),
        "city": st.sampled_from([None, "重庆", "成都"]),
    }
)


@given(PEOPLE, PEOPLE)
def test_whoever_is_strongly_alike_has_a_telling_token_in_common(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = likeness(one, other)
    if found is not None and found.strength == "strong":
        assert set(telling_keys(one)) & set(keys_of(other))
    if found is not None:
        assert set(keys_of(one)) & set(keys_of(other))


@given(st.text("长安重庆xyzé １3-·", max_size=60))
def test_a_name_with_a_legal_form_has_the_key_of_the_name(name: str) -> None:
    for form in ("有限公司", "Co., Ltd.", "GmbH"):
        assert name_key(f"{name} {form}") - name_key(form) == name_key(name) - name_key(form)


def test_the_key_of_a_phone_is_the_whole_number() -> None:
    assert phone_key("+8613812345678") == "-8765432183168"
