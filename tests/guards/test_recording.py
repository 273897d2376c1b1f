"""The write door by itself: refusals by name, a fact for each row, and no secret in any of them."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Insert, Uuid, bindparam, select, update

from crm.customers.models import ONE_CUSTOMER_PER_REGISTRATION_CODE, customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, Statement, statement
from crm.errors import Conflict, Unprocessable
from crm.models import metadata
from crm.nouns import Noun, held_by
from crm.recording import AlreadyExists, changing, creating, record, recorded, renamed
from crm.tables import UNRECORDED
from tests.conftest import Facts, Stage


class CodeTaken(Conflict):
    """For the test."""

    title = "Taken"


@statement
def _customer(columns: frozenset[str]) -> Insert:
    return creating(CUSTOMER, columns)


NOTHING: Mapping[str, type[Conflict]] = {}


async def _make(access: Access, _refusals: Mapping[str, type[Conflict]] = NOTHING, /, **values: Any) -> Any:
    new = {"kind": "company", "name": "Acme", "name_key": "acme", **values}
    return await record(access, "test.created", _customer(frozenset(new)), refusals=_refusals, **renamed(new))


async def test_a_violated_constraint_is_told_by_its_name(access: Access) -> None:
    made = await _make(access, registration_code="A1")
    with pytest.raises(CodeTaken):
        await _make(access, {ONE_CUSTOMER_PER_REGISTRATION_CODE: CodeTaken}, registration_code="A1")
    with pytest.raises(AlreadyExists) as taken:
        await _make(access, registration_code="A1")
    assert taken.value.more["constraint"] == ONE_CUSTOMER_PER_REGISTRATION_CODE
    with pytest.raises(AlreadyExists):
        await _make(access, id=made.id)
    for field, value, code in (
        ("owner_id", uuid4(), "not_found"),
        ("parent_id", uuid4(), "not_found"),
        ("size", "enormous", "invalid"),
        ("name", None, "required"),
    ):
        wrong: dict[str, Any] = {field: value}
        with pytest.raises(Unprocessable) as refused:
            await _make(access, **wrong)
        (error,) = refused.value.errors
        assert (error.pointer, error.code) == (f"#/{field}", code)


async def test_a_change_of_many_rows_leaves_a_fact_for_each(access: Access, events: Facts) -> None:
    made = {(await _make(access, name=f"Acme {number}")).id for number in range(5)}
    home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    everywhere = recorded(CUSTOMER, update(customers).where(home).values(region="West"))
    rows = await access.rows(Statement(everywhere), event_type="test.moved")
    facts = await events("test.moved")
    assert len(rows) == 5
    assert {fact["subject_id"] for fact in facts} == made
    assert all(fact["changes"] == {"region": [None, "West"]} and fact["sequence"] == 2 for fact in facts)


async def test_a_change_that_changes_nothing_leaves_no_fact(access: Access, events: Facts) -> None:
    made = await _make(access, region="West")
    change = Statement(changing(CUSTOMER, access.actor.sight, ["region"]))
    assert await record(access, "test.moved", change, id=made.id, new_region="West") is None
    assert await events("test.moved") == []


OF_A_NOUN = {"id", "version", "workspace_id"}
SECRETS = [
    pytest.param(table, column, id=f"{table.name}.{column.name}")
    for table in metadata.tables.values()
    for column in table.c
    if column.info.get(UNRECORDED) and set(table.c.keys()) >= OF_A_NOUN and column.name != "version"
]


@pytest.mark.parametrize(("table", "column"), SECRETS)
def test_a_secret_column_is_taken_out_of_what_changed(table: Any, column: Any) -> None:
    noun = Noun("secretive", table, lambda row: select(row.c.id), held_by(customers), customer=None)
    sql = Statement(recorded(noun, update(table).values({column.name: table.c[column.name]}))).sql
    removed = sql.split("to_jsonb(old)")[1].split(" AS old_row")[0]
    assert f"'{column.name}'" in removed


async def test_no_fact_holds_a_secret(stage: Stage) -> None:
    # Whatever the tests before this one recorded, in all workspaces.
    secret = {column.name for table in metadata.tables.values() for column in table.c if column.info.get(UNRECORDED)}
    secret -= {"updated_at", "version", "last_used_at", "rows_done", "position"}
    # Bookkeeping: no change of it is a fact, and all may be seen.
    secret -= {"failures", "failing_since", "next_at", "stage_entered_at", "board_place"}
    assert {"password_hash", "secret_hash", "refresh_hash"} <= secret
    keys = "SELECT DISTINCT jsonb_object_keys(changes) FROM events WHERE changes IS NOT NULL"
    assert {row[0] for row in await stage.owner.fetch(keys)} & secret == set()
    shown = "SELECT DISTINCT k FROM events, json_object_keys(payload) AS k WHERE json_typeof(payload) = 'object'"
    assert {row[0] for row in await stage.owner.fetch(shown)} & (secret - {"content"}) == set()
