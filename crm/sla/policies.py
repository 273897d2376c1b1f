"""A policy as its clocks need it: what it promises, and when somebody is told."""

from collections.abc import Mapping
from typing import Any

from crm.sla.promises import Promise
from crm.sla.vocabulary import ClockKind

KINDS: tuple[ClockKind, ...] = ("acknowledge", "response", "update", "resolution")
PAUSED: frozenset[ClockKind] = frozenset({"update", "resolution"})
"""What stands still while it is the customer's turn."""


def promises_of(row: Mapping[str, Any]) -> dict[ClockKind, Promise]:
    """What a row of policies promises, by kind; what it does not promise is not there."""
    found = {kind: Promise(minutes) for kind in KINDS if (minutes := row[f"{kind}_minutes"]) is not None}
    if row["acknowledge_same_day"]:
        found["acknowledge"] = Promise(0, same_day=True)
    return found


def percents_of(row: Mapping[str, Any]) -> frozenset[int]:
    """The shares of the time at which something is told, to somebody or to everybody who listens."""
    return frozenset(row["thresholds"]) | {one["percent"] for one in row["escalation"]}
