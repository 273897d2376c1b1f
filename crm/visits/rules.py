"""The life of a visit as data (``domain.md`` C2): which move leads from which state to which, and what it needs.

Two guards are kept by constraints of the table (``models``); for the others ``guarding`` has a condition each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from crm.visits.vocabulary import Birth, Guard, Move, State


@dataclass(frozen=True)
class Row:
    """From this state by this move to that one, where every guard holds."""

    source: State
    move: Move
    target: State
    guards: tuple[Guard, ...] = ()


# What has a new time or a new owner is to be confirmed anew. A missed visit can still be reported: whoever was there
# without the network says so later. Whoever pressed start by mistake can cancel.
TABLE: tuple[Row, ...] = (
    Row("planned", "update", "planned"),
    Row("confirmed", "update", "confirmed"),
    Row("planned", "reschedule", "planned", ("time_free",)),
    Row("confirmed", "reschedule", "planned", ("time_free",)),
    Row("planned", "hand_over", "planned"),
    Row("confirmed", "hand_over", "planned"),
    Row("planned", "confirm", "confirmed", ("time_free",)),
    Row("planned", "start", "in_progress", ("on_its_day", "none_in_progress")),
    Row("confirmed", "start", "in_progress", ("on_its_day", "none_in_progress")),
    Row("planned", "complete", "completed", ("not_before_its_day", "contacts_met")),
    Row("confirmed", "complete", "completed", ("not_before_its_day", "contacts_met")),
    Row("in_progress", "complete", "completed", ("contacts_met",)),
    Row("missed", "complete", "completed", ("reported_in_time", "contacts_met")),
    Row("planned", "miss", "missed", ("grace_over",)),
    Row("confirmed", "miss", "missed", ("grace_over",)),
    Row("planned", "cancel", "cancelled"),
    Row("confirmed", "cancel", "cancelled"),
    Row("in_progress", "cancel", "cancelled"),
    Row("completed", "review", "reviewed", ("joint",)),
)

BIRTHS: Mapping[Birth, tuple[State, tuple[Guard, ...]]] = MappingProxyType(
    {
        "plan": ("planned", ("time_free",)),
        "start_unplanned": ("in_progress", ("none_in_progress",)),
        "log": ("completed", ("reported_in_time", "contacts_met")),
    }
)
"""How a visit begins: in which state, and what that needs."""

MOVES: Mapping[tuple[State, Move], Row] = MappingProxyType({(row.source, row.move): row for row in TABLE})

OF_THE_PRODUCT: frozenset[Move] = frozenset({"miss", "hand_over"})
"""Moves that no caller asks for by themselves."""

OPEN: tuple[State, ...] = ("planned", "confirmed")
"""States of a visit that is still to come."""

HELD: tuple[State, ...] = ("completed", "reviewed")
"""States of a visit that took place."""


def rows_of(move: Move) -> tuple[Row, ...]:
    """The rows of a move."""
    return tuple(row for row in TABLE if row.move == move)


def before(move: Move) -> tuple[State, ...]:
    """The states from which this move can be made."""
    return tuple(row.source for row in rows_of(move))


def after(move: Move) -> State | None:
    """The state in which this move ends, wherever it began; None where the state stays what it was."""
    rows = rows_of(move)
    return None if all(row.source == row.target for row in rows) else rows[0].target


def moves_from(state: State) -> tuple[Move, ...]:
    """What somebody can do with a visit in this state, as far as the state decides."""
    possible: tuple[Move, ...] = get_args(Move)
    return tuple(move for move in possible if (state, move) in MOVES and move not in OF_THE_PRODUCT)
