"""The life of a visit: what must hold of the table, and of every walk through it."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from crm.visits.rules import MOVES, after, before
from crm.visits.vocabulary import Move, State

STATES: tuple[State, ...] = get_args(State)
ALL_MOVES: tuple[Move, ...] = get_args(Move)
CLOSED = {"completed", "cancelled"}


def test_the_table_speaks_of_known_states_and_moves_only() -> None:
    assert {state for state, _ in MOVES} | set(MOVES.values()) == set(STATES)
    assert {move for _, move in MOVES} == set(ALL_MOVES)


def test_a_move_ends_in_one_state_wherever_it_began() -> None:
    for (state, move), end in MOVES.items():
        assert state in before(move)
        assert after(move) == end


def test_what_is_closed_stays_closed() -> None:
    assert not [state for state, _ in MOVES if state in CLOSED]


def test_every_open_visit_can_be_completed_and_cancelled() -> None:
    for state in set(STATES) - CLOSED:
        assert MOVES[state, "complete"] == "completed"
        assert MOVES[state, "cancel"] == "cancelled"


@given(st.lists(st.sampled_from(ALL_MOVES), max_size=30))
def test_no_walk_goes_back_or_leaves_the_table(moves: list[Move]) -> None:
    order: dict[State, int] = {"planned": 0, "in_progress": 1, "completed": 2, "cancelled": 2}
    state: State = "planned"
    completed = 0
    for move in moves:
        end = MOVES.get((state, move))
        assert (end is not None) == (state in before(move))
        if end is None:
            continue
        assert order[end] >= order[state]
        completed += end in CLOSED
        state = end
    assert completed <= 1
