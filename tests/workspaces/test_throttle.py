"""The counters of guesses, at their own level: no password is checked here."""

import asyncio
import random
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from crm.workspaces import throttle
from crm.workspaces.errors import TooManyGuesses
from crm.workspaces.throttle import PER_ACCOUNT
from tests.conftest import Stage


async def pass_time(stage: Stage, subject: str, seconds: float) -> None:
    """Let so many seconds go by for one counter."""
    await stage.owner.execute(
        "UPDATE sign_in_attempts SET failed_at = failed_at - make_interval(secs => $2), "
        "allowed_at = allowed_at - make_interval(secs => $2) WHERE subject = $1",
        subject,
        seconds,
    )


async def guesses_within(stage: Stage, subject: str, seconds: int, *, step: int = 1) -> list[int]:
    """When, in seconds from now, a guesser who never tires gets through."""
    counters, heard, now = throttle.counters(stage.database), [], 0
    while now < seconds:
        try:
            await throttle.count(counters, [subject], PER_ACCOUNT)
            heard.append(now)
        except TooManyGuesses as refused:
            wait = max(step, int(refused.headers["Retry-After"]))
            await pass_time(stage, subject, wait)
            now += wait
    return heard


async def test_nobody_gets_more_than_ten_guesses_in_any_fifteen_minutes_nor_is_locked_out(stage: Stage) -> None:
    heard = await guesses_within(stage, f"user:{uuid4()}", 4 * 3600)
    assert heard[:6] == [0, 0, 0, 0, 0, 30]
    for begin in heard:
        assert sum(begin <= moment < begin + 900 for moment in heard) <= 10
    pauses = [later - earlier for earlier, later in pairwise(heard)]
    assert max(pauses) <= 901
    assert pauses[-3:] == pytest.approx([900] * 3, abs=1)


async def test_all_parallel_guesses_count(stage: Stage) -> None:
    counters, subject = throttle.counters(stage.database), f"user:{uuid4()}"
    results = await asyncio.gather(
        *(throttle.count(counters, [subject], PER_ACCOUNT) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, TooManyGuesses) for result in results) == 15
    counted = await stage.owner.fetchval("SELECT failures FROM sign_in_attempts WHERE subject = $1", subject)
    assert counted == 5


async def test_guesses_at_several_accounts_are_counted_each(stage: Stage) -> None:
    counters, one, other = throttle.counters(stage.database), f"user:{uuid4()}", f"user:{uuid4()}"
    for _ in range(5):
        await throttle.count(counters, [one], PER_ACCOUNT)
    assert await throttle.count(counters, [one, other], PER_ACCOUNT) == {other}


async def test_a_day_of_silence_is_forgotten_and_success_forgets_at_once(stage: Stage) -> None:
    counters, subject = throttle.counters(stage.database), f"user:{uuid4()}"
    for _ in range(5):
        await throttle.count(counters, [subject], PER_ACCOUNT)
    await pass_time(stage, subject, 86_401)
    for _ in range(5):
        await throttle.count(counters, [subject], PER_ACCOUNT)
    with pytest.raises(TooManyGuesses):
        await throttle.count(counters, [subject], PER_ACCOUNT)
    await throttle.clear(counters, [subject])
    assert await throttle.count(counters, [subject], PER_ACCOUNT) == {subject}


async def test_what_was_no_guess_is_taken_back_and_the_others_stay(stage: Stage) -> None:
    counters, subject = throttle.counters(stage.database), f"address:{uuid4()}"
    for _ in range(3):
        await throttle.count(counters, [subject], throttle.PER_ADDRESS)
    await throttle.take_back(counters, subject)
    assert await stage.owner.fetchval("SELECT failures FROM sign_in_attempts WHERE subject = $1", subject) == 2


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("203.0.113.7", "address:203.0.113.7"),
        ("::ffff:203.0.113.7", "address:203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::"),
        ("testclient", None),
    ],
)
def test_an_address_is_who_gets_one_from_the_provider(address: str, subject: str | None) -> None:
    assert throttle.of_address(address) == subject


def test_a_counter_does_not_tell_the_email(stage: Stage) -> None:
    assert "ada" not in throttle.of_nobody("ada@example.com", None)
    assert throttle.of_nobody("ada@example.com", None) != throttle.of_nobody(
        "ada@example.com", UUID(int=random.getrandbits(128))
    )
