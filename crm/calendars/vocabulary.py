"""Words of calendars."""

from typing import Literal

DayKind = Literal["holiday", "workday", "hours"]
"""Closed; a made-up working day; open at other hours than usual."""

Source = Literal["manual", "package", "notice"]
"""Who says so: somebody here, the packages of public holidays, or the notice of the year."""

Reason = Literal["working", "makeup", "hours", "night", "lunch", "weekend", "holiday"]
"""Why a stretch of time counts (the first three) or does not."""

YearState = Literal["announced", "provisional"]
"""Whether the public holidays of a year are final, or only what is sure before the notice of that year."""
