"""Pure rules of care: how many calls a day reach everyone, and how far the capacity goes (``domain.md`` D10)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MonthOfCalls:
    """What a month asks of one caller. ``need_per_day`` is None in a month without a working day.

    ``reachable_percent`` is the share of the customers whom the month's calls can reach, to a tenth, never over 100;
    None where there is nobody to reach.
    """

    customers: int
    working_days: int
    need_per_day: int | None
    capacity: int
    reachable_percent: float | None


def month_of_calls(customers: int, working_days: int, per_day: int) -> MonthOfCalls:
    """D10: need per day = ceil(customers / working days); the month's capacity = calls a day times working days."""
    capacity = per_day * working_days
    need = -(-customers // working_days) if working_days else None
    # In whole numbers, rounded down: a share of 99.96 % is not everyone.
    reachable = min(1000, 1000 * capacity // customers) / 10 if customers else None
    return MonthOfCalls(customers, working_days, need, capacity, reachable)
