"""The life of a request as a table, and by when it must be answered. Pure functions."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from crm.privacy_requests.vocabulary import Move, State

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        ("received", "verify"): "verified",
        ("received", "refuse"): "refused",
        ("verified", "fulfill"): "fulfilled",
        ("verified", "refuse"): "refused",
    }
)
"""``domain.md`` C2. Nothing is handed out or erased on the word of somebody who was not verified."""

OPEN: tuple[State, ...] = ("received", "verified")


def before(move: Move) -> tuple[State, ...]:
    """The states from which this move can be made."""
    return tuple(state for state, of in MOVES if of == move)


def due_on(received_on: date, working_days: int, *, is_working_day: Callable[[date], bool]) -> date:
    """The last day on which an answer is in time: the so-manieth working day after the day of receipt.

    The day of receipt itself does not count (``domain.md`` C2: 15 working days).
    """
    day = received_on
    while working_days > 0:
        day += timedelta(days=1)
        working_days -= is_working_day(day)
    return day
