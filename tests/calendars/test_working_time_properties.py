"""What holds of working time for any week, any days and any zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from crm.calendars.hours import Day, Hours, SpecialDay
from crm.calendars.working_time import WorkingTime, around_the_clock

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Asia/Beirut"]
FIRST, LAST = datetime(2025, 12, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)

MOMENTS = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))


@st.composite
def day_hours(draw: st.DrawFn, least: int = 0) -> Day:
    marks = sorted(draw(st.sets(st.integers(0, 1440), min_size=2 * least, max_size=6)))
    return tuple(Hours(a, b) for a, b in zip(marks[::2], marks[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingTime:
    week = tuple(draw(st.lists(day_hours(), min_size=7, max_size=7)))
    assume(any(week))
    special = st.one_of(
        st.just(SpecialDay("holiday", "h")),
        st.just(SpecialDay("workday", "w")),
        st.builds(SpecialDay, st.just("hours"), st.just("o"), day_hours(least=1)),
    )
    days = draw(st.dictionaries(st.dates(date(2025, 12, 1), date(2027, 2, 1)), special, max_size=25))
    return WorkingTime(draw(st.sampled_from(ZONES)), week, days)


@given(calendars(), MOMENTS, st.integers(0, 5000))
def test_the_time_up_to_a_deadline_is_the_time_it_was_given(calendar: WorkingTime, start: datetime, n: int) -> None:
    due = calendar.deadline(start, n)
    assert calendar.minutes_between(start, due) == n
    assert due >= start


@given(calendars(), MOMENTS, st.integers(0, 3000), st.integers(0, 3000))
def test_more_minutes_are_never_due_earlier(calendar: WorkingTime, start: datetime, n: int, more: int) -> None:
    assert calendar.deadline(start, n) <= calendar.deadline(start, n + more)


@given(calendars(), MOMENTS, MOMENTS, st.integers(0, 3000))
def test_who_starts_later_is_never_due_earlier(calendar: WorkingTime, a: datetime, b: datetime, n: int) -> None:
    assert calendar.deadline(min(a, b), n) <= calendar.deadline(max(a, b), n)


@given(calendars(), MOMENTS, MOMENTS, MOMENTS)
def test_a_split_interval_has_the_same_sum(calendar: WorkingTime, a: datetime, b: datetime, c: datetime) -> None:
    assert calendar.time_between(a, b) + calendar.time_between(b, c) == calendar.time_between(a, c)


@given(calendars(), MOMENTS, st.integers(0, 5000))
def test_a_deadline_lies_in_working_time_or_at_its_end(calendar: WorkingTime, start: datetime, n: int) -> None:
    due = calendar.deadline(start, n)
    around = calendar.intervals(due - timedelta(microseconds=1), due + timedelta(microseconds=1))
    assert any(stretch.counted for stretch in around)
    if n:
        assert around[0].counted, "the very last moment before it was worked"


@given(calendars(), MOMENTS, MOMENTS)
def test_the_ledger_covers_the_interval_and_adds_up(calendar: WorkingTime, a: datetime, b: datetime) -> None:
    a, b = min(a, b), max(a, b)
    ledger = calendar.intervals(a, b)
    if a < b:
        assert (ledger[0].begins, ledger[-1].ends) == (a, b)
    assert all(x.ends == y.begins and x[2:] != y[2:] for x, y in pairwise(ledger))
    counted = sum((s.ends - s.begins for s in ledger if s.counted), timedelta())
    assert counted == calendar.time_between(a, b)


@given(calendars(), MOMENTS)
def test_the_next_working_moment_is_worked_and_nothing_before_it(calendar: WorkingTime, moment: datetime) -> None:
    begins = calendar.next_working_moment(moment)
    assert begins >= moment
    assert calendar.time_between(moment, begins) == timedelta()
    assert calendar.time_between(begins, begins + timedelta(microseconds=1)) == timedelta(microseconds=1)


@given(calendars(), st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(1, 20))
def test_working_days_before_and_after_undo_each_other(calendar: WorkingTime, day: date, n: int) -> None:
    before, after = calendar.working_days_before(day, n), calendar.working_days_after(day, n)
    assert calendar.is_working_day(before)
    assert calendar.is_working_day(after)
    assert len(calendar.working_days(before, day - timedelta(days=1))) == n
    assert len(calendar.working_days(day + timedelta(days=1), after)) == n
    if calendar.is_working_day(day):
        assert calendar.working_days_after(before, n) == day == calendar.working_days_before(after, n)


@given(calendars(), st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_of_an_ordinary_day_the_clocks_show_what_the_week_says(calendar: WorkingTime, day: date) -> None:
    zone = ZoneInfo(calendar.zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = midnight + timedelta(days=1)
    assume(midnight.utcoffset() == after.utcoffset())
    worked = [s for s in calendar.intervals(midnight, after) if s.counted]
    minutes = [60 * at.hour + at.minute for s in worked for at in (s.begins.astimezone(zone),)]
    hours = calendar.hours_on(day)
    joined = [part.opens for i, part in enumerate(hours) if not i or hours[i - 1].closes < part.opens]
    assert minutes == joined


@given(MOMENTS, st.integers(0, 100_000), st.sampled_from(ZONES))
def test_around_the_clock_is_plain_time(start: datetime, n: int, zone: str) -> None:
    assert around_the_clock(zone).deadline(start, n) == start + timedelta(minutes=n)
