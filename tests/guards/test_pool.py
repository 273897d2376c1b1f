"""The pool by itself: how long one waits, whose turn it is, what a broken connection leads to."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from crm.pool import SET_WORKSPACE, Busy, Pool, Unreachable
from tests.conftest import Stage

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


@pytest.mark.parametrize(
    "url", ["postgresql://x@nowhere.invalid/x", "postgresql://x@127.0.0.1:1/x", "postgresql://x@/x?host=/nowhere"]
)
async def test_a_database_that_cannot_be_reached_is_told_as_503_and_takes_no_place(url: str) -> None:
    lost = Pool(url, size=1, name="test-lost", patience=0.2)
    for _ in range(2):
        with pytest.raises(Unreachable) as unreachable:
            await lost.take(HOME)
        assert (unreachable.value.status, unreachable.value.headers["Retry-After"]) == (503, "2")


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
