"""What is promised: so many working minutes, or an answer on the same day (``domain.md`` B7)."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from crm.calendars.spans import ONE_DAY, begin_of, moment_at
from crm.calendars.working_time import TooFar, WorkingTime
from crm.clock import local_date

MINUTE = timedelta(minutes=1)
LEAST_OF_A_DAY = timedelta(hours=1)
"""What comes with less working time left than this comes too late for the same day: it is due on the next one."""


class Promise(NamedTuple):
    """How soon: within so many ``minutes`` of working time, or by the sundown rule, before the day's work is over."""

    minutes: int
    same_day: bool = False

    def time_from(self, working: WorkingTime, at: datetime) -> timedelta:
        """The working time there is for it, counted from that moment."""
        return until_sundown(working, at) if self.same_day else self.minutes * MINUTE


def until_sundown(working: WorkingTime, at: datetime) -> timedelta:
    """The working time from a moment to the end of that working day, or of the next one where hardly any is left."""
    try:
        begins = working.next_working_moment(at)
        ends = _end_of_work(working, local_date(begins, working.zone))
        if working.time_between(begins, ends) < LEAST_OF_A_DAY:
            ends = _end_of_work(working, local_date(working.next_working_moment(ends), working.zone))
    except TooFar:
        return LEAST_OF_A_DAY
    return working.time_between(at, ends)


def whole_minutes(span: timedelta) -> int:
    """So many minutes, of which the last has begun."""
    return -(-span // MINUTE)


def _end_of_work(working: WorkingTime, day: date) -> datetime:
    """When work is over on a day on which there is any."""
    begins, ends = (moment_at(begin_of(one, working.zone)) for one in (day, day + ONE_DAY))
    return max(one.ends for one in working.intervals(begins, ends) if one.counted)
