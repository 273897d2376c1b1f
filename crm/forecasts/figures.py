"""Figures from sums (``domain.md`` B5, D6): pure arithmetic, each figure with the number of sales it rests on.

Sums are exact; what is shown is rounded half up, money to cents, shares to four places. Without a denominator there
is no figure, and nothing is guessed.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crm.forecasts.vocabulary import Category

CENTS, SHARE, TWO = Decimal("0.01"), Decimal("0.0001"), Decimal("0.01")
NOUGHT = Decimal(0)

Figures = dict[str, dict[str, Any]]


@dataclass
class Sum:
    """Of some sales: how many, and what they are worth in the workspace's currency."""

    count: int = 0
    amount: Decimal = NOUGHT
    weighted: Decimal = NOUGHT

    def __add__(self, other: "Sum") -> "Sum":
        """Both together."""
        return Sum(self.count + other.count, self.amount + other.amount, self.weighted + other.weighted)


@dataclass
class Outlook:
    """The sales of a period by category, and what was to be sold."""

    of: dict[Category, Sum] = field(default_factory=dict)
    target: Decimal | None = None
    without_amount: int = 0
    unconverted: int = 0

    def sum(self, *categories: Category) -> Sum:
        """These categories together."""
        return sum((self.of.get(category, Sum()) for category in categories), Sum())

    def figures(self) -> Figures:
        """All that a forecast says."""
        is_open, closed = self.sum("pipeline", "best_case", "commit"), self.sum("closed")
        expected = is_open.weighted + closed.amount
        with_closed = is_open.count + closed.count
        left = None if self.target is None else self.target - closed.amount
        committed, best = self.sum("commit", "closed"), self.sum("best_case", "commit", "closed")
        single: tuple[Category, ...] = ("pipeline", "best_case", "commit", "closed", "omitted")
        return {
            "open_pipeline": money("open_pipeline", is_open.amount, is_open.count),
            "weighted": money("weighted", is_open.weighted, is_open.count),
            **{name: money(name, self.sum(name).amount, self.sum(name).count) for name in single},
            "commit_forecast": money("commit_forecast", committed.amount, committed.count),
            "best_case_forecast": money("best_case_forecast", best.amount, best.count),
            "expected_total": money("expected_total", expected, with_closed),
            "target": money("target", self.target, 0),
            "attainment": share("attainment", closed.amount, self.target, closed.count),
            "expected_attainment": share("expected_attainment", expected, self.target, with_closed),
            "coverage": ratio("coverage", is_open.amount, left, is_open.count),
        }


@dataclass
class Closing:
    """What was won and lost in a period, how long winning took, and what is under way."""

    won: Sum = field(default_factory=Sum)
    lost: Sum = field(default_factory=Sum)
    mean_cycle: Decimal | None = None
    median_cycle: Decimal | None = None
    qualified: int = 0
    without_amount: int = 0
    unconverted: int = 0

    def figures(self) -> Figures:
        """Win rates, cycle, and the money that comes in per day."""
        won, lost = self.won, self.lost
        both = won.count + lost.count
        average = quotient(won.amount, won.count)
        rate = quotient(Decimal(won.count), both)
        return {
            "won": money("won", won.amount, won.count),
            "lost": money("lost", lost.amount, lost.count),
            "win_rate_by_count": share("win_rate_by_count", Decimal(won.count), both, both),
            "win_rate_by_value": share("win_rate_by_value", won.amount, won.amount + lost.amount, both),
            "average_deal": money("average_deal", average, won.count),
            "mean_cycle_days": number("mean_cycle_days", self.mean_cycle, won.count),
            "median_cycle_days": number("median_cycle_days", self.median_cycle, won.count),
            "qualified": figure("qualified", str(self.qualified), self.qualified),
            "velocity": money("velocity", velocity(self.qualified, average, rate, self.mean_cycle), both),
        }


@dataclass
class UnderWay:
    """What is open now, and for how long it has been where it is."""

    open: Sum = field(default_factory=Sum)
    mean_days: Decimal | None = None
    median_days: Decimal | None = None
    without_amount: int = 0
    unconverted: int = 0

    def figures(self) -> Figures:
        """How much, how likely, how long."""
        n = self.open.count
        return {
            "open": money("open", self.open.amount, n),
            "weighted": money("weighted", self.open.weighted, n),
            "mean_days_in_stage": number("mean_days_in_stage", self.mean_days, n),
            "median_days_in_stage": number("median_days_in_stage", self.median_days, n),
        }


def velocity(qualified: int, average: Decimal | None, rate: Decimal | None, cycle: Decimal | None) -> Decimal | None:
    """Qualified sales × average deal × win rate / mean cycle in days: money per day (``domain.md`` B5)."""
    if average is None or rate is None or cycle is None:
        return None
    return quotient(qualified * average * rate, cycle)


def accuracy(forecast: Decimal, actual: Decimal) -> Decimal | None:
    """1 − |forecast − actual| / actual; below 0 where the forecast was more than double."""
    missed = quotient(abs(forecast - actual), actual)
    return None if missed is None else 1 - missed


def quotient(part: Decimal, whole: Decimal | int | None) -> Decimal | None:
    """A part of a whole that is more than nothing."""
    return part / whole if whole is not None and whole > 0 else None


def money(formula: str, amount: Decimal | None, sample: int) -> dict[str, Any]:
    """An amount in the workspace's currency."""
    return figure(formula, _rounded(amount, CENTS), sample)


def share(formula: str, part: Decimal, whole: Decimal | int | None, sample: int) -> dict[str, Any]:
    """A part of a whole: 0.3000 is thirty percent."""
    return figure(formula, _rounded(quotient(part, whole), SHARE), sample)


def ratio(formula: str, part: Decimal, whole: Decimal | None, sample: int) -> dict[str, Any]:
    """How many times one goes into the other."""
    return figure(formula, _rounded(quotient(part, whole), TWO), sample)


def number(formula: str, value: Decimal | None, sample: int) -> dict[str, Any]:
    """A number of days."""
    return figure(formula, _rounded(value, TWO), sample)


def figure(formula: str, value: str | None, sample: int) -> dict[str, Any]:
    """A figure as answers show it."""
    return {"value": value, "formula": formula, "sample_size": sample}


def _rounded(value: Decimal | None, to: Decimal) -> str | None:
    return None if value is None else str(value.quantize(to, ROUND_HALF_UP))
