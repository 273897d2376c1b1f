"""Figures from counts (``domain.md`` B7, B9): pure arithmetic, each figure with the number it rests on.

Nothing is guessed: without a denominator there is no figure, and the volume stands beside whatever is said of it.
"""

from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from crm.forecasts.figures import SHARE, Figures, figure, money, number, quotient, share

TREND_FROM = 30
"""Answers below which nothing is said of a trend (B9)."""


@dataclass
class Answers:
    """What people said when they were asked how it went."""

    rated: int = 0
    """Answers on the scale of 1 to 5."""
    content: int = 0
    """Of these, 4 or 5."""
    recommending: int = 0
    """Answers on the scale of 0 to 10."""
    promoters: int = 0
    """Of these, 9 or 10."""
    detractors: int = 0
    """Of these, 0 to 6."""

    def __add__(self, other: Self) -> "Answers":
        """Both together."""
        return Answers(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def csat(self) -> Decimal | None:
        """The content among all, from 0 to 1."""
        return quotient(Decimal(self.content), self.rated)

    @property
    def nps(self) -> Decimal | None:
        """Percent of promoters less percent of detractors; the passive stay in the denominator."""
        return quotient(Decimal(100 * (self.promoters - self.detractors)), self.recommending)


@dataclass
class Handled:
    """What became of some complaints: counts and sums, which add up."""

    received: int = 0
    acknowledge_kept: int = 0
    acknowledge_decided: int = 0
    resolution_kept: int = 0
    resolution_decided: int = 0
    resolved: int = 0
    reopened: int = 0
    at_first_contact: int = 0
    repeats: int = 0
    decided: int = 0
    upheld: int = 0
    cost: Decimal = Decimal(0)
    costing: int = 0
    unconverted: int = 0

    def __add__(self, other: Self) -> "Handled":
        """Both together."""
        return Handled(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def figures(self, customers: int, now: Answers, before: Answers | None) -> Figures:
        """All that is said of them: ``customers`` are those they are so many of, ``before`` the answers then."""
        n, before = self.received, before or Answers()
        per_thousand = quotient(Decimal(1000 * n), customers)
        average = quotient(self.cost, self.costing)
        return {
            "volume": figure("volume", str(n), n),
            "per_1000_customers": number("per_1000_customers", per_thousand, customers),
            "acknowledged_on_time": _share("acknowledged_on_time", self.acknowledge_kept, self.acknowledge_decided),
            "resolved_on_time": _share("resolved_on_time", self.resolution_kept, self.resolution_decided),
            "reopened": _share("reopened", self.reopened, self.resolved),
            "repeat": _share("repeat", self.repeats, n),
            "upheld": _share("upheld", self.upheld, self.decided),
            "first_contact_resolution": _share("first_contact_resolution", self.at_first_contact, self.resolved),
            "cost": money("cost", self.cost, self.costing),
            "average_cost": money("average_cost", average, self.costing),
            "csat": _share("csat", now.content, now.rated),
            "csat_trend": points("csat_trend", _trend(now.csat, now.rated, before.csat, before.rated), now.rated),
            "nps": number("nps", now.nps, now.recommending),
            "nps_trend": number(
                "nps_trend", _trend(now.nps, now.recommending, before.nps, before.recommending), now.recommending
            ),
        }


@dataclass(frozen=True)
class Iceberg:
    """Those who never said a word (A197): how many were unhappy, how many silent, and how many were told at least."""

    unhappy: int
    silent: int
    told_at_least: int


def iceberg(complaints: int, percent: int, told_each: int) -> Iceberg:
    """Unhappy = complaints / the share of the unhappy who complain, whole people, rounded half up."""
    unhappy = int((Decimal(100 * complaints) / percent).quantize(Decimal(1), ROUND_HALF_UP))
    return Iceberg(unhappy, unhappy - complaints, (unhappy - complaints) * told_each)


def points(formula: str, value: Decimal | None, sample: int) -> dict[str, Any]:
    """A difference of two shares, to four places."""
    return figure(formula, None if value is None else str(value.quantize(SHARE, ROUND_HALF_UP)), sample)


def _share(formula: str, part: int, whole: int) -> dict[str, Any]:
    return share(formula, Decimal(part), whole, whole)


def _trend(now: Decimal | None, n: int, before: Decimal | None, m: int) -> Decimal | None:
    if now is None or before is None or min(n, m) < TREND_FROM:
        return None
    return now - before
