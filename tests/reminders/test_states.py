"""The table of moves, as a machine: what is owed is said once, and nothing else."""

from collections import deque
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from crm.reminders.rules import MOVES, Move, before
from crm.reminders.vocabulary import State

STATES, EVERY_MOVE = get_args(State), get_args(Move)


def test_every_state_and_every_move_has_its_row() -> None:
    assert {state for state, _ in MOVES} | set(MOVES.values()) == set(STATES)
    assert {move for _, move in MOVES} == set(EVERY_MOVE)
    assert all(before(move) for move in EVERY_MOVE)


def test_every_state_is_reached_and_only_what_was_heard_ends_for_good() -> None:
    reached, left = {"scheduled"}, deque(["scheduled"])
    while left:
        state = left.popleft()
        for (start, _), end in MOVES.items():
            if start == state and end not in reached:
                reached.add(end)
                left.append(end)
    assert reached == set(STATES)
    assert {state for state in STATES if not any(start == state for start, _ in MOVES)} == {"acknowledged"}


@given(st.lists(st.sampled_from(EVERY_MOVE), max_size=40))
def test_whatever_is_tried_it_is_said_only_when_it_was_to_be(moves: list[Move]) -> None:
    state: State = "scheduled"
    owed = 1
    for move in moves:
        following = MOVES.get((state, move))
        if following is None:
            continue
        if move == "fire":
            owed -= 1
        if following == "scheduled" and state != "scheduled":
            owed = 1
        if following == "cancelled":
            owed = 0
        state = following
        assert owed == (1 if state == "scheduled" else 0), "what waits is said once, and nothing else is"
