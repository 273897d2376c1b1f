"""Working time: when something is due that takes so many working minutes, and how many passed (``domain.md`` B8, D7).

Moments are compared in UTC and counted on the clocks of the calendar's zone. Nothing here is rounded: seconds and
microseconds stay. Hours become moments through ``clock.moment_of`` alone: an hour that the clocks skip counts nothing
where opening and closing enclose it, one shown twice counts twice, and a closing time that is skipped comes as much
later.

Each year is prepared once, when first asked for, as sums over its hours; every answer after that is a binary search.
A year of which no special day is known is counted by the week alone. Nothing raises for want of holidays.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from crm.calendars.hours import AROUND_THE_CLOCK, Day, SpecialDay, Week, hours_on
from crm.calendars.ledger import Stretch, stretches
from crm.calendars.spans import MINUTE, ONE_DAY, begin_of, moment_at, ticks, worked_on

LAST_YEAR = 2999
FURTHEST = 100
"""Years that a deadline is looked for in: each one that is prepared for the first time costs a millisecond."""
KEPT_YEARS = 60
"""How many years a calendar keeps prepared; about 18 kB each."""

_TICK = timedelta(microseconds=1)


class TooFar(ValueError):
    """There is not so much working time within a hundred years, or up to the end of the year 2999."""


class _Year(NamedTuple):
    """A year in the calendar's zone, in microseconds: each opening, each closing, and what was worked before it."""

    number: int
    begins: int
    ends: int
    opens: "array[int]"
    closes: "array[int]"
    before: "array[int]"
    total: int


