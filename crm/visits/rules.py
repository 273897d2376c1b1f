"""The life of a visit as a table (``domain.md`` C2): which move leads from which state to which."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.visits.vocabulary import Move, State

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        ("planned", "update"): "planned",
        ("planned", "reschedule"): "planned",
        ("planned", "start"): "in_progress",
        ("planned", "complete"): "completed",
        ("planned", "cancel"): "cancelled",
        ("in_progress", "complete"): "completed",
        ("in_progress", "cancel"): "cancelled",
    }
)


def before(move: Move) -> tuple[State, ...]:
    """The states from which this move can be made."""
    return tuple(state for state, of in MOVES if of == move)


def after(move: Move) -> State:
    """The state in which this move ends, wherever it began."""
    return MOVES[before(move)[0], move]
