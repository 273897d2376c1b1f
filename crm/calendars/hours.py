"""Hours of a day and days that are not as usual: what working time is made of."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from crm.calendars.vocabulary import DayKind

WHOLE_DAY = 24 * 60


class Hours(NamedTuple):
    """From when to when work is done on a day, in minutes of the wall clock since midnight; 1440 is its end."""

    opens: int
    closes: int


Day = tuple[Hours, ...]
"""The hours of one day in their order, lunch being the gap between two of them; none on a day off."""

Week = tuple[Day, ...]
"""Seven days, beginning with Monday."""


class SpecialDay(NamedTuple):
    """A day that is not as the week has it. A ``workday`` without hours of its own takes those of a usual one."""

    kind: DayKind
    name: str | None = None
    hours: Day | None = None


AROUND_THE_CLOCK: Week = ((Hours(0, WHOLE_DAY),),) * 7

OFFICE: Week = ((Hours(9 * 60, 12 * 60), Hours(13 * 60 + 30, 18 * 60)),) * 5 + ((),) * 2
"""What a new workspace begins with (``domain.md`` D7): 7.5 hours from Monday to Friday."""


def ordered(hours: Iterable[Hours]) -> Day:
    """The hours in their order. Raises ``ValueError`` where they are empty, overlap or leave the day."""
    day = tuple(sorted(hours))
    if any(not 0 <= part.opens < part.closes <= WHOLE_DAY for part in day):
        raise ValueError("Hours end after they begin, within one day")
    if any(later.opens < earlier.closes for earlier, later in pairwise(day)):
        raise ValueError("Hours of a day do not overlap")
    return day


def hours_on(week: Week, weekday: int, special: SpecialDay | None) -> Day:
    """The hours of a day, Monday being 0.

    A made-up working day is worked as the week has that day, and where the week has it off, as the last day before it
    that the week has hours for: a Saturday like a Friday.
    """
    if special is None:
        return week[weekday]
    if special.kind == "holiday":
        return ()
    if special.hours is not None:
        return special.hours
    return next(day for back in range(7) if (day := week[(weekday - back) % 7]))


def minutes(text: str) -> int:
    """``"13:30"`` as minutes since midnight; ``"24:00"`` is the end of the day."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def clock_time(minutes_: int) -> str:
    """Minutes since midnight as ``"13:30"``."""
    return f"{minutes_ // 60:02}:{minutes_ % 60:02}"


def read_hours(kept: Sequence[Mapping[str, str]] | None) -> Day | None:
    """Hours as they are kept and sent: ``[{"opens": "09:00", "closes": "12:00"}]``. Raises as ``ordered`` does."""
    return None if kept is None else ordered(Hours(minutes(part["opens"]), minutes(part["closes"])) for part in kept)
