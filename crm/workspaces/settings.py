"""What a workspace may set for itself, and what holds when it does not: the thresholds of ``domain.md``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from crm.errors import Unprocessable, invalid


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within limits."""

    default: int
    least: int
    most: int

    def check(self, value: object) -> str | None:
        """What is wrong with the value, or None."""
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return None
        return f"A whole number from {self.least} to {self.most}."


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    default: str
    of: tuple[str, ...]

    def check(self, value: object) -> str | None:
        """What is wrong with the value, or None."""
        return None if isinstance(value, str) and value in self.of else f"One of {', '.join(self.of)}."


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day in the workspace's zone, ``HH:MM``."""

    default: str

    def check(self, value: object) -> str | None:
        """What is wrong with the value, or None."""
        ok = isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value)
        return None if ok else "A time of day such as 09:00."


Setting = Number | Choice | ClockTime
Group = Mapping[str, Setting]
Described = Mapping[str, Setting] | Mapping[str, Setting | Group]
"""A group of settings, or all of them."""

DESCRIPTION: Mapping[str, Setting | Group] = MappingProxyType(
    {
        # Days since the last contact (domain.md D1).
        "warmth": MappingProxyType(
            {
                "hot_until": Number(15, 0, 3650),
                "warm_until": Number(60, 1, 3650),
                "cold_from": Number(120, 2, 3650),
                "zero_at": Number(240, 3, 3650),
            }
        ),
        # At most so many days between two contacts (domain.md B1).
        "cadence": MappingProxyType(
            {
                "double": Number(15, 1, 366),
                "key": Number(30, 1, 366),
                "potential": Number(60, 1, 366),
                "ordinary": Number(90, 1, 366),
            }
        ),
        # At most so many touches of ours per person, in days; what the customer began does not count (B1).
        "pressure": MappingProxyType({"in_7_days": Number(3, 1, 100), "in_30_days": Number(6, 1, 300)}),
        # Whether and when people are told, at the end of a working day, what is left and what is ahead (C5).
        "day_end": MappingProxyType({"digest": Choice("on", ("on", "off")), "time": ClockTime("17:30")}),
        # Calls that one person makes a day, where the list is not asked for with another number (D10).
        "calls": MappingProxyType({"capacity": Number(60, 1, 1000)}),
        # Who is proposed as a key customer, and for how long a rejected proposal is not made again (B3, C4).
        "key_customers": MappingProxyType(
            {
                "share_percent": Number(20, 1, 100),
                "influence_from": Number(4, 1, 5),
                "quiet_days": Number(90, 0, 3650),
            }
        ),
        # A customer's file is to be verified again after so many months (domain.md B12, timeliness).
        "verification": MappingProxyType({"stale_after_months": Number(12, 1, 120)}),
        # Of visits: metres from the customer that still count as on the spot, beside the device's own accuracy, and
        # whether one must say why one is not; hours after which what nobody made is missed (domain.md C2); days for
        # which reports are taken; minutes by which a device's clock may be off.
        "visits": MappingProxyType(
            {
                "range_m": Number(500, 10, 100_000),
                "out_of_range_reason": Choice("optional", ("optional", "required")),
                "missed_after_hours": Number(24, 1, 720),
                "report_days": Number(7, 0, 90),
                "clock_tolerance_minutes": Number(5, 0, 1440),
            }
        ),
        # Visits that one person makes on a working day (A127), which a monthly plan does not go beyond; and whether a
        # manager may approve a plan of their own, where there is nobody else who could.
        "visit_plans": MappingProxyType(
            {"visits_per_day": Number(3, 1, 50), "own_approval": Choice("forbidden", ("forbidden", "allowed"))}
        ),
        # Working days to answer a person (domain.md C2); days that the position of a visit is kept (B12).
        "privacy": MappingProxyType({"answer_days": Number(15, 1, 365), "location_days": Number(365, 1, 3650)}),
        # A reminder that nobody acknowledges is told to the manager after so many minutes, working ones or all; 0 never
        # (C2: overdue for n working days; by default one of eight hours).
        "reminders": MappingProxyType(
            {
                "escalate_after_minutes": Number(480, 0, 43_200),
                "escalate_counts": Choice("working_minutes", ("working_minutes", "calendar_minutes")),
            }
        ),
        # Mebibytes that all attachments of the workspace may take up together.
        "attachments": MappingProxyType({"quota_mib": Number(10_240, 0, 10_485_760)}),
        # Days to the expected close up to which a sale is H, A or B, and days between two looks at its card (B2, D9).
        "grades": MappingProxyType(
            {
                "h_days": Number(7, 0, 3650),
                "a_days": Number(30, 1, 3650),
                "b_days": Number(90, 2, 3650),
                "h_review_days": Number(1, 1, 366),
                "a_review_days": Number(7, 1, 366),
                "b_review_days": Number(30, 1, 366),
                "c_review_days": Number(90, 1, 366),
            }
        ),
        # Days of silence after which a sale is stale, early and late; open sales that each salesperson should have,
        # 0 for no floor; days in which a lost one can be opened again (B2, B5, C2).
        "opportunities": MappingProxyType(
            {
                "silent_days": Number(30, 1, 3650),
                "silent_days_late": Number(14, 1, 3650),
                "floor": Number(0, 0, 10_000),
                "reopen_days": Number(90, 1, 3650),
                # Whether a contract that is over begins the sale of its renewal by itself (C2).
                "renewals": Choice("on", ("on", "off")),
                # Days for which it is kept how each sale stood.
                "snapshot_days": Number(1100, 31, 36_500),
            }
        ),
        # Of complaints (B7, B8, C2): days within which another one of the same kind is a repeat; days after which it
        # cannot be reopened, and within which its clocks go on; times that a return visit is tried, within so many
        # working days; days ago that one may have come in; days until the effect of what was done is checked, 0 never;
        # up to which cost, in the workspace's currency, managers and service may approve a solution, 0 never.
        "complaints": MappingProxyType(
            {
                "repeat_days": Number(90, 0, 3650),
                "reopen_days": Number(30, 0, 3650),
                "continue_days": Number(7, 0, 3650),
                "attempts": Number(3, 1, 20),
                "attempt_days": Number(7, 1, 90),
                "late_days": Number(30, 0, 3650),
                "effect_check_days": Number(30, 0, 3650),
                "manager_limit": Number(50_000, 0, 1_000_000_000),
                "service_limit": Number(0, 0, 1_000_000_000),
            }
        ),
        # Working days past due after which a task is news, and the manager is told.
        "tasks": MappingProxyType({"overdue_after_days": Number(2, 0, 365)}),
        "reminder_time": ClockTime("09:00"),
        "visibility": Choice("team", ("own", "team", "all")),
    }
)


