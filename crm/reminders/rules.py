"""What a reminder may go through, as data (``domain.md`` C2, follow-up / reminder)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from crm.reminders.vocabulary import State

Move = Literal["update", "cancel", "snooze", "acknowledge", "fire", "suppress", "escalate", "drop", "plan_again"]

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        ("scheduled", "update"): "scheduled",
        ("scheduled", "snooze"): "scheduled",
        ("scheduled", "cancel"): "cancelled",
        ("scheduled", "drop"): "cancelled",
        ("scheduled", "fire"): "fired",
        ("scheduled", "suppress"): "cancelled",
        ("fired", "snooze"): "scheduled",
        ("fired", "acknowledge"): "acknowledged",
        ("fired", "escalate"): "fired",
        ("cancelled", "plan_again"): "scheduled",
    }
)
"""From which state which move leads where. A snoozed reminder is a scheduled one whose ``snooze_count`` is not 0."""

MOST_SNOOZES = 3


def before(move: Move) -> tuple[State, ...]:
    """The states from which this move is possible."""
    return tuple(state for state, possible in MOVES if possible == move)
