"""Days as people's files write them: 2026-11-22, 22.11.2026, 11/22/26, 2026年11月22日."""

import re

from crm.imports.vocabulary import DateOrder

_PARTS = re.compile(r"([0-9]{1,4}) ?[-/.年] ?([0-9]{1,2}) ?[-/.月] ?([0-9]{1,4})日?(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")
_PLACES: dict[str, tuple[int, int, int]] = {"year_first": (0, 1, 2), "day_first": (2, 1, 0), "month_first": (2, 0, 1)}
CENTURY_TURNS = 70
"""Two digits from here on are of the century before."""


def as_day(text: str, order: DateOrder | None) -> str:
    """The day in ISO 8601, or the text as it is where it is none, or may be read in several ways.

    A year of four digits in front needs no order; whatever else is read as ``order`` says, and left as it is without.
    """
    found = _PARTS.fullmatch(text)
    if found is None:
        return text
    parts = found.groups()
    if len(parts[0]) == 4:
        order = "year_first"
    if order is None:
        return text
    year, month, day = (parts[place] for place in _PLACES[order])
    if len(year) not in {2, 4} or len(month) > 2 or len(day) > 2:
        return text
    if len(year) == 2:
        year = f"{20 if int(year) < CENTURY_TURNS else 19}{year}"
    return f"{year}-{int(month):02}-{int(day):02}"
