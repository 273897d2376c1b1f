"""What holds of a clock for any calendar, any promise and any pauses (issue 6)."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from crm.calendars.working_time import WorkingTime
from crm.sla import clock, ledger
from crm.sla.clock import Clock
from crm.sla.promises import Promise
from tests.calendars.test_working_time_properties import MOMENTS, calendars

MINUTES = st.integers(1, 3000)
SPANS = st.timedeltas(timedelta(), timedelta(days=5))
SHORT = st.timedeltas(timedelta(), timedelta(hours=8))
PERCENTS = st.lists(st.integers(1, 200), max_size=4)


@st.composite
def paused_clocks(draw: st.DrawFn) -> tuple[WorkingTime, Clock, datetime]:
    """A clock that has been paused and resumed some times, and when it last was."""
    calendar, at = draw(calendars()), draw(MOMENTS)
    one = clock.start(calendar, Promise(draw(MINUTES), draw(st.booleans())), at, draw(PERCENTS))
    for gap, length in draw(st.lists(st.tuples(SHORT, SPANS), max_size=3)):
        stood = clock.pause(one, at + gap)
        at = at + gap + length
        one = clock.resume(calendar, stood, at)
    return calendar, one, at


@given(calendars(), MOMENTS, MINUTES, MINUTES)
def test_more_minutes_are_never_due_earlier(calendar: WorkingTime, at: datetime, few: int, more: int) -> None:
    first = clock.start(calendar, Promise(few), at, [])
    assert first.due_at <= clock.start(calendar, Promise(few + more), at, []).due_at


@given(paused_clocks(), st.floats(0, 1, exclude_max=True), SPANS)
def test_a_pause_moves_all_that_is_to_come_by_just_its_working_time(
    paused: tuple[WorkingTime, Clock, datetime], share: float, length: timedelta
) -> None:
    calendar, one, last = paused
    begins = last + (one.due_at - last) * share
    assume(last <= begins < one.due_at)
    after = clock.resume(calendar, clock.pause(one, begins), begins + length)
    moved = calendar.time_between(begins, begins + length)
    assert calendar.time_between(one.due_at, after.due_at) == moved
    for before, then in zip(one.thresholds, after.thresholds, strict=True):
        assert before.at is not None
        assert then.at is not None
        still_to_come = calendar.time_between(begins, before.at) > timedelta()
        assert calendar.time_between(before.at, then.at) == (moved if still_to_come else timedelta())


@given(paused_clocks())
def test_a_promise_is_due_in_working_time_when_all_of_it_was_used(
    paused: tuple[WorkingTime, Clock, datetime],
) -> None:
    calendar, one, _ = paused
    around = calendar.intervals(one.due_at - timedelta(microseconds=1), one.due_at)
    assert around[0].counted
    assert clock.used(calendar, one, one.due_at) == one.promise.time_from(calendar, one.started_at)


@given(paused_clocks())
def test_thresholds_rise_and_the_breach_is_when_it_is_due(paused: tuple[WorkingTime, Clock, datetime]) -> None:
    _, one, _ = paused
    assert all(a.percent < b.percent and a.at and b.at and a.at <= b.at for a, b in pairwise(one.thresholds))
    assert next(t.at for t in one.thresholds if t.percent == 100) == one.due_at


@given(paused_clocks(), MOMENTS, SPANS)
def test_the_ledger_touches_itself_and_adds_up_to_the_clock(
    paused: tuple[WorkingTime, Clock, datetime], now: datetime, before: timedelta
) -> None:
    calendar, one, last = paused
    now = max(now, last)
    found = ledger.entries(calendar, one, one.started_at - before, now)
    assert all(a.ends == b.begins and a[2:] != b[2:] for a, b in pairwise(found))
    sums = ledger.sums(found)
    assert sums["used"] == clock.used(calendar, one, now)
    assert sums["paused"] == clock.paused(calendar, one, max(now, one.due_at))
    if now <= one.due_at:
        assert sums["used"] + sums["left"] == one.promise.time_from(calendar, one.started_at)


@given(paused_clocks(), SPANS)
def test_a_split_interval_has_the_same_sum(paused: tuple[WorkingTime, Clock, datetime], further: timedelta) -> None:
    calendar, one, last = paused
    whole = clock.used(calendar, one, last + further)
    parts = [last, last + further / 2, last + further]
    used = [clock.used(calendar, one, at) for at in parts]
    assert used == sorted(used)
    assert used[0] + sum((b - a for a, b in pairwise(used)), timedelta()) == whole


@given(paused_clocks(), SPANS, PERCENTS)
def test_judging_by_the_same_promise_changes_nothing_but_the_thresholds(
    paused: tuple[WorkingTime, Clock, datetime], gap: timedelta, percents: list[int]
) -> None:
    calendar, one, last = paused
    again = clock.judge(calendar, one, one.promise, [t.percent for t in one.thresholds])
    assert again == one
    assert clock.judge(calendar, one, one.promise, percents).due_at == one.due_at
    stood = clock.pause(one, last + gap)
    assert clock.judge(calendar, stood, one.promise, [t.percent for t in one.thresholds]) == stood


@given(paused_clocks(), SPANS)
def test_what_ended_is_never_worked_out_anew(paused: tuple[WorkingTime, Clock, datetime], gap: timedelta) -> None:
    calendar, one, last = paused
    ended = clock.stop(one, last + gap)
    assert clock.judge(calendar, ended, Promise(1), [50]) is ended
    assert ended.state == ("met" if last + gap <= one.due_at else "met_late")
