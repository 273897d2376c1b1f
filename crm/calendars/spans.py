"""Hours of a day as moments: from the wall clock of a zone to microseconds of UTC."""

from datetime import UTC, date, datetime, time, timedelta

from crm.calendars.hours import WHOLE_DAY, Day
from crm.clock import moment_of

MINUTE = 60_000_000
ONE_DAY = timedelta(days=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ticks(moment: datetime) -> int:
    """Microseconds since 1970. Raises ``TypeError`` for a moment without an offset."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_at(ticks_: int) -> datetime:
    """The moment in UTC so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=ticks_)


def begin_of(day: date, zone: str) -> int:
    """When a day begins in the zone."""
    return ticks(moment_of(day, time(), zone))


def worked_on(day: date, begins: int, ends: int, hours: Day, zone: str) -> list[tuple[int, int]]:
    """Opening and closing of each part of a day that lasts from ``begins`` to ``ends``."""
    if ends - begins == WHOLE_DAY * MINUTE:
        return [(begins + part.opens * MINUTE, begins + part.closes * MINUTE) for part in hours]
    worked: list[tuple[int, int]] = []
    free_from = begins
    for part in hours:
        # A skipped time moves forward and would reach into what follows.
        opened, closed = max(_at(day, part.opens, zone), free_from), min(_at(day, part.closes, zone), ends)
        if opened < closed:
            worked.append((opened, closed))
            free_from = closed
    return worked


def _at(day: date, minute: int, zone: str) -> int:
    if minute == WHOLE_DAY:
        return begin_of(day + ONE_DAY, zone)
    return ticks(moment_of(day, time(*divmod(minute, 60)), zone))
