"""When a task comes again: RFC 5545 rules, counted on the clock on the wall, and bounded.

Times are naive: they are what the clock shows in the zone of the series, so 09:00 stays 09:00 over a change of clocks.
``crm.clock`` turns them into moments.

``dateutil`` looks for the next time of a rule that has none until the year 9999, a day at a time where it is a daily
one, and nothing else runs meanwhile. So days are counted here, and for all else it begins near the end of its years:
each 400 of them have the same days, months and days of the week.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr  # type: ignore[import-untyped]  # it has no types

LONGEST_REACH = timedelta(days=366 * 11)
"""Between two occurrences; 29 February needs up to eight years. What comes more seldom does not come."""

MOST = 1000
"""Of ``COUNT`` and ``INTERVAL``."""

CYCLE = 400
"""Years after which the calendar is the same again."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9][0-9]{0,2}|1000",
    "COUNT": r"[1-9][0-9]{0,2}|1000",
    "UNTIL": r"[0-9]{8}(T[0-9]{6}Z?)?",
    "BYDAY": r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)){0,30}",
    "BYMONTHDAY": r"-?[1-9][0-9]?(,-?[1-9][0-9]?){0,30}",
    "BYMONTH": r"[1-9][0-2]?(,[1-9][0-2]?){0,11}",
    "BYSETPOS": r"-?[1-9][0-9]{0,2}(,-?[1-9][0-9]{0,2}){0,10}",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
}


class Recurrence:
    """An understood rule, from its first time on. Raises ``ValueError``, whose text says what is wrong."""

    def __init__(self, rule: str, first: datetime, zone: str) -> None:
        """``first`` is naive: what the clock shows in ``zone``."""
        parts = _parts(rule)
        count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
        if count and until:
            raise ValueError("COUNT and UNTIL exclude each other.")
        self._parts, self._first = parts, first
        self._until = _last_moment(until, zone) if until else datetime(2999, 12, 31)  # noqa: DTZ001  # the clock on the wall
        try:
            if self.at_or_after(first) is None:
                raise ValueError("This rule never comes true.")
            if count:
                self._until = list(islice(self._times(first, first + LONGEST_REACH * 5), int(count)))[-1]
        except (IndexError, OverflowError, TypeError) as error:
            raise ValueError("This is not a rule of RFC 5545.") from error

    def at_or_after(self, time: datetime) -> datetime | None:
        """The first time from this one on; None when there is none any more."""
        return next(self._times(time, _reach(time)), None)

    def after(self, time: datetime) -> datetime | None:
        """The first time later than this one; None when there is none any more."""
        return next((at for at in self._times(time, _reach(time)) if at > time), None)

    def _times(self, since: datetime, at_most: datetime) -> Iterator[datetime]:
        until = min(self._until, at_most)
        return self._days(since, until) if self._parts["FREQ"] == "DAILY" else self._others(since, until)

    def _days(self, since: datetime, until: datetime) -> Iterator[datetime]:
        step = timedelta(days=int(self._parts.get("INTERVAL", "1")))
        at = self._first + max(0, -((self._first - since) // step)) * step
        while at <= until:
            if self._is_day(at):
                yield at
            at += step

    def _is_day(self, at: datetime) -> bool:
        listed = {name: value.split(",") for name, value in self._parts.items()}
        last = monthrange(at.year, at.month)[1]
        has = {
            "BYMONTH": {str(at.month)},
            "BYMONTHDAY": {str(at.day), str(at.day - last - 1)},
            "BYDAY": {DAYS[at.weekday()]},
            "BYSETPOS": {"1", "-1"},
        }
        listed["BYDAY"] = [one[-2:] for one in listed.get("BYDAY", ())]
        return all(not listed.get(name) or has[name].intersection(listed[name]) for name in has)

    def _others(self, since: datetime, until: datetime) -> Iterator[datetime]:
        years = CYCLE * max(0, (MAXYEAR - 1 - max(since, until, self._first).year) // CYCLE)
        text = ";".join(f"{name}={value}" for name, value in self._parts.items())
        last = _later(until, years).strftime("%Y%m%dT%H%M%S")
        found = rrulestr(f"{text};UNTIL={last}", dtstart=_later(self._first, years))
        if not isinstance(found, rrule):
            raise TypeError(found)
        return (_later(at, -years) for at in found.xafter(_later(since, years), inc=True))


def _later(time: datetime, years: int) -> datetime:
    return time.replace(year=time.year + years)


def _reach(time: datetime) -> datetime:
    return min(time, datetime(2990, 1, 1)) + LONGEST_REACH  # noqa: DTZ001  # the clock on the wall


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in parts or name not in _PARTS or not re.fullmatch(_PARTS[name], value):
            raise ValueError(f"Not understood: {part[:60]}.")
        parts[name] = value
    if "FREQ" not in parts:
        raise ValueError("FREQ is missing.")
    return parts


def _last_moment(until: str, zone: str) -> datetime:
    """The last time that counts, on the clock on the wall; a day counts whole."""
    if len(until) == 8:
        until += "T235959"
    found = datetime.strptime(until.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  # the clock on the wall
    return found.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) if until.endswith("Z") else found
