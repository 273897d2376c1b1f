# ruff: noqa: DTZ001 - a rule counts in wall-clock times, which have no zone
"""Rules of RFC 5545, counted on the clock on the wall and bounded."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dateutil.rrule  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import clock
from crm.task_series.recurrence import LONGEST_REACH, Recurrence

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


def test_a_rule_that_ended_long_ago_gives_nothing_more() -> None:
    recurrence = Recurrence("FREQ=MONTHLY;UNTIL=19710101", datetime(1970, 1, 1, 9), "Asia/Shanghai")
    assert recurrence.at_or_after(datetime(2026, 11, 22)) is None
    assert recurrence.after(datetime(1970, 12, 1, 8)) == datetime(1970, 12, 1, 9)


@settings(max_examples=60, deadline=None)
@given(
    freq=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    interval=st.sampled_from([1, 2, 3, 10]),
    months=st.sets(st.integers(1, 12), max_size=4),
    days=st.lists(st.integers(1, 28) | st.integers(-28, -1), max_size=5)
    | st.lists(st.sampled_from(["MO", "TU", "SA"]), max_size=3),
    at=st.sampled_from(["", "1", "-1", "2"]),
    since=st.integers(-500, 4000),
)
def test_times_are_those_that_a_library_finds_by_looking_at_all_of_them(
    freq: str, interval: int, months: set[int], days: list[int] | list[str], at: str, since: int
) -> None:
    by = {"BYMONTH": months, "BYDAY" if "MO" in days or "TU" in days or "SA" in days else "BYMONTHDAY": days}
    rule = f"FREQ={freq};INTERVAL={interval}" + "".join(
        f";{name}={','.join(map(str, some))}" for name, some in by.items() if some
    )
    if at and any(by.values()) and not (freq == "DAILY" and at == "2"):
        rule += f";BYSETPOS={at}"
    moment = FIRST + timedelta(days=since)
    all_of_them = dateutil.rrule.rrulestr(f"{rule};UNTIL=20600101", dtstart=FIRST)
    try:
        recurrence = Recurrence(rule, FIRST, "Asia/Shanghai")
    except ValueError:
        found = all_of_them.after(FIRST, inc=True)
        assert found is None or found > FIRST + LONGEST_REACH
        return
    near = moment + LONGEST_REACH
    for found, expected in (
        (recurrence.at_or_after(moment), all_of_them.after(moment, inc=True)),
        (recurrence.after(moment), all_of_them.after(moment)),
    ):
        assert found == expected or (found is None and expected > near)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYSETPOS=3", "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)  # fmt: skip
def test_nobody_waits_while_a_rule_that_never_comes_is_looked_through_to_the_end_of_all_years(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    rebuild = dateutil.rrule._iterinfo.rebuild

    def counted(info: object, year: int, month: int) -> None:
        looked_at.append(year)
        rebuild(info, year, month)

    monkeypatch.setattr(dateutil.rrule._iterinfo, "rebuild", counted)
    with pytest.raises(ValueError, match="never comes true"):
        Recurrence(rule, FIRST, "Asia/Shanghai")
    assert len(looked_at) < 25_000
