"""Time in a workspace: moments are kept in UTC, days and wall-clock times belong to a zone.

Wall-clock times become moments here and nowhere else: Postgres takes the second of a repeated hour, Python the first,
and a product that mixes the two fires twice or an hour late.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

NIGHT_BEGINS = timedelta(hours=2)
"""On a workspace's clock: late enough that the day before is over for everybody."""

_NOT_PLACES = frozenset({"Factory", "localtime"})


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_PLACES)


def is_zone(name: str) -> bool:
    """Whether this is the IANA name of a time zone, letter by letter: ``Asia/Shanghai``, ``UTC``."""
    return name in _zones()


def today(zone: str) -> date:
    """The calendar day it is in the zone."""
    return local_date(datetime.now(UTC), zone)


def is_weekday(day: date) -> bool:
    """Monday to Friday: what counts as a working day where no calendar is at hand."""
    return day.weekday() < 5


def local_date(moment: datetime, zone: str) -> date:
    """The calendar day in the zone at that moment. The moment must know its offset: ValueError otherwise."""
    if moment.tzinfo is None:
        raise ValueError("A moment without an offset is no moment")
    return moment.astimezone(ZoneInfo(zone)).date()


def moment_of(day: date, at: time, zone: str) -> datetime:
    """The one moment, in UTC, at which the zone's clocks show this time on this day.

    A time that the clocks skip is moved forward by the length of the gap; of a time they show twice it is the first
    (RFC 5545 3.3.5). A later day never gives an earlier moment; a day that a zone skipped whole gives the same moment
    as the next.
    """
    # fold=0 means just that: the first of two, and inside a gap the offset from before it.
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0), tzinfo=ZoneInfo(zone))
    return wall.astimezone(UTC)


def night(now: datetime, zone: str) -> date:
    """The last day whose night work may be done at this moment, by the clocks of the zone."""
    return (now.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - NIGHT_BEGINS).date()
