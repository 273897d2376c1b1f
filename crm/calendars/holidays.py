"""Public holidays from the packages that know them (``domain.md`` B12). Asked only when a calendar is filled.

China's made-up working days come from ``chinesecalendar``, which knows a year once its notice is out. Before that,
``holidays`` gives the statutory days alone, and the year is provisional. Other countries come from ``holidays``.
"""

from datetime import date
from functools import cache
from typing import NamedTuple

import chinese_calendar  # type: ignore[import-untyped]  # it has no types
from holidays import country_holidays, list_supported_countries

from crm.calendars.hours import SpecialDay
from crm.calendars.vocabulary import YearState

CHINA = "CN"

CHINESE_ZONES = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar", "PRC"})


class Filled(NamedTuple):
    """The days of a year that are not as usual, and how sure that is."""

    days: dict[date, SpecialDay]
    state: YearState


@cache
def countries() -> dict[str, list[str]]:
    """The countries that are known (ISO 3166-1, two letters), each with its parts that have holidays of their own."""
    return {code: list(parts) for code, parts in list_supported_countries().items() if len(code) == 2}


@cache
def filled(country: str, subdivision: str | None, year: int, language: str) -> Filled:
    """What is known of a country's year, named in ``language`` where the package can. Never raises for a year."""
    if country == CHINA and subdivision is None and year in _announced():
        return Filled(_chinese(year, language), "announced")
    found = country_holidays(country, subdiv=subdivision, years=year, observed=country != CHINA, language=None)
    wanted = {"zh-CN": "zh_CN", "en": "en_US"}.get(language, language)
    if wanted in found.supported_languages:
        found = country_holidays(country, subdiv=subdivision, years=year, observed=country != CHINA, language=wanted)
    days = {day: SpecialDay("holiday", name) for day, name in found.items()}
    days |= {day: SpecialDay("workday") for day in found.weekend_workdays if day.year == year and day not in days}
    unsure = country == CHINA or not found.start_year <= year <= found.end_year
    return Filled(days, "provisional" if unsure else "announced")


def is_surer(country: str, year: int, state: YearState | None) -> bool:
    """Whether the packages know more of a year than a calendar that has it in this state."""
    return state is None or (state == "provisional" and country == CHINA and year in _announced())


@cache
def _announced() -> frozenset[int]:
    return frozenset(day.year for day in chinese_calendar.holidays)


def _chinese(year: int, language: str) -> dict[date, SpecialDay]:
    def name(english: str) -> str:
        return chinese_calendar.Holiday(english).chinese if language == "zh-CN" else english

    days = {day: SpecialDay("holiday", name(of)) for day, of in chinese_calendar.holidays.items() if day.year == year}
    made_up = ((day, of) for day, of in chinese_calendar.workdays.items() if day.year == year and day.weekday() > 4)
    return days | {day: SpecialDay("workday", name(of)) for day, of in made_up}