@dataclass(frozen=True)
class WorkingTime:
    """When work is done: a week of hours in a zone, and the days that are not as usual. A value; it never changes.

    Raises ``ValueError`` when made of a week without any hours.
    """

    zone: str
    week: Week
    days: Mapping[date, SpecialDay] = field(default_factory=dict, hash=False)
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """A calendar by which nobody ever works cannot say when anything is due."""
        if len(self.week) != 7 or not any(self.week):
            raise ValueError("A week has seven days, and hours on at least one of them")

    def deadline(self, start: datetime, minutes: int | timedelta) -> datetime:
        """When so much working time has passed since ``start``, in UTC.

        A start outside working time counts from the next opening. What ends exactly at closing time ends there and
        does not slide to the next opening; so does nothing at all from closing time on. Raises ``ValueError`` for
        less than nothing, ``TooFar`` for more than a hundred years and beyond the year 2999.
        """
        wanted = minutes // _TICK if isinstance(minutes, timedelta) else minutes * MINUTE
        if wanted < 0:
            raise ValueError("A deadline does not lie before its start")
        at = ticks(start)
        if not wanted:
            inside = self._goes_on(at, start.year) or self._goes_on(at - 1, start.year)
            return start.astimezone(UTC) if inside else self.next_working_moment(start)
        year = self._year_at(at, start.year)
        wanted += self._worked(year, at)
        furthest = year.number + FURTHEST
        while wanted > year.total:
            if year.number >= furthest:
                raise TooFar
            wanted -= year.total
            year = self._after(year)
        there = bisect_left(year.before, wanted) - 1
        return moment_at(year.opens[there] + wanted - year.before[there])

    def time_between(self, a: datetime, b: datetime) -> timedelta:
        """The working time from ``a`` to ``b``, to the microsecond; negative when ``b`` is the earlier."""
        if b < a:
            return -self.time_between(b, a)
        begins, ends = ticks(a), ticks(b)
        year, last = self._year_at(begins, a.year), self._year_at(ends, b.year)
        worked = self._worked(last, ends) - self._worked(year, begins)
        while year.number < last.number:
            worked += year.total
            year = self._year(year.number + 1)
        return timedelta(microseconds=worked)

    def minutes_between(self, a: datetime, b: datetime) -> float:
        """The working minutes from ``a`` to ``b``; parts of a minute count. For sums use ``time_between``."""
        return self.time_between(a, b) / timedelta(minutes=1)

    def next_working_moment(self, moment: datetime) -> datetime:
        """The moment itself where work goes on just then, else the next opening, in UTC. Closing time is over."""
        at = ticks(moment)
        year = self._year_at(at, moment.year)
        here = bisect_right(year.opens, at) - 1
        if here >= 0 and at < year.closes[here]:
            return moment.astimezone(UTC)
        while here + 1 >= len(year.opens):
            year, here = self._after(year), -1
        return moment_at(year.opens[here + 1])

    def is_working_day(self, day: date) -> bool:
        """Whether any work is done on that day."""
        return bool(self.hours_on(day))

    def hours_on(self, day: date) -> Day:
        """The hours of that day; none on a day off."""
        return hours_on(self.week, day.weekday(), self.days.get(day))

    def working_days_before(self, day: date, n: int) -> date:
        """The n-th working day before that day, which itself does not count (``domain.md`` D8).

        None before it (0) is the day itself, or on a day off the last working day before it.
        """
        return self._counted(day, n, -ONE_DAY)

    def working_days_after(self, day: date, n: int) -> date:
        """The n-th working day after that day, which itself does not count.

        None after it (0) is the day itself, or on a day off the first working day after it.
        """
        return self._counted(day, n, ONE_DAY)

    def working_days(self, first: date, last: date) -> list[date]:
        """All working days from the first to the last day, both included."""
        every = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in every if self.is_working_day(day)]

    def intervals(self, a: datetime, b: datetime) -> list[Stretch]:
        """The ledger of ``time_between``: every stretch from ``a`` to ``b``, whether it counts, and why.

        The stretches touch each other, and those that count add up to the working time.
        """
        return stretches(a, b, self.zone, self.days, self.hours_on)

    def _counted(self, day: date, n: int, step: timedelta) -> date:
        if n < 0:
            raise ValueError("Working days are counted from 0 up, before or after")
        if n == 0:
            n, day = 1, day - step
        while n:
            day += step
            if not day.year <= LAST_YEAR:
                raise TooFar
            n -= self.is_working_day(day)
        return day

    def _goes_on(self, at: int, near: int) -> bool:
        year = self._year_at(at, near)
        here = bisect_right(year.opens, at) - 1
        return here >= 0 and at < year.closes[here]

    @staticmethod
    def _worked(year: _Year, at: int) -> int:
        """Working time from the year's begin up to a moment in it."""
        here = bisect_right(year.opens, at) - 1
        return 0 if here < 0 else year.before[here] + min(at, year.closes[here]) - year.opens[here]

    def _year_at(self, at: int, near: int) -> _Year:
        """The calendar's year at that moment, which another zone's clocks say is in the year ``near``."""
        year = self._year(near)
        if at < year.begins:
            return self._year(near - 1)
        return year if at < year.ends else self._year(near + 1)

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        return year if year is not None else self._prepare(number)

    def _after(self, year: _Year) -> _Year:
        if year.number >= LAST_YEAR:
            raise TooFar
        return self._year(year.number + 1)

    def _prepare(self, number: int) -> _Year:
        opens, closes, before = array("q"), array("q"), array("q")
        total, day = 0, date(number, 1, 1)
        first = begins = begin_of(day, self.zone)
        while day.year == number:
            ends = begin_of(day + ONE_DAY, self.zone)
            for opened, closed in worked_on(day, begins, ends, self.hours_on(day), self.zone):
                opens.append(opened)
                closes.append(closed)
                before.append(total)
                total += closed - opened
            day, begins = day + ONE_DAY, ends
        if len(self._years) >= KEPT_YEARS:
            self._years.clear()
        year = self._years[number] = _Year(number, first, begins, opens, closes, before, total)
        return year


def around_the_clock(zone: str = "UTC") -> WorkingTime:
    """Working time that never ends: the 24 × 7 policy."""
    return WorkingTime(zone, AROUND_THE_CLOCK)
