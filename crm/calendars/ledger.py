"""The ledger of an interval: every stretch of it, whether it counts as working time, and why."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from crm.calendars.hours import Day, SpecialDay
from crm.calendars.spans import ONE_DAY, begin_of, moment_at, worked_on
from crm.calendars.vocabulary import Reason
from crm.clock import local_date


class Stretch(NamedTuple):
    """A part of an interval that counts or does not, and why. ``name`` is the holiday's or the special day's."""

    begins: datetime
    ends: datetime
    counted: bool
    reason: Reason
    name: str | None


def stretches(
    a: datetime, b: datetime, zone: str, days: Mapping[date, SpecialDay], hours_on: Callable[[date], Day]
) -> list[Stretch]:
    """The stretches from ``a`` to ``b`` in their order, touching each other.

    What follows on another for the same reason is one: a night over midnight, a weekend, the days of one holiday.
    """
    ledger: list[Stretch] = []
    first, last = a.astimezone(UTC), b.astimezone(UTC)
    day = local_date(a, zone)
    while day <= local_date(b, zone):
        for begins, ends, counted, reason, name in _of_day(day, zone, days.get(day), hours_on(day)):
            start, stop = max(begins, first), min(ends, last)
            if start >= stop:
                continue
            if ledger and ledger[-1][2:] == (counted, reason, name):
                ledger[-1] = ledger[-1]._replace(ends=stop)
            else:
                ledger.append(Stretch(start, stop, counted, reason, name))
        day += ONE_DAY
    return ledger


def _of_day(day: date, zone: str, special: SpecialDay | None, hours: Day) -> Iterator[Stretch]:
    begins, ends = begin_of(day, zone), begin_of(day + ONE_DAY, zone)
    worked = worked_on(day, begins, ends, hours, zone)
    name = special.name if special else None
    at = begins
    for opens, closes in worked:
        yield Stretch(moment_at(at), moment_at(opens), False, "night" if at == begins else "lunch", None)
        yield Stretch(moment_at(opens), moment_at(closes), True, _why_worked(special), name)
        at = closes
    free: Reason = "night" if worked else "holiday" if special else "weekend"
    yield Stretch(moment_at(at), moment_at(ends), False, free, None if worked else name)


def _why_worked(special: SpecialDay | None) -> Reason:
    if special is None:
        return "working"
    return "makeup" if special.kind == "workday" else "hours"
