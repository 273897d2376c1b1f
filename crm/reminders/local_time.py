"""Reminders by the clock on the wall: when that is, and when it is next.

A wall-clock time becomes a moment by ``clock.moment_of`` and nothing else: of a repeated hour the first, a skipped one
after the gap. Postgres is never asked, since it takes the second of a repeated hour (``reliability.md`` 2.3).
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from crm import clock


class Occurrence(NamedTuple):
    """A wall-clock time on a day, and the one moment it stands for."""

    local: datetime
    moment: datetime


def resolve(local: datetime, zone: str) -> datetime:
    """The moment, in UTC, at which the zone's clocks show this. ``local`` must not know an offset: ValueError."""
    if local.tzinfo is not None:
        raise ValueError("A wall-clock time has no offset")
    return clock.moment_of(local.date(), local.time(), zone)


def next_occurrence(after: datetime, at: time, zone: str) -> Occurrence:
    """The first time after this moment that the zone's clocks come to ``at``: once on each day the zone has.

    A day that the zone skipped whole (Samoa had no 30 December 2011) has no occurrence.
    """
    day = clock.local_date(after, zone) - timedelta(days=1)
    while True:
        moment = clock.moment_of(day, at, zone)
        # A day that was skipped is told by its noon, which stands on another one.
        if moment > after and clock.local_date(clock.moment_of(day, time(12), zone), zone) == day:
            return Occurrence(datetime.combine(day, at.replace(tzinfo=None, fold=0)), moment)
        day += timedelta(days=1)


def written(local: datetime) -> str:
    """As a wall-clock time is kept: ``2027-01-05T09:00:00``."""
    return local.replace(microsecond=0).isoformat()


def parsed(text: str) -> datetime:
    """What ``written`` wrote."""
    return datetime.fromisoformat(text)
