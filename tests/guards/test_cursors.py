"""The read door by itself: a cursor that we did not give out is refused, whatever it holds."""

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.customers.listing import CustomerFilter
from crm.customers.queries import LIST
from crm.errors import Unprocessable
from crm.reading import _read_cursor

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
SORTS = ("-created_at", "created_at", "name", "-name", "last_contact_at", "next_contact_due_on")
KEYS = st.one_of(ANYTHING, st.datetimes().map(str), st.dates().map(str), st.just("2026-11-22T00:00:00+00:00"))


def _packed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


CURSORS = st.one_of(
    st.text(max_size=60),
    ANYTHING.map(_packed),
    st.tuples(st.sampled_from(SORTS), st.just(["archived"]), KEYS, ANYTHING | st.uuids().map(str))
    .map(list)
    .map(_packed),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(cursor=CURSORS, sort=st.sampled_from(SORTS))
def test_a_cursor_that_we_did_not_give_out_is_refused(cursor: str, sort: Any) -> None:
    wanted = CustomerFilter.model_construct(None, cursor=cursor, sort=sort)
    try:
        found = _read_cursor(LIST, wanted, frozenset({"archived"}))
    except Unprocessable as refused:
        (error,) = refused.errors
        assert (error.pointer, error.code) in {("query:cursor", "cursor_invalid"), ("query:cursor", "cursor_mismatch")}
    else:
        assert isinstance(found["after_id"], UUID)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "key",
    [None, 1, 1e400, True, [], {}, "", "x", "\0", "9" * 400, "0001-01-01", "9999-12-31T23:59:59+00:00", "2026-11-22",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-W47-7", "2026-11-22T00:00:00"],
    ids=repr,
)  # fmt: skip
async def test_a_made_up_cursor_never_ends_in_an_error_of_ours(client: Any, sort: str, key: Any) -> None:
    text = orjson.dumps([sort, ["archived"], key, str(uuid4())]) if key != 1e400 else b'["name",["archived"],1e400,"x"]'
    cursor = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    answered = await client.get("/v1/customers", params={"sort": sort, "cursor": cursor})
    assert answered.status_code in {200, 422}, answered.text
