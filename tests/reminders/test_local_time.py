"""Reminders by the clock on the wall: once on each local day, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.clock import is_zone, local_date
from crm.reminders.local_time import next_occurrence, parsed, resolve, written

ZONES = sorted(filter(is_zone, available_timezones()))
BEGIN, YEARS = datetime(2026, 1, 1, tzinfo=UTC), 3


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_half_past_two_comes_once_on_each_local_day_for_three_years(zone: str) -> None:
    found = [next_occurrence(BEGIN, time(2, 30), zone)]
    while found[-1].local.date() < date(2026 + YEARS, 1, 1):
        found.append(next_occurrence(found[-1].moment, time(2, 30), zone))
    days = [one.local.date() for one in found]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert all(earlier.moment < later.moment for earlier, later in pairwise(found))
    assert [local_date(one.moment, zone) for one in found] == days


@given(st.sampled_from(ZONES), st.datetimes(datetime(1980, 1, 2), datetime(2080, 1, 1)), st.times())  # noqa: DTZ001  # the clock on the wall
def test_the_next_occurrence_is_the_first_after_a_moment(zone: str, after: datetime, at: time) -> None:
    moment = after.replace(tzinfo=UTC)
    following = next_occurrence(moment, at, zone)
    assert following.moment > moment
    assert following.moment == resolve(following.local, zone)
    shown = following.moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown >= following.local, "a skipped time is made up for later, never before"
    again = next_occurrence(following.moment - timedelta(microseconds=1), at, zone)
    assert again == following, "just before it, it is still the next"
    assert next_occurrence(following.moment, at, zone).local.date() > following.local.date()


def test_a_repeated_hour_comes_once_and_a_skipped_one_after_the_gap() -> None:
    paris = "Europe/Paris"
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    first = next_occurrence(before, time(2, 30), paris)
    assert first.moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_occurrence(first.moment, time(2, 30), paris).local.day == 26
    skipped = next_occurrence(datetime(2026, 3, 28, 12, tzinfo=UTC), time(2, 30), paris)
    assert skipped.moment == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert skipped.moment.astimezone(ZoneInfo(paris)).time() == time(3, 30)


def test_a_day_that_a_zone_skipped_whole_has_none() -> None:
    before = datetime(2011, 12, 28, 12, tzinfo=UTC)
    days = []
    for _ in range(4):
        found = next_occurrence(before, time(9), "Pacific/Apia")
        days.append(found.local.day)
        before = found.moment
    assert days == [28, 29, 31, 1]


def test_what_a_clock_shows_is_written_without_an_offset_and_read_again() -> None:
    local = datetime(2027, 1, 5, 9)  # noqa: DTZ001  # the clock on the wall
    assert written(local) == "2027-01-05T09:00:00"
    assert parsed(written(local)) == local
    with pytest.raises(ValueError, match="offset"):
        resolve(local.replace(tzinfo=UTC), "UTC")
