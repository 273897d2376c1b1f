"""Reminders by the clock on the wall: when that is.

A wall-clock time becomes a moment by ``clock.moment_of`` and nothing else: of a repeated hour the first, a skipped one
after the gap. Postgres is never asked, since it takes the second of a repeated hour (``reliability.md`` 2.3).
"""

from datetime import datetime

from crm import clock


def resolve(local: datetime, zone: str) -> datetime:
    """The moment, in UTC, at which the zone's clocks show this. ``local`` must not know an offset: ValueError."""
    if local.tzinfo is not None:
        raise ValueError("A wall-clock time has no offset")
    return clock.moment_of(local.date(), local.time(), zone)


def written(local: datetime) -> str:
    """As a wall-clock time is kept: ``2027-01-05T09:00:00``."""
    return local.replace(microsecond=0).isoformat()


def parsed(text: str) -> datetime:
    """What ``written`` wrote."""
    return datetime.fromisoformat(text)
