"""The clock of a promise, as a value and pure functions over it (``domain.md`` B8, C2, D7).

A clock counts working time from its start, without its pauses, up to what was promised. Nothing is rounded. What a
clock is due at follows from its start, its pauses and its calendar alone, so it can be worked out anew at any time.

    running ⇄ paused      running → breached (by the worker)      running, paused → met      breached → met_late
    any that is open → cancelled      met → running, met_late → breached (the complaint is reopened soon)

A breach is final: nobody is told that what they were told has not happened. So a breached clock is not paused, and
another policy or calendar changes nothing about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from crm.calendars.working_time import TooFar, WorkingTime
from crm.sla.promises import Promise
from crm.sla.vocabulary import ClockState

BREACH = 100
"""The share of the time, in percent, at which the promise is broken."""
NEVER = datetime(2999, 12, 31, tzinfo=UTC)
"""When is due what a calendar has no time for."""


class Pause(NamedTuple):
    """A time in which the clock stood still; it still does where it has no end."""

    begins: datetime
    ends: datetime | None


class Threshold(NamedTuple):
    """A share of the time at which somebody is told. ``at`` is not known while the clock stands still."""

    percent: int
    at: datetime | None
    crossed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """A promise under way. ``pauses`` are in their order; ``thresholds`` rise and have the breach among them."""

    promise: Promise
    state: ClockState
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    thresholds: tuple[Threshold, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether what was promised is still to be done."""
        return self.stopped_at is None

    @property
    def paused_at(self) -> datetime | None:
        """Since when it stands still."""
        return self.pauses[-1].begins if self.state == "paused" else None

    @property
    def next_threshold_at(self) -> datetime | None:
        """When the worker has to look at it next."""
        return min((one.at for one in self.thresholds if one.at and one.crossed_at is None), default=None)


def start(time: WorkingTime, promise: Promise, at: datetime, percents: Iterable[int]) -> Clock:
    """Begin to count at a moment. Outside working time it counts from the next opening."""
    clock = Clock(promise, "running", at, at, thresholds=tuple(Threshold(one, None, None) for one in _rising(percents)))
    return _timed(time, clock)


def pause(clock: Clock, at: datetime) -> Clock:
    """Stand still, while it is the customer's turn. What is due by then is no longer paused."""
    if clock.state != "running" or at >= clock.due_at:
        return clock
    passed = tuple(one if _is_over(one, at) else one._replace(at=None) for one in clock.thresholds)
    return replace(clock, state="paused", pauses=(*clock.pauses, Pause(at, None)), thresholds=passed)


def resume(time: WorkingTime, clock: Clock, at: datetime) -> Clock:
    """Go on: all that is to come moves by the working time of the pause, and by nothing else."""
    if clock.state != "paused":
        return clock
    return _timed(time, replace(clock, state="running", pauses=_ended(clock.pauses, at)))


def stop(clock: Clock, at: datetime) -> Clock:
    """What was promised is done: in time up to the very moment it is due, else late.

    Of what nobody has been told yet only a breach is still told.
    """
    if not clock.is_open:
        return clock
    late = clock.state == "breached" or (clock.state == "running" and at > clock.due_at)
    left = tuple(
        one if one.crossed_at or (late and one.percent == BREACH) else one._replace(at=None) for one in clock.thresholds
    )
    state: ClockState = "met_late" if late else "met"
    return replace(clock, state=state, stopped_at=at, pauses=_ended(clock.pauses, at), thresholds=left)


def cancel(clock: Clock, at: datetime) -> Clock:
    """What was promised is not asked for any more."""
    if not clock.is_open:
        return clock
    left = tuple(one if one.crossed_at else one._replace(at=None) for one in clock.thresholds)
    return replace(clock, state="cancelled", stopped_at=at, pauses=_ended(clock.pauses, at), thresholds=left)


def reopen(time: WorkingTime, clock: Clock, at: datetime) -> Clock:
    """Go on where it was stopped, as if it had been paused since; what was late stays late."""
    if clock.stopped_at is None or clock.state == "cancelled":
        return clock
    if clock.state == "met_late":
        return replace(clock, state="breached", stopped_at=None)
    stood = Pause(clock.stopped_at, at)
    return _timed(time, replace(clock, state="running", stopped_at=None, pauses=(*clock.pauses, stood)))


def judge(time: WorkingTime, clock: Clock, promise: Promise, percents: Iterable[int]) -> Clock:
    """By another promise or another calendar. It began when it began; what was told was told."""
    if clock.state not in {"running", "paused"}:
        return clock
    told = {one.percent: one for one in clock.thresholds if one.crossed_at}
    every = tuple(told.get(one) or Threshold(one, None, None) for one in _rising({*percents, *told}))
    judged = _timed(time, replace(clock, promise=promise, thresholds=every))
    if (since := clock.paused_at) is None:
        return judged
    still = tuple(one if _is_over(one, since) else one._replace(at=None) for one in judged.thresholds)
    return replace(judged, thresholds=still)


def used(time: WorkingTime, clock: Clock, until: datetime) -> timedelta:
    """The working time it has counted up to then, or up to its end."""
    end = max(clock.started_at, min(until, clock.stopped_at or until))
    return time.time_between(clock.started_at, end) - paused(time, clock, end)


def paused(time: WorkingTime, clock: Clock, until: datetime) -> timedelta:
    """The working time it has stood still up to then."""
    stood = timedelta()
    for one in clock.pauses:
        begins, ends = max(one.begins, clock.started_at), min(one.ends or until, until)
        if begins < ends:
            stood += time.time_between(begins, ends)
    return stood


def reached(time: WorkingTime, clock: Clock, wanted: timedelta) -> datetime:
    """When it has counted, or will have counted, so much working time. A pause that goes on is not known yet."""
    stood = timedelta()
    try:
        for one in clock.pauses:
            if one.ends is None or time.time_between(clock.started_at, one.begins) - stood >= wanted:
                break
            stood += time.time_between(one.begins, one.ends)
        return time.deadline(clock.started_at, wanted + stood)
    except TooFar:
        return NEVER


def _timed(time: WorkingTime, clock: Clock) -> Clock:
    """The clock with all moments that are still to come."""
    whole = clock.promise.time_from(time, clock.started_at)
    due = reached(time, clock, whole)
    moments = tuple(
        one
        if one.crossed_at
        else one._replace(at=due if one.percent == BREACH else reached(time, clock, whole * one.percent / BREACH))
        for one in clock.thresholds
    )
    return replace(clock, due_at=due, thresholds=moments)


def _rising(percents: Iterable[int]) -> list[int]:
    return sorted({*percents, BREACH})


def _is_over(one: Threshold, at: datetime) -> bool:
    return one.crossed_at is not None or (one.at is not None and one.at <= at)


def _ended(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    """The pauses, of which the last one is over by now."""
    if not pauses or pauses[-1].ends is not None:
        return pauses
    return (*pauses[:-1], pauses[-1]._replace(ends=max(at, pauses[-1].begins)))
