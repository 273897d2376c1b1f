"""The tables of moves themselves, by properties: no road leads to a state that they do not allow."""

from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.customers.lifecycle import BY_THE_WORKER, KIND_OF_LOSS, MOVES, after, before, moves_from
from crm.customers.needs import missing
from crm.customers.vocabulary import Lifecycle, LifecycleMove, LossCause
from tests.conftest import Client
from tests.relationships.steps import history, new_contact, new_customer

BODIES: dict[str, dict[str, Any] | None] = {
    "qualify": None,
    "convert": {"reason": "Signed."},
    "lose": {"cause": "moved", "evidence": "The door was shut."},
    "win_back": {},
}


def test_every_state_can_be_left_and_every_move_ends_in_one_state() -> None:
    assert {state for state, _ in MOVES} == set(get_args(Lifecycle))
    assert {move for _, move in MOVES} == set(get_args(LifecycleMove))
    for move in get_args(LifecycleMove):
        assert {MOVES[state, move] for state in before(move)} == {after(move)}


def test_every_cause_of_loss_is_of_a_kind() -> None:
    assert set(KIND_OF_LOSS) == set(get_args(LossCause))


def test_the_moves_of_the_worker_are_not_offered() -> None:
    assert moves_from("customer") == ["lose"]
    assert not any(set(moves_from(state)) & BY_THE_WORKER for state in get_args(Lifecycle))


@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1).map(tuple)), st.sets(st.sampled_from("abcd")))
def test_nothing_is_missing_exactly_when_each_need_is_met(needs: list[tuple[str, ...]], held: set[str]) -> None:
    assert (missing(needs, held) == []) == all(set(need) & held for need in needs)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(sorted({*get_args(Lifecycle)} - {"lost"})),
    asked=st.lists(st.sampled_from(list(BODIES)), max_size=8),
)
async def test_no_sequence_of_requests_leaves_the_table_and_the_history_replays_to_where_it_ends(
    client: Client, start: Lifecycle, asked: list[LifecycleMove]
) -> None:
    path = await new_customer(client, lifecycle=start)
    await new_contact(client, path)
    state, walked = start, [start]
    for move in asked:
        response = await client.post(f"{path}/{move.replace('_', '-')}", json=BODIES[move])
        if (state, move) in MOVES:
            assert response.status_code == 200, response.text
            state = MOVES[state, move]
            walked.append(state)
        else:
            assert response.status_code == 409, response.text
        assert (await client.get(path)).json()["lifecycle"] == state
    moves = await history(client, f"{path}/lifecycle-history")
    assert [move["to"] for move in moves] == walked
    assert [move["from"] for move in moves] == [None, *walked[:-1]]
