"""When somebody is told: quiet hours, digests, waits. Pure functions, by example and by property."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.channels.rules import GATHER, MOST_ATTEMPTS, WAITS, Ways, after_quiet, due_at, is_quiet, next_try
from services.worker.channels.robots import dingtalk_signature, feishu_signature

CHANNEL = UUID(int=7)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
MOMENTS = st.integers(0, 3 * 366 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NIGHT = Ways("email", "Asia/Shanghai", quiet_from=time(22), quiet_until=time(7, 30))
WORKED, OFF = date(2026, 9, 20), {date(2026, 9, day) for day in (25, 26, 27)}
CHINA = Ways(
    "email",
    "Asia/Shanghai",
    quiet_weekends=True,
    is_working_day=lambda day: day == WORKED or (day.weekday() < 5 and day not in OFF),
)


@pytest.mark.parametrize(
    ("ways", "now", "due"),
    [
        # Over midnight, from both sides, and at both ends.
        (NIGHT, "2026-11-23T21:59:00+08:00", "2026-11-23T21:59:10+08:00"),
        (NIGHT, "2026-11-23T21:59:55+08:00", "2026-11-24T07:30:00+08:00"),
        (NIGHT, "2026-11-23T23:00:00+08:00", "2026-11-24T07:30:00+08:00"),
        (NIGHT, "2026-11-24T03:00:00+08:00", "2026-11-24T07:30:00+08:00"),
        (NIGHT, "2026-11-24T07:29:55+08:00", "2026-11-24T07:30:05+08:00"),
        # Within a day.
        (
            Ways("email", "Asia/Shanghai", quiet_from=time(12), quiet_until=time(13, 30)),
            "2026-11-24T12:10:00+08:00",
            "2026-11-24T13:30:00+08:00",
        ),
        # A weekend, alone and before a quiet night's end.
        (Ways("email", "Asia/Shanghai", quiet_weekends=True), "2026-11-21T10:00:00+08:00", "2026-11-23T00:00:00+08:00"),
        (
            Ways("email", "Asia/Shanghai", quiet_from=time(22), quiet_until=time(7, 30), quiet_weekends=True),
            "2026-11-20T23:00:00+08:00",
            "2026-11-23T07:30:00+08:00",
        ),
        # By a calendar: 20 September 2026 is a Sunday that is worked, 25 to 27 a holiday.
        (CHINA, "2026-09-20T10:00:00+08:00", "2026-09-20T10:00:10+08:00"),
        (CHINA, "2026-09-25T10:00:00+08:00", "2026-09-28T00:00:00+08:00"),
        # Digests: the next full hour, by a clock that is half an hour aside too; the next of the times.
        (Ways("email", "Asia/Shanghai", "hourly"), "2026-11-24T09:20:00+08:00", "2026-11-24T10:00:00+08:00"),
        (Ways("email", "Asia/Kolkata", "hourly"), "2026-11-24T09:20:00+05:30", "2026-11-24T10:00:00+05:30"),
        (
            Ways("email", "Asia/Shanghai", "daily", (time(17, 30), time(9))),
            "2026-11-24T09:00:00+08:00",
            "2026-11-24T17:30:00+08:00",
        ),
        (
            Ways("email", "Asia/Shanghai", "daily", (time(9),)),
            "2026-11-24T10:00:00+08:00",
            "2026-11-25T09:00:00+08:00",
        ),
        # A digest at a time that the clocks skip comes after the gap; one that they show twice comes once, first.
        (
            Ways("email", "Europe/Paris", "daily", (time(2, 30),)),
            "2026-03-28T12:00:00+01:00",
            "2026-03-29T03:30:00+02:00",
        ),
        (
            Ways("email", "Europe/Paris", "daily", (time(2, 30),)),
            "2026-10-25T02:30:00+02:00",
            "2026-10-26T02:30:00+01:00",
        ),
    ],
)
def test_somebody_is_told_when_they_want_to_be(ways: Ways, now: str, due: str) -> None:
    assert due_at(ways, CHANNEL, at(now)) == at(due)


@given(moment=MOMENTS, zone=st.sampled_from(ZONES), begins=TIMES, ends=TIMES, weekends=st.booleans())
def test_what_comes_after_quiet_hours_is_later_not_quiet_and_soon(
    moment: datetime, zone: str, begins: time, ends: time, weekends: bool
) -> None:
    if begins == ends:
        return
    ways = Ways("email", zone, quiet_from=begins, quiet_until=ends, quiet_weekends=weekends)
    told = after_quiet(ways, moment)
    assert told >= moment
    assert not is_quiet(ways, told)
    assert (told == moment) is not is_quiet(ways, moment)
    assert told - moment <= timedelta(days=5)


@given(moment=MOMENTS, zone=st.sampled_from(ZONES), times=st.lists(TIMES, min_size=1, max_size=5))
def test_a_daily_digest_comes_within_a_day_or_a_little_more_and_at_its_time(
    moment: datetime, zone: str, times: list[time]
) -> None:
    due = due_at(Ways("email", zone, "daily", tuple(times)), CHANNEL, moment)
    assert moment < due <= moment + timedelta(hours=50)
    local = due.astimezone(ZoneInfo(zone))
    assert local.time() in times or (local - timedelta(hours=26)).utcoffset() != local.utcoffset()


def test_feishu_is_left_alone_at_full_and_half_hours() -> None:
    ways = Ways("feishu", "Asia/Shanghai", "hourly")
    for number in range(200):
        due = due_at(ways, UUID(int=number), at("2026-11-24T09:20:00+08:00"))
        assert timedelta(minutes=1) <= due - at("2026-11-24T10:00:00+08:00") < timedelta(minutes=4)
    assert due_at(Ways("feishu", "UTC"), CHANNEL, at("2026-11-24T09:12:00Z")) == at("2026-11-24T09:12:00Z") + GATHER


@given(attempt=st.integers(1, MOST_ATTEMPTS - 1), seed=st.integers(), wanted=st.none() | st.integers(0, 10**6))
def test_a_wait_is_never_shorter_than_its_step_nor_held_for_long(attempt: int, seed: int, wanted: int | None) -> None:
    asked = None if wanted is None else timedelta(seconds=wanted)
    wait = next_try(attempt, Random(seed), asked)
    step = WAITS[attempt - 1]
    assert wait is not None
    # A minute at least, so that attempts within a minute are as many as messages and the limit can count those.
    assert max(step, timedelta(minutes=1)) <= wait <= 1.2 * max(2 * step, timedelta(minutes=15))
    if asked is None:
        assert wait <= 1.2 * step
    elif asked <= timedelta(minutes=15):
        assert wait >= asked


def test_the_last_attempt_is_the_last() -> None:
    assert next_try(MOST_ATTEMPTS, Random(1)) is None
    assert sum(WAITS, timedelta()) == timedelta(hours=15, minutes=51)
    with pytest.raises(ValueError, match="counted from 1"):
        next_try(0, Random(1))


def test_signatures_are_those_of_the_platforms() -> None:
    # By openssl: printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
    assert dingtalk_signature("this is secret", 1577262236757) == (
        "&timestamp=1577262236757&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"
    )
    # By openssl: printf '' | openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary | base64
    assert feishu_signature("demo", 1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
