"""Working time by example: every row of ``domain.md`` D7, pauses, clocks that change, and the ledger."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.calendars.hours import AROUND_THE_CLOCK, OFFICE, Hours, SpecialDay, ordered, read_hours
from crm.calendars.ledger import Stretch
from crm.calendars.working_time import TooFar, WorkingTime, around_the_clock
from tests.calendars.stage import CHINA, SHANGHAI, local

WEEKENDS_ONLY = WorkingTime("Asia/Shanghai", OFFICE)

D7 = [
    ("2026-09-30 16:30", 16, "2026-10-09 17:30", "2026-10-02 17:30"),
    ("2026-09-30 16:30", 24, "2026-10-10 18:00", "2026-10-05 18:00"),
    ("2026-10-09 17:00", 8, "2026-10-10 17:30", "2026-10-12 17:30"),
    ("2026-02-13 17:00", 10, "2026-02-24 10:30", "2026-02-17 10:30"),
    ("2026-10-03 10:00", 4, "2026-10-08 14:30", "2026-10-05 14:30"),
    ("2026-10-10 19:00", 1, "2026-10-12 10:00", "2026-10-12 10:00"),
    ("2026-11-20 17:30", 4, "2026-11-23 14:00", "2026-11-23 14:00"),
    ("2026-11-23 12:30", 1, "2026-11-23 14:30", "2026-11-23 14:30"),
]


@pytest.mark.parametrize(("start", "hours", "due", "by_weekends"), D7)
def test_a_deadline_knows_holidays_and_made_up_days(start: str, hours: int, due: str, by_weekends: str) -> None:
    assert CHINA.deadline(local(start), hours * 60) == local(due)
    assert WEEKENDS_ONLY.deadline(local(start), hours * 60) == local(by_weekends)


def test_a_pause_adds_the_working_minutes_it_lasted() -> None:
    start, paused, resumed = local("2026-09-30 16:30"), local("2026-10-08 10:00"), local("2026-10-09 14:00")
    assert CHINA.minutes_between(start, paused) == 150
    assert CHINA.minutes_between(paused, resumed) == 600
    assert CHINA.deadline(start, 16 * 60 + 600) == local("2026-10-12 11:00")
    assert CHINA.deadline(resumed, 16 * 60 - 150) == local("2026-10-12 11:00")


def test_a_policy_of_24_hours_on_7_days_counts_every_minute() -> None:
    due = around_the_clock("Asia/Shanghai").deadline(local("2026-09-30 16:30"), 16 * 60)
    assert due == local("2026-10-01 08:30")
    assert around_the_clock().deadline(local("2026-09-30 16:30"), 16 * 60) == due


def test_what_ends_at_closing_time_stays_there_and_what_begins_there_starts_at_the_next_opening() -> None:
    closing = local("2026-11-20 18:00")
    assert CHINA.deadline(local("2026-11-20 17:00"), 60) == closing
    assert CHINA.deadline(closing, 0) == closing
    assert CHINA.next_working_moment(closing) == local("2026-11-23 09:00")
    assert CHINA.deadline(closing, timedelta(microseconds=1)) == local("2026-11-23 09:00:00.000001")
    assert CHINA.deadline(local("2026-11-20 18:00:01"), 0) == local("2026-11-23 09:00")
    assert CHINA.deadline(local("2026-11-20 12:00"), 0) == local("2026-11-20 12:00")


def test_seconds_and_microseconds_are_kept() -> None:
    start = local("2026-11-20 17:59:30.000250")
    assert CHINA.deadline(start, 1) == local("2026-11-23 09:00:30.000250")
    assert CHINA.time_between(start, local("2026-11-23 09:00:00.000001")) == timedelta(seconds=29, microseconds=999751)
    assert CHINA.deadline(start, 1).tzinfo is UTC


def test_time_counted_backwards_is_negative() -> None:
    assert CHINA.minutes_between(local("2026-11-23 10:00"), local("2026-11-20 17:00")) == -120


def test_working_days_of_2026_by_month() -> None:
    months = [
        CHINA.working_days(date(2026, m, 1), date(2026 + m // 12, m % 12 + 1, 1) - timedelta(1)) for m in range(1, 13)
    ]
    assert [len(days) for days in months] == [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]


def test_three_working_days_before_the_mid_autumn_birthday() -> None:
    assert CHINA.working_days_before(date(2026, 9, 25), 3) == date(2026, 9, 22)
    assert CHINA.working_days_before(date(2026, 9, 22), 2) == date(2026, 9, 20), "that Sunday is worked"
    assert CHINA.working_days_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert CHINA.working_days_after(date(2026, 10, 9), 2) == date(2026, 10, 12)


def test_no_working_days_away_is_the_day_itself_or_the_nearest_in_that_direction() -> None:
    assert CHINA.working_days_before(date(2026, 10, 10), 0) == date(2026, 10, 10)
    assert CHINA.working_days_before(date(2026, 10, 5), 0) == date(2026, 9, 30)
    assert CHINA.working_days_after(date(2026, 10, 5), 0) == date(2026, 10, 8)
    assert WEEKENDS_ONLY.working_days_after(date(2027, 2, 28), 0) == date(2027, 3, 1), "the review of D9"
    with pytest.raises(ValueError, match="from 0 up"):
        CHINA.working_days_before(date(2026, 10, 5), -1)


def test_the_ledger_says_what_counted_and_why() -> None:
    def line(begins: str, ends: str, reason: Any, name: str | None = None) -> Stretch:
        counted = reason in {"working", "makeup", "hours"}
        return Stretch(local(f"2026-{begins}"), local(f"2026-{ends}"), counted, reason, name)

    assert CHINA.intervals(local("2026-09-30 16:30"), local("2026-10-10 18:00")) == [
        line("09-30 16:30", "09-30 18:00", "working"),
        line("09-30 18:00", "10-01 00:00", "night"),
        line("10-01 00:00", "10-08 00:00", "holiday", "国庆节"),
        line("10-08 00:00", "10-08 09:00", "night"),
        line("10-08 09:00", "10-08 12:00", "working"),
        line("10-08 12:00", "10-08 13:30", "lunch"),
        line("10-08 13:30", "10-08 18:00", "working"),
        line("10-08 18:00", "10-09 09:00", "night"),
        line("10-09 09:00", "10-09 12:00", "working"),
        line("10-09 12:00", "10-09 13:30", "lunch"),
        line("10-09 13:30", "10-09 18:00", "working"),
        line("10-09 18:00", "10-10 09:00", "night"),
        line("10-10 09:00", "10-10 12:00", "makeup", "国庆节"),
        line("10-10 12:00", "10-10 13:30", "lunch"),
        line("10-10 13:30", "10-10 18:00", "makeup", "国庆节"),
    ]
    assert [s.reason for s in CHINA.intervals(local("2026-11-20 19:00"), local("2026-11-23 08:00"))] == [
        "night",
        "weekend",
        "night",
    ]
    assert CHINA.intervals(local("2026-11-20 19:00"), local("2026-11-20 19:00")) == []
    whole = around_the_clock("Asia/Shanghai").intervals(local("2026-11-20 19:00"), local("2026-11-25 07:00"))
    assert [(s.reason, s.ends - s.begins) for s in whole] == [("working", timedelta(days=4, hours=12))]


def test_a_day_of_other_hours_counts_those_and_says_so() -> None:
    short = WorkingTime("Asia/Shanghai", OFFICE, {date(2026, 11, 23): SpecialDay("hours", "盘点", (Hours(600, 720),))})
    assert short.minutes_between(local("2026-11-23 00:00"), local("2026-11-24 00:00")) == 120
    assert short.intervals(local("2026-11-23 11:00"), local("2026-11-23 12:00"))[0][3:] == ("hours", "盘点")


def test_a_made_up_day_takes_its_own_hours_else_those_of_the_week_else_those_of_the_last_day_with_any() -> None:
    week = (*OFFICE[:4], (Hours(540, 1020),), (), (Hours(600, 900),))
    saturday, sunday = date(2026, 11, 21), date(2026, 11, 22)
    made_up = {saturday: SpecialDay("workday"), sunday: SpecialDay("workday")}
    assert WorkingTime("UTC", week, made_up).hours_on(saturday) == (Hours(540, 1020),)
    assert WorkingTime("UTC", week, made_up).hours_on(sunday) == (Hours(600, 900),)
    own = {saturday: SpecialDay("workday", None, (Hours(0, 60),))}
    assert WorkingTime("UTC", week, own).hours_on(saturday) == (Hours(0, 60),)


def _berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)


def test_hours_follow_the_clocks_when_they_change() -> None:
    whole = WorkingTime("Europe/Berlin", AROUND_THE_CLOCK)
    assert whole.minutes_between(_berlin("2026-03-29 00:00"), _berlin("2026-03-30 00:00")) == 23 * 60
    assert whole.minutes_between(_berlin("2026-10-25 00:00"), _berlin("2026-10-26 00:00")) == 25 * 60
    night = WorkingTime("Europe/Berlin", ((Hours(0, 150), Hours(180, 360)),) * 7)
    # 02:30 does not exist on that day: it is 03:30, and what opens at 03:00 goes on from there without counting twice.
    assert night.minutes_between(_berlin("2026-03-29 00:00"), _berlin("2026-03-30 00:00")) == 5 * 60
    # 02:30 comes twice: the first ends the first part. The second part begins after the second 02:59.
    assert night.minutes_between(_berlin("2026-10-25 00:00"), _berlin("2026-10-26 00:00")) == 150 + 180
    assert night.deadline(_berlin("2026-10-25 02:00"), 60) == _berlin("2026-10-25 03:30")
    office = WorkingTime("Europe/Berlin", OFFICE)
    assert office.deadline(_berlin("2026-03-27 17:00"), 120) == _berlin("2026-03-30 10:00")


def test_a_day_that_a_zone_left_out_has_no_hours() -> None:
    apia = WorkingTime("Pacific/Apia", OFFICE)
    zone = ZoneInfo("Pacific/Apia")
    thursday, saturday = datetime(2011, 12, 29, tzinfo=zone), datetime(2011, 12, 31, tzinfo=zone)
    assert apia.minutes_between(thursday, saturday) == 450


def test_years_without_known_holidays_go_by_the_week() -> None:
    assert CHINA.deadline(local("2030-10-01 09:00"), 450) == local("2030-10-01 18:00")
    assert CHINA.deadline(local("2026-12-31 17:00"), 120) == local("2027-01-01 10:00")


def test_ends_where_no_calendar_reaches() -> None:
    with pytest.raises(TooFar):
        WorkingTime("UTC", ((Hours(0, 1),), *[()] * 6)).deadline(local("2990-01-01 00:00"), 100_000)
    with pytest.raises(TooFar):
        CHINA.working_days_after(date(2999, 12, 31), 300)


def test_a_deadline_is_looked_for_in_a_hundred_years_however_little_is_worked_in_each() -> None:
    hardly_any = WorkingTime("Asia/Shanghai", ((Hours(540, 541),), *((),) * 6))
    assert hardly_any.deadline(local("2026-01-01 00:00"), 5_200) == local("2125-08-27 09:01")
    with pytest.raises(TooFar):
        hardly_any.deadline(local("2026-01-01 00:00"), 527_040)
    assert max(hardly_any._years) <= 2026 + 100


def test_what_is_no_working_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WorkingTime("UTC", ((),) * 7)
    with pytest.raises(ValueError, match="before its start"):
        CHINA.deadline(local("2026-11-23 10:00"), -1)
    with pytest.raises(TypeError):
        CHINA.deadline(datetime(2026, 11, 23, 10), 1)  # noqa: DTZ001  that is the point
    with pytest.raises(ValueError, match="overlap"):
        ordered([Hours(0, 61), Hours(60, 90)])
    with pytest.raises(ValueError, match="within one day"):
        ordered([Hours(60, 60)])
    assert read_hours([{"opens": "13:30", "closes": "24:00"}, {"opens": "09:00", "closes": "12:00"}]) == (
        Hours(540, 720),
        Hours(810, 1440),
    )


def test_moments_of_any_zone_are_the_same_moments() -> None:
    start = local("2026-11-20 17:30")
    assert CHINA.deadline(start.astimezone(ZoneInfo("America/New_York")), 240) == local("2026-11-23 14:00")
    assert start.tzinfo is SHANGHAI
