"""How often strangers may come: counters in Postgres, at their own level."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from crm.database import Database
from crm.errors import TooManyRequests
from crm.strangers import limits
from crm.strangers.limits import ADDRESS, MISS, Rate
from crm.workspaces import throttle
from tests.conftest import Stage

TEN_AN_HOUR = Rate(10, timedelta(hours=1))


async def pass_time(stage: Stage, subject: str, seconds: float) -> None:
    """Let so many seconds go by for one counter."""
    await stage.owner.execute(
        "UPDATE stranger_counters SET forgotten_at = forgotten_at - make_interval(secs => $2) WHERE subject = $1",
        subject,
        seconds,
    )


async def visits(stage: Stage, subject: str, rate: Rate, tries: int) -> tuple[int, int]:
    """How many of so many tries at once come in, and how many seconds the next one is told to wait."""
    entered = 0
    for _ in range(tries):
        try:
            await limits.enter(stage.database, subject, rate)
            entered += 1
        except TooManyRequests as refused:
            return entered, int(refused.headers["Retry-After"])
    return entered, 0


async def test_so_many_come_in_at_once_and_after_them_one_for_each_share_of_the_period(stage: Stage) -> None:
    subject = f"test:{uuid4()}"
    entered, wait = await visits(stage, subject, TEN_AN_HOUR, 20)
    assert entered == 10
    assert 300 < wait <= 360
    await pass_time(stage, subject, wait)
    assert (await visits(stage, subject, TEN_AN_HOUR, 20))[0] == 1
    await pass_time(stage, subject, 5 * 360 + 1)
    assert (await visits(stage, subject, TEN_AN_HOUR, 20))[0] == 5
    await pass_time(stage, subject, 7200)
    assert (await visits(stage, subject, TEN_AN_HOUR, 20))[0] == 10


async def test_a_refused_visit_counts_nothing_so_nobody_is_shut_out_by_trying_too_often(stage: Stage) -> None:
    subject = f"test:{uuid4()}"
    await visits(stage, subject, TEN_AN_HOUR, 20)
    for _ in range(30):
        with pytest.raises(TooManyRequests):
            await limits.enter(stage.database, subject, TEN_AN_HOUR)
    await pass_time(stage, subject, 360)
    await limits.enter(stage.database, subject, TEN_AN_HOUR)


async def test_all_that_come_at_the_same_moment_are_counted(stage: Stage) -> None:
    subject = f"test:{uuid4()}"
    coming = (limits.enter(stage.database, subject, TEN_AN_HOUR) for _ in range(40))
    results = await asyncio.gather(*coming, return_exceptions=True)
    assert sum(result is None for result in results) == 10
    assert sum(isinstance(result, TooManyRequests) for result in results) == 30


async def test_whoever_guesses_links_is_slowed_down_to_one_guess_in_a_hundred_seconds(stage: Stage) -> None:
    address = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    subject = throttle.of_address(address)
    assert subject is not None
    guesses, waited = 0, 0.0
    while waited < 1000:
        try:
            await limits.enter_from(stage.database, address)
            await limits.missed_from(stage.database, address)
            guesses += 1
        except TooManyRequests as refused:
            wait = int(refused.headers["Retry-After"])
            waited += wait
            await pass_time(stage, subject, wait)
    at_once = ADDRESS.most // (MISS + 1) + 1
    assert guesses <= at_once + 1000 / (ADDRESS.share.total_seconds() * MISS) + 1
    assert guesses >= 10


async def test_a_guesser_is_never_shut_out_for_longer_than_what_one_guess_costs(stage: Stage) -> None:
    address = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    for _ in range(50):
        await limits.missed_from(stage.database, address)
    with pytest.raises(TooManyRequests) as refused:
        await limits.enter_from(stage.database, address)
    assert int(refused.value.headers["Retry-After"]) <= ADDRESS.share.total_seconds() * (MISS + 1)


async def test_neighbours_of_one_ipv6_network_share_a_counter_and_others_do_not(stage: Stage) -> None:
    network = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}"
    for _ in range(20):
        await limits.missed_from(stage.database, f"{network}::1")
    with pytest.raises(TooManyRequests):
        await limits.enter_from(stage.database, f"{network}::2")
    await limits.enter_from(stage.database, f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")


async def test_what_is_no_address_is_not_counted(stage: Stage) -> None:
    for _ in range(ADDRESS.most + 10):
        await limits.enter_from(stage.database, "unix socket")


async def test_counters_with_nothing_left_to_count_are_taken_away_and_no_others(own_stage: Stage) -> None:
    for name in ("old", "older", "young"):
        await limits.enter(own_stage.database, name, TEN_AN_HOUR)
    for name in ("old", "older"):
        await pass_time(own_stage, name, 3600)
    worker = Database(own_stage.dsn("rapport_worker"), name="test-worker", size=1)
    assert await limits.forget(worker, most=1) == 1
    assert await limits.forget(worker, most=10) == 1
    await worker.close()
    left = await own_stage.owner.fetch("SELECT subject FROM stranger_counters")
    assert [row["subject"] for row in left] == ["young"]