def effective(overrides: Mapping[str, Any], *, at: str = "settings") -> Mapping[str, Any]:
    """The settings that hold: the defaults, and over them what the workspace has set. Read-only, all names present.

    Raises Unprocessable that names every bad field below ``at``: an unknown name, a wrong type, a value out of
    limits, or warmth limits that do not rise.
    """
    problems: list[Unprocessable] = []
    found = _over(DESCRIPTION, overrides, at, problems)
    if not problems and not _rises(tuple(found["warmth"].values())):
        problems.append(invalid(f"{at}/warmth", "The limits of a warmth scale must rise.", "not_rising"))
    if problems:
        raise Unprocessable(errors=tuple(error for problem in problems for error in problem.errors))
    return found


def _over(
    described: Mapping[str, Setting | Group], overrides: object, at: str, problems: list[Unprocessable]
) -> Mapping[str, Any]:
    if not isinstance(overrides, Mapping):
        problems.append(invalid(at, "This must be an object."))
        overrides = {}
    for name in overrides:
        if name not in described:
            problems.append(invalid(f"{at}/{name}", "There is no such setting.", "unknown"))
    found: dict[str, Any] = {}
    for name, setting in described.items():
        if isinstance(setting, Mapping):
            found[name] = _over(setting, overrides.get(name, {}), f"{at}/{name}", problems)
            continue
        found[name] = overrides.get(name, setting.default)
        if wrong := setting.check(found[name]):
            problems.append(invalid(f"{at}/{name}", wrong))
    return MappingProxyType(found)


def _rises(limits: tuple[int, ...]) -> bool:
    return all(lower < higher for lower, higher in pairwise(limits))


DEFAULTS: Mapping[str, Any] = effective({})
