"""Whoever gives up half-way leaves nothing behind: no open transaction, and no other workspace on the connection."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import ColumnElement, Insert, Select, Text, Uuid, bindparam, func, insert, select

from crm.database import Database, statement
from crm.models import teams
from services.api.main import create_app
from services.api.openapi import document
from tests.conftest import Client, Running, Stage
from tests.factories import Workspace

TIMES = 300
STATES = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state LIKE 'idle in transaction%'"


class GivenUp(Exception):
    """The caller changed its mind inside the block."""


class Patience:
    """How long to wait before giving up: so that, on a fast machine and on a slow one, some end and some do not."""

    def __init__(self) -> None:
        self.seconds, self.cancelled = 0.02, 0

    def learn(self, ended: object) -> None:
        """Wait longer after one that was cancelled, shorter after one that ended."""
        cut = isinstance(ended, asyncio.CancelledError)
        self.cancelled += cut
        self.seconds = min(self.seconds * (1.05 if cut else 0.8), 0.05)


@statement
def seen() -> Select[Any]:
    """Whose rows there are on this connection; takes a moment, in which one can be cancelled."""
    columns: list[ColumnElement[Any]] = [func.array_agg(teams.c.workspace_id.distinct())]
    columns.append(func.max(func.pg_sleep(0.002).cast(Text)))
    return select(*columns).select_from(teams)


@statement
def added() -> Insert:
    """One team more."""
    new = {"workspace_id": bindparam("workspace_id", type_=Uuid), "name": bindparam("name", type_=Text)}
    return insert(teams).values(new).returning(teams.c.id)


@pytest_asyncio.fixture
async def narrow(stage: Stage) -> AsyncIterator[Database]:
    """A single connection for everybody."""
    database = Database(stage.dsn(), name="test-narrow", size=1)
    yield database
    await database.close()


async def _read(database: Database, who: Workspace) -> None:
    whose = await database.reading(who.admin.actor).value(seen())
    assert whose == [who.id]


async def _write(database: Database, who: Workspace) -> None:
    async with database.transaction(who.admin.actor) as tx:
        await tx.row(added(), name="half")
        await tx.row(seen())
        await tx.row(added(), name="way")


async def _attempt(database: Database, who: Workspace) -> None:
    async with database.transaction(who.admin.actor) as tx:
        with suppress(GivenUp):
            async with tx.attempt():
                await tx.row(added(), name="half")
                await tx.row(seen())
                raise GivenUp
        await tx.row(added(), name="half")
        await tx.row(added(), name="way")


WAYS: tuple[Callable[[Database, Workspace], Awaitable[None]], ...] = (_read, _write, _attempt)


async def test_three_hundred_cancelled_statements_leave_nothing_behind(
    stage: Stage, narrow: Database, workspace: Workspace, elsewhere: Workspace
) -> None:
    chance, patience = random.Random(20261122), Patience()
    for _ in range(TIMES):
        who = chance.choice((workspace, elsewhere))
        tasks = [asyncio.ensure_future(chance.choice(WAYS)(narrow, who)) for _ in range(chance.choice((1, 1, 2)))]
        await asyncio.sleep(chance.random() * patience.seconds)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            patience.learn(ended)
            assert ended is None or isinstance(ended, asyncio.CancelledError), ended
        if chance.random() < 0.3:
            await _read(narrow, chance.choice((workspace, elsewhere)))
    assert patience.cancelled > TIMES / 10
    for who in (workspace, elsewhere, workspace):
        await _read(narrow, who)
    assert await stage.owner.fetchval(STATES, "test-narrow") == 0
    assert (
        await stage.owner.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test-narrow'") == 1
    )
    for home in (workspace.id, elsewhere.id):
        counted = "SELECT count(*) FROM teams WHERE workspace_id = $1 AND name = $2"
        halves, ways = [await stage.owner.fetchval(counted, home, name) for name in ("half", "way")]
        assert halves == ways, "what was cancelled must not be half there"


@pytest_asyncio.fixture
async def narrow_api(stage: Stage) -> AsyncIterator[Running]:
    """The API with a single connection."""
    app = create_app(stage.settings(RAPPORT_POOL_SIZE=1))
    async with app.router.lifespan_context(app):
        yield Running(app, document(app))


async def _call(client: Client, name: str) -> None:
    created = await client.post("/v1/customers", json={"name": name}, headers={"Idempotency-Key": name})
    assert created.status_code in {201, 503}
    listed = await client.get("/v1/customers", params={"limit": 200})
    assert listed.status_code in {200, 503}


async def test_requests_that_are_cut_off_leave_nothing_behind(
    stage: Stage, narrow_api: Running, workspace: Workspace, elsewhere: Workspace
) -> None:
    chance = random.Random(20261122)
    patience = Patience()
    people = {who.id: Client(narrow_api, who.admin.token) for who in (workspace, elsewhere)}
    for number in range(TIMES):
        home = chance.choice(list(people))
        task = asyncio.ensure_future(_call(people[home], f"{home}-{number}"))
        await asyncio.sleep(chance.random() * patience.seconds)
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        patience.learn(ended)
        assert ended is None or isinstance(ended, asyncio.CancelledError), ended
    assert TIMES / 10 < patience.cancelled < TIMES
    for home, client in people.items():
        shown = (await client.get("/v1/customers", params={"limit": 200, "include_total": True})).json()
        assert shown["total"] > 0
        assert {customer["name"].rpartition("-")[0] for customer in shown["data"]} == {str(home)}
        facts = await stage.owner.fetchval(
            "SELECT count(*) FROM events WHERE workspace_id = $1 AND type = 'customer.created'", home
        )
        kept = await stage.owner.fetchval("SELECT count(*) FROM idempotency_keys WHERE workspace_id = $1", home)
        assert shown["total"] == facts == kept
        await client.aclose()
    assert await stage.owner.fetchval(STATES, "rapport-api") == 0


@pytest.mark.parametrize("who", ["workspace", "elsewhere"])
async def test_a_connection_says_which_workspace_it_carries(
    narrow: Database, who: str, request: pytest.FixtureRequest, workspace: Workspace, elsewhere: Workspace
) -> None:
    home = {"workspace": workspace, "elsewhere": elsewhere}[who]
    async with narrow.transaction(home.admin.actor) as tx:
        carried = await tx.value(_carried())
    assert carried == str(home.id)


@statement
def _carried() -> Select[Any]:
    return select(func.current_setting("rapport.workspace_id"))
