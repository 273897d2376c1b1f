"""What a task may go through, as data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from crm.tasks.vocabulary import State

Move = Literal["update", "snooze", "reassign", "complete", "cancel"]

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        ("open", "update"): "open",
        ("open", "snooze"): "open",
        ("open", "reassign"): "open",
        ("open", "complete"): "done",
        ("open", "cancel"): "cancelled",
    }
)

MOST_SNOOZES = 3


def before(move: Move) -> tuple[State, ...]:
    """The states from which this move is possible."""
    return tuple(state for state, possible in MOVES if possible == move)
