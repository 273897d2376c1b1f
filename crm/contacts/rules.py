"""Which birthdays can be: pure rules over month and day, solar (公历) and lunar (农历)."""

from calendar import monthrange

SOME_LEAP_YEAR = 2000
LONGEST_LUNAR_MONTH = 30


def last_day(calendar: str, month: int, year: int | None) -> int:
    """The last day that a month may have: of that year if it is known, else of any year.

    A lunar month has 29 or 30 days depending on the year; in a year when it is short, day 30 is kept on the 29th.
    """
    if calendar == "lunar":
        return LONGEST_LUNAR_MONTH
    return monthrange(year or SOME_LEAP_YEAR, month)[1]
