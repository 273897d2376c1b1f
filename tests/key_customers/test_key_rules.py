"""Who deserves to be a key customer (domain.md B3): the first 20 % by value, the influential, and both."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.key_customers.rules import deserved, places, proposal

LIMITS = {"share_percent": 20, "influence_from": 4}


@pytest.mark.parametrize(("customers", "first"), [(0, 0), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (100, 20)])
def test_a_fifth_is_rounded_up(customers: int, first: int) -> None:
    assert places(customers, 20) == first


@given(st.integers(0, 10**6), st.integers(1, 100))
def test_the_share_is_never_less_than_asked_and_never_one_more(customers: int, percent: int) -> None:
    first = places(customers, percent)
    assert first * 100 >= customers * percent > (first - 1) * 100 or customers == first == 0


@pytest.mark.parametrize(
    ("place", "value", "influence", "kind"),
    [
        (2, 100, None, "high_value"),
        (2, 100, 3, "high_value"),
        (2, 100, 4, "double"),
        (3, 100, 4, "influential"),
        (3, 100, 3, None),
        (1, 0, None, None),
        (1, 0, 5, "influential"),
    ],
)
def test_value_and_influence_make_the_kind(place: int, value: int, influence: int | None, kind: str | None) -> None:
    assert deserved(place, 10, Decimal(value), influence, **LIMITS) == kind


@pytest.mark.parametrize(
    ("class_", "key_kind", "deserves", "kind"),
    [
        ("ordinary", None, None, None),
        ("ordinary", None, "double", "promote"),
        ("potential", "double", "double", "promote"),
        ("key", "double", "double", None),
        ("key", None, "double", "change"),
        ("key", "high_value", "double", "change"),
        ("key", "high_value", None, "demote"),
        ("key", None, None, "demote"),
    ],
)
def test_what_is_proposed_follows_from_what_one_is(
    class_: str, key_kind: str | None, deserves: str | None, kind: str | None
) -> None:
    assert proposal(class_, key_kind, deserves) == kind  # type: ignore[arg-type]  # words of the table above
