"""How warm a customer is, and when to be in touch next: pure rules, with today as an argument.

Days are differences of calendar dates in the workspace's zone, so a contact at 23:50 is one day old twenty minutes
later. The numbers are settings of the workspace (``workspaces/settings.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm.clock import local_date
from crm.customers.vocabulary import Band, Class, KeyKind

LONGEST_CLOSURE = 60


@dataclass(frozen=True, slots=True)
class WarmthScale:
    """Where the bands end, in days since the last contact. The four must rise: ValueError otherwise."""

    hot_until: int = 15
    warm_until: int = 60
    cold_from: int = 120
    zero_at: int = 240

    def __post_init__(self) -> None:
        """Refuse limits that do not rise."""
        if not 0 <= self.hot_until < self.warm_until < self.cold_from < self.zero_at:
            raise ValueError("The limits of a warmth scale must rise.")


@dataclass(frozen=True, slots=True)
class Warmth:
    """A band and a score of 0 to 100."""

    band: Band
    score: int


def scale_of(settings: Mapping[str, Any]) -> WarmthScale:
    """The warmth scale of a workspace, from its effective settings."""
    return WarmthScale(**settings["warmth"])


def days_since(last_contact_at: datetime | None, now: datetime, zone: str) -> int | None:
    """Calendar days between the last contact and now, in the workspace's zone. None when there was no contact."""
    if last_contact_at is None:
        return None
    return (local_date(now, zone) - local_date(last_contact_at, zone)).days


def warmth(days: int | None, scale: WarmthScale) -> Warmth:
    """How warm a customer is after so many days. A contact dated ahead counts as today's.

    The score falls in straight lines from 100 (end of hot) over 60 (end of warm) and 20 (start of cold) to 0, and is
    rounded half up once, at the end.
    """
    if days is None:
        return Warmth("never", 0)
    if days <= scale.hot_until:
        return Warmth("hot", 100)
    if days <= scale.warm_until:
        return Warmth("warm", _between(days, (scale.hot_until, 100), (scale.warm_until, 60)))
    if days < scale.cold_from:
        return Warmth("cooling", _between(days, (scale.warm_until, 60), (scale.cold_from, 20)))
    if days < scale.zero_at:
        return Warmth("cold", _between(days, (scale.cold_from, 20), (scale.zero_at, 0)))
    return Warmth("cold", 0)


def _between(days: int, left: tuple[int, int], right: tuple[int, int]) -> int:
    """The score on the line from left to right, rounded half up, in whole numbers so that no float decides a tie."""
    (from_day, from_score), (to_day, to_score) = left, right
    span = to_day - from_day
    score_times_span = from_score * span - (from_score - to_score) * (days - from_day)
    return (2 * score_times_span + span) // (2 * span)


def contact_every(key_kind: KeyKind | None, class_: Class | None, settings: Mapping[str, Any]) -> int:
    """The cadence: at most so many days between two contacts with such a customer. No class counts as ordinary.

    However long the workspace sets it, it ends the day before the customer would be cold: nobody gets there without
    somebody having been told (``domain.md`` B1).
    """
    cadence = settings["cadence"]
    if key_kind == "double":
        tier = "double"
    elif key_kind is not None or class_ == "key":
        tier = "key"
    elif class_ == "potential":
        tier = "potential"
    else:
        tier = "ordinary"
    days: int = min(cadence[tier], settings["warmth"]["cold_from"] - 1)
    return days


def next_contact_due(
    last_contact: date | None, created: date, every_days: int, *, is_working_day: Callable[[date], bool]
) -> date:
    """The day by which to be in touch next: the cadence after the last contact, or after creation when there was none.

    On a day off it is the working day before; if that is not after the start any more, the first working day after.
    A calendar without a working day for two months leaves the date where it fell.
    """
    start = last_contact or created
    due = start + timedelta(days=every_days)
    earlier = (due - timedelta(days=back) for back in range(min(every_days, LONGEST_CLOSURE)))
    later = (due + timedelta(days=ahead) for ahead in range(1, LONGEST_CLOSURE))
    return next(filter(is_working_day, earlier), None) or next(filter(is_working_day, later), due)
