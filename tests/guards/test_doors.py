"""The way to the database by itself: what a statement becomes, and what a transaction undoes."""

from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Insert, Integer, Select, Text, Uuid, bindparam, func, insert, literal, select

from crm.database import Access, Database, Statement, statement
from crm.models import teams
from tests.conftest import Stage
from tests.factories import Workspace


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
