"""Wall-clock time and moments."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.clock import is_zone, local_date, moment_of

ZONES = sorted(filter(is_zone, available_timezones()))
FIRST, DAYS = date(2025, 1, 1), 3 * 365


@pytest.mark.parametrize("zone", ZONES)
def test_half_past_two_is_one_moment_on_each_local_day_for_three_years(zone: str) -> None:
    moments = [moment_of(FIRST + timedelta(days=n), time(2, 30), zone) for n in range(DAYS)]
    assert all(earlier < later for earlier, later in pairwise(moments))
    assert [local_date(moment, zone) for moment in moments] == [FIRST + timedelta(days=n) for n in range(DAYS)]
    assert all(moment.tzinfo is UTC for moment in moments)
    clocks = {moment.astimezone(ZoneInfo(zone)).time() for moment in moments}
    assert time(2, 30) in clocks
    assert min(clocks) == time(2, 30), "a skipped time moves forward, never back"


@given(
    st.sampled_from(ZONES),
    st.dates(date(1950, 1, 2), date(2090, 1, 1)),
    st.times(),
    st.integers(1, 3),
)
def test_a_later_day_never_gives_an_earlier_moment(zone: str, day: date, at: time, later: int) -> None:
    assert moment_of(day, at, zone) <= moment_of(day + timedelta(days=later), at, zone)


@given(st.sampled_from(ZONES), st.datetimes(datetime(1950, 1, 2), datetime(2090, 1, 1)))  # noqa: DTZ001  # the clock on the wall
def test_of_all_moments_that_show_a_time_it_is_the_first(zone: str, wall: datetime) -> None:
    moment = moment_of(wall.date(), wall.time(), zone)
    shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown >= wall
    if shown == wall:
        assert moment.astimezone(ZoneInfo(zone)).fold == 0


def test_a_skipped_time_moves_forward_and_a_repeated_one_is_the_first() -> None:
    assert moment_of(date(2026, 3, 29), time(2, 30), "Europe/Paris") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert moment_of(date(2026, 10, 25), time(2, 30), "Europe/Paris") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = time(2, 30, fold=1)
    assert moment_of(date(2026, 10, 25), second, "Europe/Paris") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_nine_in_shanghai_is_one_in_utc() -> None:
    assert moment_of(date(2026, 11, 30), time(9), "Asia/Shanghai") == datetime(2026, 11, 30, 1, tzinfo=UTC)


def test_a_day_that_a_zone_skipped_is_the_moment_of_the_next() -> None:
    skipped, following = (moment_of(date(2011, 12, day), time(9), "Pacific/Apia") for day in (30, 31))
    assert skipped == following


def test_the_local_date_is_that_of_the_zone() -> None:
    moment = datetime(2026, 11, 29, 16, 30, tzinfo=UTC)
    assert local_date(moment, "Asia/Shanghai") == date(2026, 11, 30)
    assert local_date(moment, "America/New_York") == date(2026, 11, 29)
    assert local_date(moment.astimezone(timezone(timedelta(hours=-8))), "Asia/Shanghai") == date(2026, 11, 30)


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        local_date(datetime(2026, 11, 30), "UTC")  # noqa: DTZ001  # the clock on the wall


@pytest.mark.parametrize("name", ["Asia/Shanghai", "UTC", "America/Argentina/Ushuaia", "Etc/GMT+8"])
def test_zones_are_known_by_name(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Asia", "asia/shanghai", "Asia/Beijing", "+08:00", "../etc/passwd", "\x00", "x" * 9000, "localtime"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    assert not is_zone(name)
