"""Passwords: rules, hashes, and the limit on how many are checked at once."""

import asyncio
import threading
import time
from statistics import median

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from crm.errors import Unavailable, Unprocessable
from crm.workspaces import passwords
from crm.workspaces.passwords import Verdict, check_password, hash_password, verify_password

GOOD = "correct horse battery"
EMAIL = "li.wei@example.com"


def code_of(password: str) -> str:
    with pytest.raises(Unprocessable) as refused:
        check_password(password, EMAIL)
    (error,) = refused.value.errors
    assert error.pointer == "#/password"
    return error.code


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("1234567", "too_short"),
        ("密码密码密码密", "too_short"),
        ("x" * 257, "too_long"),
        ("password", "too_common"),
        ("PassWord", "too_common"),
        ("１２３４５６７８", "too_common"),
        ("88888888", "too_common"),
        ("woaini1314", "too_common"),
        (EMAIL, "same_as_email"),
        ("Li.Wei@Example.com", "same_as_email"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, code: str) -> None:
    assert code_of(password) == code


def test_the_name_part_of_the_email_is_refused() -> None:
    with pytest.raises(Unprocessable):
        check_password("liwei.chongqing", "liwei.chongqing@example.com")


@pytest.mark.parametrize("password", ["x7Kq-9ab", GOOD, "一二三四五六七八", "y" * 256])
def test_a_good_password_passes(password: str) -> None:
    check_password(password, EMAIL)


async def test_a_password_verifies_against_its_own_hash_only() -> None:
    known = await hash_password(GOOD)
    assert await verify_password(known, GOOD) == Verdict(ok=True, needs_rehash=False)
    assert await verify_password(known, GOOD + "!") == Verdict(ok=False, needs_rehash=False)
    assert await verify_password(known, "") == Verdict(ok=False, needs_rehash=False)


async def test_the_hash_is_argon2id_with_the_chosen_cost() -> None:
    parameters = extract_parameters(await hash_password(GOOD))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        Type.ID,
        47104,
        1,
        1,
    )


async def test_full_width_and_composed_spellings_are_the_same_password() -> None:
    known = await hash_password("Ｃａｆe\u0301 2026")
    assert (await verify_password(known, "Caf\u00e9 2026")).ok


async def test_an_older_hash_is_right_and_asks_to_be_renewed() -> None:
    older = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    assert await verify_password(older, GOOD) == Verdict(ok=True, needs_rehash=True)


@pytest.mark.parametrize("password", [GOOD, "", "A" * 32, "z" * 100_000, "\ud800 lone surrogate"])
async def test_nobody_has_no_password(password: str) -> None:
    assert await verify_password(None, password) == Verdict(ok=False, needs_rehash=False)


async def test_a_longer_password_does_not_pass_by_being_cut() -> None:
    known = await hash_password("x" * 256)
    assert (await verify_password(known, "x" * 256)).ok
    assert not (await verify_password(known, "x" * 257)).ok


def test_the_hash_nobody_has_costs_as_much_as_a_real_one() -> None:
    assert not passwords._hasher.check_needs_rehash(passwords._NOBODYS)


async def test_unknown_users_take_as_long_as_wrong_passwords() -> None:
    known = await hash_password(GOOD)

    async def seconds(stored: str | None) -> float:
        began = time.perf_counter()
        await verify_password(stored, "wrong password")
        return time.perf_counter() - began

    # Taken in turns, so that what else the machine does weighs on both alike.
    pairs = [(await seconds(known), await seconds(None)) for _ in range(15)]
    with_user, without = median(a for a, _ in pairs), median(b for _, b in pairs)
    assert without > 0.005
    assert 0.6 < without / with_user < 1.67


async def test_two_work_twenty_wait_and_the_next_is_told_to_come_back() -> None:
    release = threading.Event()
    running = 0
    most = 0
    lock = threading.Lock()

    def work() -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        release.wait(10)
        with lock:
            running -= 1
        return "done"

    held = [asyncio.create_task(passwords._off_the_loop(work)) for _ in range(22)]
    try:
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable) as refused:
            await verify_password(None, GOOD)
        assert refused.value.status == 503
        assert int(refused.value.headers["Retry-After"]) >= 1
        # A caller who leaves the queue gives the place back at once.
        held[-1].cancel()
        await asyncio.wait([held[-1]])
        held.append(asyncio.create_task(passwords._off_the_loop(work)))
        await asyncio.sleep(0.05)
        assert not held[-1].done()
    finally:
        release.set()
        results = await asyncio.gather(*held, return_exceptions=True)
    assert results.count("done") == 22
    assert most == 2
    assert not (await verify_password(None, GOOD)).ok


async def test_a_caller_who_leaves_while_being_served_keeps_the_place_until_the_work_ends() -> None:
    release = threading.Event()
    tasks = [asyncio.create_task(passwords._off_the_loop(lambda: release.wait(10))) for _ in range(22)]
    try:
        await asyncio.sleep(0.05)
        tasks[0].cancel()
        await asyncio.wait([tasks[0]])
        with pytest.raises(Unavailable):
            await verify_password(None, GOOD)
    finally:
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_loop_goes_on_while_passwords_are_checked() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(verify_password(None, GOOD) for _ in range(6)))
    ticking.cancel()
    assert ticks >= 10
