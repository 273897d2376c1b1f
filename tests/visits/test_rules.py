"""The life of a visit: what must hold of the table, and of every walk through it."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from crm.visits.guarding import BY_CONSTRAINT, conditions
from crm.visits.rules import BIRTHS, HELD, MOVES, OF_THE_PRODUCT, OPEN, TABLE, after, before, moves_from
from crm.visits.vocabulary import Birth, Guard, Move, State

STATES: tuple[State, ...] = get_args(State)
ALL_MOVES: tuple[Move, ...] = get_args(Move)
BIRTHS_KNOWN: tuple[Birth, ...] = get_args(Birth)
FINAL = {"reviewed", "cancelled"}
RANK: dict[State, int] = {
    "planned": 0,
    "confirmed": 1,
    "in_progress": 2,
    "missed": 2,
    "completed": 3,
    "cancelled": 3,
    "reviewed": 4,
}
BACK = {("confirmed", "reschedule"), ("confirmed", "hand_over")}
"""The moves that go back: what has a new time or a new owner is to be confirmed anew."""


def test_the_table_speaks_of_known_states_moves_and_guards_only() -> None:
    assert {row.source for row in TABLE} | {row.target for row in TABLE} == set(STATES)
    assert {row.move for row in TABLE} == set(ALL_MOVES)
    assert set(BIRTHS) == set(BIRTHS_KNOWN)
    named = {guard for row in TABLE for guard in row.guards} | {g for _, guards in BIRTHS.values() for g in guards}
    assert named == set(get_args(Guard))
    assert set(conditions(free_of_day=False, any_review=False)) == named
    assert named > BY_CONSTRAINT


def test_no_state_and_move_have_two_rows() -> None:
    assert len(MOVES) == len(TABLE)


def test_the_rows_are_those_of_the_domain() -> None:
    told = {(row.source, row.move, row.target) for row in TABLE}
    domain = {
        ("planned", "confirm", "confirmed"),
        ("planned", "start", "in_progress"),
        ("confirmed", "start", "in_progress"),
        ("in_progress", "complete", "completed"),
        ("planned", "miss", "missed"),
        ("confirmed", "miss", "missed"),
        ("planned", "cancel", "cancelled"),
        ("confirmed", "cancel", "cancelled"),
        ("completed", "review", "reviewed"),
    }
    assert domain <= told
    assert MOVES["planned", "start"].guards == ("on_its_day", "none_in_progress")
    assert all("contacts_met" in row.guards for row in TABLE if row.move == "complete")


def test_a_move_ends_in_one_state_wherever_it_began() -> None:
    for row in TABLE:
        assert row.source in before(row.move)
        assert after(row.move) == (None if row.move == "update" else row.target)


def test_what_is_over_stays_over() -> None:
    assert not [row for row in TABLE if row.source in FINAL]
    assert {row.target for row in TABLE if row.source == "completed"} == {"reviewed"}
    assert {row.target for row in TABLE if row.source == "missed"} == {"completed"}


def test_every_state_can_be_reached() -> None:
    reached = {state for state, _ in BIRTHS.values()}
    while more := {row.target for row in TABLE if row.source in reached} - reached:
        reached |= more
    assert reached == set(STATES)


def test_nobody_is_offered_what_the_product_does_by_itself() -> None:
    assert not [move for state in STATES for move in moves_from(state) if move in OF_THE_PRODUCT]
    assert moves_from("planned") == ("update", "reschedule", "confirm", "start", "complete", "cancel")
    assert moves_from("reviewed") == ()
    assert set(OPEN) == {state for state in STATES if (state, "miss") in MOVES}
    assert set(HELD) == {"completed", "reviewed"}


@given(st.sampled_from(BIRTHS_KNOWN), st.lists(st.sampled_from(ALL_MOVES), max_size=30))
def test_no_walk_leaves_the_table_and_only_named_moves_go_back(birth: Birth, moves: list[Move]) -> None:
    state, _ = BIRTHS[birth]
    completed = 0
    for move in moves:
        row = MOVES.get((state, move))
        assert (row is not None) == (state in before(move))
        if row is None:
            continue
        assert RANK[row.target] >= RANK[state] or (state, move) in BACK
        completed += move == "complete"
        state = row.target
        assert state in STATES
    assert completed <= 1
