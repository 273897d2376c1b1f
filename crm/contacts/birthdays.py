"""When a birthday comes round: pure rules for both calendars (``domain.md`` B12 and D8).

A lunar birthday falls twice or not at all in some Gregorian years, so the question is always for the next one after a
day. A leap month that a year does not have is kept in the ordinary month, day 30 of a month of 29 days on the 29th,
29 February of a common year on the 28th.
"""

from calendar import isleap
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from lunar_python import LunarYear, Solar  # type: ignore[import-untyped]  # it has no types


class Month(NamedTuple):
    """A month of the lunar calendar: the day it begins, and how many it has."""

    begins_on: date
    days: int


def next_birthday(birthday: Mapping[str, Any], *, after: date) -> date:
    """The first day later than ``after`` on which this birthday is kept.

    ``birthday`` has ``calendar``, ``month``, ``day`` and ``leap``; the year of birth does not matter.
    """
    in_year = lunar_birthday if birthday["calendar"] == "lunar" else solar_birthday
    year = after.year - 1  # The lunar year ends up to seven weeks into the next Gregorian one.
    while (day := in_year(birthday, year)) <= after:
        year += 1
    return day


def upcoming_birthday(birthday: Mapping[str, Any] | None, *, today: date) -> date | None:
    """Today, where today is the birthday, else the next one: what stands with a contact as ``next_birthday_on``."""
    return None if birthday is None else next_birthday(birthday, after=today - timedelta(days=1))


def solar_birthday(birthday: Mapping[str, Any], year: int) -> date:
    """The day of a Gregorian year on which a solar birthday is kept."""
    month, day = birthday["month"], birthday["day"]
    return date(year, 2, 28) if (month, day) == (2, 29) and not isleap(year) else date(year, month, day)


def lunar_birthday(birthday: Mapping[str, Any], year: int) -> date:
    """The Gregorian day on which a lunar birthday is kept in a lunar year."""
    months = lunar_months(year)
    ordinary = months[birthday["month"]]
    month = months.get(-birthday["month"], ordinary) if birthday["leap"] else ordinary
    return month.begins_on + timedelta(days=min(birthday["day"], month.days) - 1)


@lru_cache(maxsize=64)
def lunar_months(year: int) -> Mapping[int, Month]:
    """The months of a lunar year by their number, the leap one by its number below zero. Costs 3 ms, then nothing."""
    return {
        month.getMonth(): Month(_day(month.getFirstJulianDay()), month.getDayCount())
        for month in LunarYear.fromYear(year).getMonthsInYear()
    }


def _day(julian: float) -> date:
    solar = Solar.fromJulianDay(julian)
    return date(solar.getYear(), solar.getMonth(), solar.getDay())
