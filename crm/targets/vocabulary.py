"""The words of targets; the database checks the same ones."""

from typing import Literal

PeriodKind = Literal["month", "quarter", "year"]
