"""The clock of a promise by example: ``domain.md`` B7, B8, C2, and D7 with its pause."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from crm.calendars.hours import Hours
from crm.calendars.working_time import WorkingTime, around_the_clock
from crm.sla import clock, ledger
from crm.sla.clock import NEVER, Clock
from crm.sla.promises import Promise
from tests.calendars.stage import CHINA, local
from tests.calendars.test_working_time import D7

SIXTEEN = Promise(16 * 60)
CASE_1 = "2026-09-30 16:30"


def started(promise: Promise = SIXTEEN, at: str = CASE_1, percents: tuple[int, ...] = (50, 75)) -> Clock:
    return clock.start(CHINA, promise, local(at), percents)


def crossed(one: Clock, at: datetime) -> Clock:
    """What the worker makes of a clock that is due."""
    told = tuple(t._replace(crossed_at=at) if t.at and t.at <= at else t for t in one.thresholds)
    broken = any(t.percent == 100 and t.crossed_at for t in told)
    return replace(one, thresholds=told, state="breached" if broken and one.is_open else one.state)


@pytest.mark.parametrize(("start", "hours", "due", "_"), D7)
def test_a_promise_is_due_when_the_worked_examples_say(start: str, hours: int, due: str, _: str) -> None:
    assert started(Promise(hours * 60), start).due_at == local(due)


def test_a_promise_around_the_clock_counts_every_minute() -> None:
    one = clock.start(around_the_clock(), SIXTEEN, local(CASE_1), [])
    assert one.due_at == local("2026-10-01 08:30")


def test_a_pause_moves_the_promise_by_the_working_time_it_lasted() -> None:
    one = clock.pause(started(), local("2026-10-08 10:00"))
    assert (one.state, one.paused_at) == ("paused", local("2026-10-08 10:00"))
    assert clock.used(CHINA, one, local("2026-10-09 14:00")) == timedelta(minutes=150)
    one = clock.resume(CHINA, one, local("2026-10-09 14:00"))
    assert clock.paused(CHINA, one, local("2026-10-12 11:00")) == timedelta(minutes=600)
    assert (one.state, one.due_at) == ("running", local("2026-10-12 11:00"))


def test_thresholds_are_shares_of_the_time_and_the_breach_is_always_one() -> None:
    one = started(percents=(75, 50))
    assert [(t.percent, t.at) for t in one.thresholds] == [
        (50, local("2026-10-08 17:00")), (75, local("2026-10-09 12:00")), (100, local("2026-10-09 17:30"))
    ]  # fmt: skip
    assert one.next_threshold_at == local("2026-10-08 17:00")


def test_nobody_is_told_while_the_clock_stands_still_but_of_what_was_over_before() -> None:
    one = clock.pause(started(), local("2026-10-08 17:10"))
    assert [t.at for t in one.thresholds] == [local("2026-10-08 17:00"), None, None]
    assert one.next_threshold_at == local("2026-10-08 17:00")
    assert clock.pause(started(), local("2026-10-08 16:00")).next_threshold_at is None


def test_what_is_due_can_no_longer_be_paused() -> None:
    one = started()
    assert clock.pause(one, one.due_at) is one
    broken = crossed(one, one.due_at)
    assert clock.pause(broken, local("2026-10-12 10:00")) is broken


@pytest.mark.parametrize(("at", "state"), [("2026-10-09 17:30:00", "met"), ("2026-10-09 17:30:00.000001", "met_late")])
def test_done_at_the_very_moment_is_done_in_time(at: str, state: str) -> None:
    assert clock.stop(started(), local(at)).state == state


def test_a_breach_that_nobody_saw_yet_is_told_even_when_it_is_done() -> None:
    one = clock.stop(started(), local("2026-10-12 09:00"))
    assert (one.state, one.next_threshold_at) == ("met_late", local("2026-10-09 17:30"))
    assert clock.stop(started(), local("2026-10-09 17:00")).next_threshold_at is None
    assert clock.stop(crossed(started(), local("2026-10-10 10:00")), local("2026-10-12 09:00")).state == "met_late"


def test_what_is_done_while_it_is_the_customers_turn_is_done_in_time() -> None:
    one = clock.stop(clock.pause(started(), local("2026-10-08 10:00")), local("2026-11-20 10:00"))
    assert (one.state, one.pauses[-1].ends) == ("met", local("2026-11-20 10:00"))


def test_a_clock_that_has_ended_does_not_change() -> None:
    for ended in (
        clock.stop(started(), local("2026-10-08 10:00")),
        clock.cancel(started(), local("2026-10-08 10:00")),
    ):
        at = local("2026-10-09 10:00")
        assert clock.pause(ended, at) is ended
        assert clock.resume(CHINA, ended, at) is ended
        assert clock.stop(ended, at) is ended
        assert clock.cancel(ended, at) is ended
        assert clock.judge(CHINA, ended, Promise(60), [10]) is ended


def test_reopened_soon_it_goes_on_where_it_was_stopped() -> None:
    one = clock.reopen(CHINA, clock.stop(started(), local("2026-10-08 10:00")), local("2026-10-09 14:00"))
    assert (one.state, one.stopped_at, one.due_at) == ("running", None, local("2026-10-12 11:00"))
    late = clock.reopen(CHINA, clock.stop(started(), local("2026-10-12 10:00")), local("2026-10-13 10:00"))
    assert (late.state, late.due_at) == ("breached", local("2026-10-09 17:30"))


def test_another_promise_holds_from_the_start_and_what_was_told_stays_told() -> None:
    one = crossed(started(), local("2026-10-08 17:00"))
    shorter = clock.judge(CHINA, one, Promise(8 * 60), [80])
    assert shorter.due_at == local("2026-10-08 17:00")
    assert [(t.percent, bool(t.crossed_at)) for t in shorter.thresholds] == [(50, True), (80, False), (100, False)]
    longer = clock.judge(CHINA, one, Promise(24 * 60), [50, 75])
    assert longer.due_at == local("2026-10-10 18:00")
    assert longer.next_threshold_at == local("2026-10-10 10:30"), "75 % of 24 hours; half the time was told already"


def test_a_breach_is_final() -> None:
    broken = crossed(started(), local("2026-10-10 10:00"))
    assert broken.state == "breached"
    assert clock.judge(CHINA, broken, Promise(24 * 60), [50]) is broken


def test_another_promise_does_not_start_a_clock_that_stands_still() -> None:
    one = clock.judge(CHINA, clock.pause(started(), local("2026-10-08 10:00")), Promise(24 * 60), [50])
    assert (one.state, one.next_threshold_at) == ("paused", None)
    assert clock.resume(CHINA, one, local("2026-10-09 14:00")).due_at == local("2026-10-13 11:30")


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-11-20 09:30", "2026-11-20 18:00"),
        ("2026-11-20 16:59:59", "2026-11-20 18:00"),
        ("2026-11-20 17:00:01", "2026-11-23 18:00"),
        ("2026-11-20 20:00", "2026-11-23 18:00"),
        ("2026-11-21 10:00", "2026-11-23 18:00"),
        ("2026-10-10 10:00", "2026-10-10 18:00"),
        ("2026-10-03 10:00", "2026-10-08 18:00"),
    ],
)
def test_the_sundown_rule_is_the_end_of_the_working_day(at: str, due: str) -> None:
    assert started(Promise(0, same_day=True), at).due_at == local(due)


def test_what_a_calendar_has_no_time_for_is_due_at_the_end_of_all_days() -> None:
    rare = WorkingTime("UTC", ((Hours(0, 1),), (), (), (), (), (), ()))
    assert clock.start(rare, Promise(100_000), local(CASE_1), [50]).due_at == NEVER


def test_the_ledger_tells_why_each_stretch_counts_or_not() -> None:
    one = clock.pause(started(at="2026-09-30 16:30"), local("2026-10-08 10:00"))
    one = clock.resume(CHINA, one, local("2026-10-09 14:00"))
    found = ledger.entries(CHINA, one, local("2026-09-30 16:00"), local("2026-10-10 10:00"))
    told = [(e.begins.astimezone(local(CASE_1).tzinfo).strftime("%m-%d %H:%M"), e.reason, e.name) for e in found]
    assert told == [
        ("09-30 16:00", "before_start", None),
        ("09-30 16:30", "working", None),
        ("09-30 18:00", "night", None),
        ("10-01 00:00", "holiday", "国庆节"),
        ("10-08 00:00", "night", None),
        ("10-08 09:00", "working", None),
        ("10-08 10:00", "paused", None),
        ("10-08 12:00", "lunch", None),
        ("10-08 13:30", "paused", None),
        ("10-08 18:00", "night", None),
        ("10-09 09:00", "paused", None),
        ("10-09 12:00", "lunch", None),
        ("10-09 13:30", "paused", None),
        ("10-09 14:00", "working", None),
        ("10-09 18:00", "night", None),
        ("10-10 09:00", "makeup", "国庆节"),
        ("10-10 10:00", "makeup", "国庆节"),
        ("10-10 12:00", "lunch", None),
        ("10-10 13:30", "makeup", "国庆节"),
        ("10-10 18:00", "night", None),
        ("10-11 00:00", "weekend", None),
        ("10-12 00:00", "night", None),
        ("10-12 09:00", "working", None),
    ]
    assert ledger.sums(found) == {
        "used": timedelta(minutes=150 + 240 + 60), "paused": timedelta(minutes=600), "left": timedelta(minutes=510)
    }  # fmt: skip


def test_the_ledger_of_a_clock_that_ended_ends_with_it() -> None:
    one = clock.stop(started(), local("2026-10-08 10:00"))
    found = ledger.entries(CHINA, one, one.started_at, local("2026-11-01 10:00"))
    assert found[-1].ends == local("2026-10-08 10:00")
    assert ledger.sums(found)["used"] == timedelta(minutes=150)
