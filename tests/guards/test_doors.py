"""The doors by themselves: the pool, the compiled statement, what is recorded of a change, what a cursor may be."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Insert, Integer, Select, Text, Uuid, bindparam, func, insert, literal, select, update

from crm.customers.models import ONE_CUSTOMER_PER_REGISTRATION_CODE, customers
from crm.customers.queries import CUSTOMER, LIST
from crm.customers.schemas import CustomerFilter
from crm.database import Access, Database, Statement, statement
from crm.errors import Conflict, Unprocessable
from crm.models import metadata, teams
from crm.nouns import Noun, held_by
from crm.pool import SET_WORKSPACE, Busy, Pool
from crm.reading import _read_cursor
from crm.recording import AlreadyExists, changing, creating, record, recorded, renamed
from crm.tables import UNRECORDED
from tests.conftest import Facts, Stage
from tests.factories import Workspace

HOME, OTHER = uuid4(), uuid4()


@pytest_asyncio.fixture
async def pool(stage: Stage) -> AsyncIterator[Pool]:
    """Two connections, and little patience."""
    small = Pool(stage.dsn(), size=2, name="test-pool", patience=0.2)
    yield small
    await small.close()


async def carried(connection: asyncpg.Connection) -> str:
    """The workspace that row-level security sees."""
    found: str = await connection.fetchval("SELECT current_setting('rapport.workspace_id', true)")
    return found


async def test_who_finds_no_connection_waits_a_while_and_is_told_when_to_come_again(pool: Pool) -> None:
    taken = [await pool.take(HOME), await pool.take(HOME)]
    began = time.monotonic()
    with pytest.raises(Busy) as busy:
        await pool.take(HOME)
    assert 0.15 < time.monotonic() - began < 2
    assert (busy.value.status, busy.value.headers["Retry-After"]) == (503, "1")
    for connection in taken:
        pool.give_back(connection)
    pool.give_back(await pool.take(HOME))


async def test_whoever_waits_gets_the_next_free_connection_in_turn(pool: Pool) -> None:
    first, second = await pool.take(HOME), await pool.take(HOME)
    served: list[int] = []

    async def wait(number: int) -> None:
        connection = await pool.take(HOME)
        served.append(number)
        pool.give_back(connection)

    waiting = []
    for number in range(3):
        waiting.append(asyncio.create_task(wait(number)))
        await asyncio.sleep(0.01)
    pool.give_back(first)
    await asyncio.gather(*waiting)
    assert served == [0, 1, 2]
    pool.give_back(second)


async def test_a_waiter_who_gives_up_does_not_take_the_turn_of_the_next(pool: Pool) -> None:
    taken = [await pool.take(HOME), await pool.take(HOME)]
    impatient, patient = (asyncio.create_task(pool.take(HOME)) for _ in range(2))
    await asyncio.sleep(0.01)
    pool.give_back(taken[0])
    impatient.cancel()
    got = await patient
    assert impatient.cancelled()
    pool.give_back(got)
    pool.give_back(taken[1])


async def test_a_discarded_connection_makes_room_for_a_new_one(pool: Pool) -> None:
    taken = [await pool.take(HOME), await pool.take(HOME)]
    waiting = asyncio.create_task(pool.take(OTHER))
    await asyncio.sleep(0.01)
    pool.discard(taken[0])
    fresh = await waiting
    assert await carried(fresh) == str(OTHER)
    for connection in (fresh, taken[1]):
        pool.give_back(connection)


async def test_a_connection_that_was_cut_is_replaced(stage: Stage, pool: Pool) -> None:
    for busy in (False, True):
        connection = await pool.take(HOME)
        pid = connection.get_server_pid()
        if not busy:
            pool.give_back(connection)
        await stage.owner.execute("SELECT pg_terminate_backend($1)", pid)
        await asyncio.sleep(0.05)
        if busy:
            pool.give_back(connection)
        healed = await pool.take(HOME)
        assert healed.get_server_pid() != pid
        assert await carried(healed) == str(HOME)
        pool.give_back(healed)


async def test_the_workspace_is_sent_only_where_it_differs(pool: Pool, queries: list[str]) -> None:
    for home, sent in ((HOME, 1), (HOME, 1), (OTHER, 2), (OTHER, 2), (None, 3), (HOME, 4)):
        connection = await pool.take(home)
        assert queries.count(SET_WORKSPACE) == sent
        assert await carried(connection) == ("" if home is None else str(home))
        pool.give_back(connection)


async def test_the_connection_that_carries_the_workspace_is_preferred(pool: Pool, queries: list[str]) -> None:
    one, other = await pool.take(HOME), await pool.take(OTHER)
    for connection in (one, other):
        pool.give_back(connection)
    queries.clear()
    for _ in range(3):
        for home, expected in ((HOME, one), (OTHER, other)):
            connection = await pool.take(home)
            assert connection is expected
            pool.give_back(connection)
    assert queries == []


async def test_an_open_transaction_never_comes_back(pool: Pool) -> None:
    connection = await pool.take(HOME)
    await connection.execute("BEGIN")
    pool.give_back(connection)
    assert connection.is_closed()


async def test_a_closed_pool_keeps_nothing(stage: Stage) -> None:
    pool = Pool(stage.dsn(), size=2, name="test-closing")
    used, idle = await pool.take(HOME), await pool.take(HOME)
    pool.give_back(idle)
    await pool.close()
    assert idle.is_closed()
    pool.give_back(used)
    assert used.is_closed()


# The compiled statement.


def test_parameters_come_in_the_order_in_which_the_sql_names_them() -> None:
    found = Statement(
        select(bindparam("b", type_=Text), bindparam("a", type_=Integer)).where(bindparam("b", type_=Text) == "x")
    )
    numbers = {name: found.sql.index(f"${position}") for position, name in enumerate(found.names, 1)}
    assert found.arguments({"a": 1}, {"b": "two"}) == [{"a": 1, "b": "two"}[name] for name in found.names]
    assert sorted(found.names, key=lambda name: numbers[name]) == list(found.names)


def test_a_value_goes_before_what_the_actor_knows() -> None:
    found = Statement(select(bindparam("a", type_=Integer)))
    assert found.arguments({"a": 1}, {"a": 2}) == [2]
    assert found.arguments({"a": 1}, {}) == [1]


def test_a_name_that_nobody_gives_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="missing"):
        Statement(select(bindparam("missing", type_=Text))).arguments({}, {"other": 1})


async def test_constants_are_part_of_the_sql_and_cannot_break_out_of_it(access: Access) -> None:
    nasty = "it's; DROP TABLE x --", 'a "b" \\ %s $1 :x', "客户", "\\'; --", "100%"
    for constant in nasty:
        found = Statement(select(literal(constant, Text), bindparam("sent", type_=Text)))
        assert found.names == ("sent",)
        assert tuple(await access.row(found, sent=constant) or ()) == (constant, constant)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_constant_is_quoted(constant: str) -> None:
    sql = Statement(select(literal(constant, Text))).sql
    body = sql.removeprefix("SELECT '").partition("' AS ")[0].removesuffix("'::TEXT")
    assert "'" not in body.replace("''", ""), sql


def test_a_statement_is_compiled_once_for_each_combination() -> None:
    built: list[int] = []

    @statement
    def counted(number: int) -> Select[Any]:
        built.append(number)
        return select(literal(number, Integer))

    assert counted(1) is counted(1)
    assert counted(1) is not counted(2)
    assert built == [1, 2]


# Transactions.


@statement
def _add_team() -> Insert:
    new = {"workspace_id": bindparam("workspace_id", type_=Uuid), "name": bindparam("name", type_=Text)}
    return insert(teams).values(new).returning(teams.c.id)


@statement
def _names() -> Select[Any]:
    return select(teams.c.name).where(teams.c.workspace_id == bindparam("workspace_id", type_=Uuid))


@statement
def _nonsense() -> Select[Any]:
    return select(literal(1, Integer) / bindparam("zero", type_=Integer))


async def _teams(database: Database, workspace: Workspace) -> set[str]:
    rows = await database.reading(workspace.admin.actor).rows(_names())
    return {row[0] for row in rows} - {"North", "South"}


async def test_a_block_that_ends_well_is_committed_and_one_that_fails_is_not(
    stage: Stage, workspace: Workspace
) -> None:
    async with stage.database.transaction(workspace.admin.actor) as tx:
        await tx.row(_add_team(), name="kept")

    async def failing(error: Exception | None) -> None:
        async with stage.database.transaction(workspace.admin.actor) as tx:
            await tx.row(_add_team(), name="lost")
            if error:
                raise error
            await tx.row(_nonsense(), zero=0)

    with pytest.raises(ZeroDivisionError):
        await failing(ZeroDivisionError())
    with pytest.raises(asyncpg.DivisionByZeroError):
        await failing(None)
    assert await _teams(stage.database, workspace) == {"kept"}


async def test_an_attempt_undoes_only_itself(stage: Stage, workspace: Workspace) -> None:
    async with stage.database.transaction(workspace.admin.actor) as tx:
        await tx.row(_add_team(), name="before")
        with suppress(asyncpg.DivisionByZeroError):
            async with tx.attempt():
                await tx.row(_add_team(), name="inside")
                await tx.row(_nonsense(), zero=0)
        async with tx.attempt():
            await tx.row(_add_team(), name="second")
        await tx.many(_add_team(), [{"name": f"many {number}"} for number in range(3)])
    assert await _teams(stage.database, workspace) == {"before", "second", "many 0", "many 1", "many 2"}


async def test_an_error_of_postgres_keeps_the_connection(stage: Stage, workspace: Workspace) -> None:
    database = Database(stage.dsn(), name="test-single", size=1)
    access = database.writing(workspace.admin.actor)
    pid = Statement(select(func.pg_backend_pid()))
    before = await access.value(pid)
    for ask in (access.rows, access.row, access.value):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await ask(_nonsense(), zero=0)
    assert await access.value(pid) == before
    await database.close()


# What is recorded.


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
    secret -= {"updated_at", "version", "last_used_at"}
    assert {"password_hash", "secret_hash", "refresh_hash"} <= secret
    keys = "SELECT DISTINCT jsonb_object_keys(changes) FROM events WHERE changes IS NOT NULL"
    assert {row[0] for row in await stage.owner.fetch(keys)} & secret == set()
    shown = "SELECT DISTINCT k FROM events, json_object_keys(payload) AS k WHERE json_typeof(payload) = 'object'"
    assert {row[0] for row in await stage.owner.fetch(shown)} & (secret - {"content"}) == set()


# Cursors.

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
