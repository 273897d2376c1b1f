# ruff: noqa: DTZ001
"""Rules of RFC 5545, counted on the clock on the wall and bounded."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import clock
from crm.task_series.recurrence import Recurrence

FIRST = datetime(2027, 1, 4, 9)  # a Monday


def times(rule: str, most: int = 6, first: datetime = FIRST, zone: str = "Asia/Shanghai") -> list[str]:
    recurrence = Recurrence(rule, first, zone)
    found: list[str] = []
    at = recurrence.at_or_after(first)
    while at is not None and len(found) < most:
        found.append(at.isoformat(timespec="minutes"))
        at = recurrence.after(at)
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", ["2027-01-04T09:00", "2027-01-07T09:00", "2027-01-11T09:00"]),
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20270124", ["2027-01-04T09:00", "2027-01-14T09:00", "2027-01-24T09:00"]),
        # 01:00 in UTC is 09:00 in Shanghai, so that day counts.
        ("FREQ=DAILY;UNTIL=20270105T010000Z", ["2027-01-04T09:00", "2027-01-05T09:00"]),
        ("FREQ=DAILY;UNTIL=20270105T005959Z", ["2027-01-04T09:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["2027-01-29T09:00", "2027-02-26T09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["2027-01-31T09:00", "2027-03-31T09:00", "2027-05-31T09:00"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2", ["2028-02-29T09:00", "2032-02-29T09:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2027-01-29T09:00", "2027-02-26T09:00"]),
    ],
)
def test_times_are_those_of_the_rule_and_end_with_it(rule: str, expected: list[str]) -> None:
    assert times(rule) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "", "FREQ=HOURLY", "FREQ=SECONDLY", "DAILY", "FREQ=DAILY;COUNT=1001", "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;BYHOUR=3", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY\nEXDATE:2027",
        "FREQ=DAILY;UNTIL=20270102", "FREQ=DAILY;UNTIL=20279999", "FREQ=DAILY;BYMONTHDAY=99", "INTERVAL=2",
    ],
)  # fmt: skip
def test_what_is_not_understood_or_never_comes_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Recurrence(rule, FIRST, "Asia/Shanghai")


@given(
    zone=st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Africa/Cairo"]),
    days=st.integers(0, 1000),
)
def test_a_daily_task_comes_once_on_each_local_day_whatever_the_clocks_do(zone: str, days: int) -> None:
    recurrence = Recurrence("FREQ=DAILY", datetime(2026, 1, 1, 2, 30), zone)
    before = datetime(2026, 1, 1, 2, 30) + timedelta(days=days)
    at = recurrence.after(before)
    assert at == before + timedelta(days=1)
    moment = clock.moment_of(at.date(), at.time(), zone)
    assert moment > clock.moment_of(before.date(), before.time(), zone)
    assert moment.astimezone(ZoneInfo(zone)).date() == at.date()
