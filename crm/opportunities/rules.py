"""The life of an opportunity as a table (``domain.md`` C2): which move leads from which state to which.

The stages within ``open`` are the pipeline's; what must be known to pass them stands in ``gates``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm.opportunities.vocabulary import Move, State

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        ("open", "update"): "open",
        ("on_hold", "update"): "on_hold",
        ("open", "advance"): "open",
        ("open", "step_back"): "open",
        ("open", "win"): "won",
        ("open", "lose"): "lost",
        ("on_hold", "lose"): "lost",
        ("open", "hold"): "on_hold",
        ("on_hold", "resume"): "open",
        ("lost", "reopen"): "open",
    }
)
"""Who is on hold resumes before winning; what was won is final."""

GATED: frozenset[Move] = frozenset({"advance", "win"})
"""The moves that pass the gates of the stages on their way."""

CLOSED: frozenset[State] = frozenset({"won", "lost"})


def before(move: Move) -> tuple[State, ...]:
    """The states from which this move can be made."""
    return tuple(state for state, of in MOVES if of == move)


def after(move: Move) -> State:
    """The state in which this move ends, for those that end in one wherever they began."""
    (end,) = {to for (_, of), to in MOVES.items() if of == move}
    return end
