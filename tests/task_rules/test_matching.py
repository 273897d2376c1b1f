"""Whether a fact fits a rule: each operator, and whatever may stand in a field."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.task_rules.matching import WITHOUT_VALUE, matches
from crm.task_rules.templates import filled, unknown_places
from crm.task_rules.vocabulary import Operator

PAYLOAD = {
    "lifecycle": "customer", "key_kind": None, "tags": ["vip"], "name": "Acme Works", "influence": 4,
    "yearly_value": {"amount": "125000.00", "currency": "CNY"}, "next_contact_due_on": "2026-12-01",
}  # fmt: skip
CHANGES = {"key_kind": ["double", None], "influence": [3, 4]}


@pytest.mark.parametrize(
    ("field", "operator", "value", "fits"),
    [
        ("lifecycle", "equals", "customer", True),
        ("lifecycle", "equals", "lost", False),
        ("key_kind", "equals", None, True),
        ("lifecycle", "not_equals", "lost", True),
        ("lifecycle", "in", ["lost", "customer"], True),
        ("lifecycle", "not_in", ["lost", "customer"], False),
        ("influence", "at_least", 4, True),
        ("influence", "at_least", 5, False),
        ("influence", "at_most", 4, True),
        ("yearly_value", "at_least", 125000, True),
        ("yearly_value.amount", "at_least", 125000.01, False),
        ("next_contact_due_on", "at_most", "2026-12-31", True),
        ("name", "at_least", 3, False),
        ("key_kind", "at_least", 3, False),
        ("name", "contains", "Works", True),
        ("tags", "contains", "vip", True),
        ("tags", "contains", "VIP", False),
        ("influence", "contains", "4", False),
        ("tags", "is_set", None, True),
        ("key_kind", "is_set", None, False),
        ("moon.phase", "is_not_set", None, True),
        ("influence", "changed", None, True),
        ("lifecycle", "changed", None, False),
        ("key_kind", "changed_from", "double", True),
        ("key_kind", "changed_to", None, True),
        ("influence", "changed_to", 4, True),
        ("influence", "changed_to", 3, False),
        ("lifecycle", "changed_to", None, False),
    ],
)
def test_each_operator(field: str, operator: str, value: Any, fits: bool) -> None:
    assert matches([{"field": field, "operator": operator, "value": value}], PAYLOAD, CHANGES) is fits


def test_all_tests_must_hold_and_none_always_does() -> None:
    yes = {"field": "influence", "operator": "changed"}
    no = {"field": "influence", "operator": "equals", "value": 9}
    assert matches([], PAYLOAD, None)
    assert not matches([yes], PAYLOAD, None)
    assert not matches([yes, no], PAYLOAD, CHANGES)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "amount"]), inner, max_size=2),
    max_leaves=5,
)


@given(payload=st.dictionaries(st.sampled_from(["a", "b"]), ANYTHING), value=ANYTHING, plain=ANYTHING)
def test_nothing_that_may_stand_in_a_field_raises(payload: dict[str, Any], value: Any, plain: Any) -> None:
    for operator in get_args(Operator):
        given_ = [plain] if operator in {"in", "not_in"} else None if operator in WITHOUT_VALUE else value
        for field in ("a", "a.amount", "c"):
            answer = matches([{"field": field, "operator": operator, "value": given_}], payload, {"a": [1, value]})
            assert answer in {True, False}


def test_places_are_filled_once_and_nothing_is_run() -> None:
    words = {"en": "Call {customer} about {name}", "zh-CN": "致电{customer}"}
    assert filled(words, "en", {"customer": "{name} & Co", "name": "Li"}) == "Call {name} & Co about Li"
    assert filled(words, "zh-CN", {"customer": "海通"}) == "致电海通"
    assert filled(words, "fr", {"customer": "A", "name": "B"}) == "Call A about B"
    assert unknown_places("Call {customer.__class__} {0} {}") == ["customer.__class__", "0", ""]
    assert len(filled({"en": "{name}"}, "en", {"name": "x" * 900})) == 500
