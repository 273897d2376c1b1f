"""Periods by their names: ``2026``, ``2026-Q4``, ``2026-11``, ``2026-W48``, ``2026-11-22``.

Days are the workspace's own, so a period begins and ends by its calendar date, whatever the hour elsewhere.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from crm.errors import invalid

Kind = Literal["day", "week", "month", "quarter", "year"]
NAMED = re.compile(
    r"(?P<year>(?:19|20)[0-9]{2})(?:-Q(?P<quarter>[1-4])|-W(?P<week>[0-5][0-9])|-(?P<month>[01][0-9])(?:-(?P<day>[0-3][0-9]))?)?"
)
ALL = "all"


@dataclass(frozen=True)
class Period:
    """A stretch of days, both ends included."""

    kind: Kind
    name: str
    starts_on: date
    ends_on: date


def period(name: str) -> Period:
    """The period of this name; weeks are those of ISO 8601. Raises 422 for what is none."""
    found = NAMED.fullmatch(name)
    try:
        if found is None:
            raise ValueError(name)
        return _named(name, {key: int(value) for key, value in found.groupdict().items() if value is not None})
    except ValueError as error:
        wrong = "A year, quarter, month, week or day: 2026, 2026-Q4, 2026-11, 2026-W48, 2026-11-22."
        raise invalid("query:period", wrong, "invalid") from error


def _named(name: str, parts: dict[str, int]) -> Period:
    year = parts["year"]
    if "quarter" in parts:
        first = 3 * parts["quarter"] - 2
        return Period("quarter", name, date(year, first, 1), _last(year, first + 2))
    if "week" in parts:
        monday = date.fromisocalendar(year, parts["week"], 1)
        return Period("week", name, monday, monday + timedelta(days=6))
    if "day" in parts:
        day = date(year, parts["month"], parts["day"])
        return Period("day", name, day, day)
    if "month" in parts:
        return Period("month", name, date(year, parts["month"], 1), _last(year, parts["month"]))
    return Period("year", name, date(year, 1, 1), date(year, 12, 31))


def quarter_of(day: date) -> Period:
    """The quarter a day lies in."""
    return period(f"{day.year}-Q{(day.month + 2) // 3}")


def _last(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
