"""The life of a sale: what must hold of the table, of every walk through it, and of every answer to three questions."""

import random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.opportunities.gates import IN_WORDS, in_words
from crm.opportunities.qualification import ACTIONS, action, code
from crm.opportunities.qualification import IN_WORDS as ACTIONS_IN_WORDS
from crm.opportunities.rules import CLOSED, GATED, MOVES, after, before
from crm.opportunities.vocabulary import Known, Move, State
from crm.pipelines.defaults import STAGES
from crm.pipelines.requirements import ROLES, is_requirement
from tests.conftest import Client
from tests.factories import Workspace
from tests.opportunities.selling import AMOUNT, act, change, day, ready

STATES: tuple[State, ...] = get_args(State)
ALL_MOVES: tuple[Move, ...] = get_args(Move)
ANSWERS: tuple[Known, ...] = get_args(Known)


def test_the_table_speaks_of_known_states_and_moves_only() -> None:
    assert {state for state, _ in MOVES} | set(MOVES.values()) == set(STATES)
    assert {move for _, move in MOVES} == set(ALL_MOVES)


def test_what_is_won_is_final_and_only_what_is_open_is_won() -> None:
    assert not [move for state, move in MOVES if state == "won"]
    assert before("win") == ("open",)
    assert [move for state, move in MOVES if state == "lost"] == ["reopen"]


def test_whatever_is_won_went_through_gates() -> None:
    assert {move for (_, move), to in MOVES.items() if to == "won"} <= GATED


@given(st.lists(st.sampled_from(ALL_MOVES), max_size=30))
def test_no_walk_leaves_the_table_or_a_win(moves: list[Move]) -> None:
    state: State = "open"
    for move in moves:
        end = MOVES.get((state, move))
        assert (end is not None) == (state in before(move))
        if end is None:
            continue
        assert state != "won"
        assert move == "update" or end == after(move)
        state = end


# domain.md D9, row by row.
@pytest.mark.parametrize(
    ("money", "authority", "need", "letters", "doing"),
    [
        ("yes", "yes", "yes", "MAN", "pursue"),
        ("yes", "yes", "no", "MAn", "develop_need"),
        ("yes", "no", "yes", "MaN", "find_authority"),
        ("no", "yes", "yes", "mAN", "check_credit_offer_finance"),
        ("no", "no", "yes", "maN", "nurture"),
        ("no", "yes", "no", "mAn", "nurture"),
        ("yes", "no", "no", "Man", "nurture"),
        ("no", "no", "no", "man", "stop"),
        ("yes", "unknown", "yes", None, "find_out:authority"),
    ],
)
async def test_what_three_answers_ask_of_us(
    client: Client, money: Known, authority: Known, need: Known, letters: str | None, doing: str
) -> None:
    assert (code(money, authority, need), action(money, authority, need)) == (letters, doing)
    body = {"name": "x", "money": money, "authority": authority, "need": need}
    shown = (await client.post("/v1/opportunities", json=body)).json()["qualification"]
    assert (shown["code"], shown["action"]) == (letters, doing)
    assert (shown["text"], shown["text_zh"]) == ACTIONS_IN_WORDS[doing]


@given(*[st.sampled_from(ANSWERS)] * 3)
def test_unknown_is_never_no(money: Known, authority: Known, need: Known) -> None:
    asked = action(money, authority, need)
    assert asked in ACTIONS_IN_WORDS
    assert asked.startswith("find_out:") == ("unknown" in (money, authority, need))
    assert asked.startswith("find_out:") or asked in ACTIONS.values()


@pytest.mark.parametrize("name", [*IN_WORDS, "contact:decider/approver", "contact:champion", "check:bant.budget"])
def test_every_requirement_can_be_asked_and_said_in_both_languages(name: str) -> None:
    assert is_requirement(name)
    said = in_words(name)
    assert said["message"].isascii()
    assert not said["message_zh"].isascii()


def test_the_first_pipeline_asks_what_can_be_asked() -> None:
    assert all(is_requirement(name) for stage in STAGES for name in stage.requires)
    assert not is_requirement("contact:boss")
    assert all(in_words(f"contact:{role}") for role in ROLES)


@pytest.mark.parametrize("seed", range(4))
async def test_a_walk_ends_where_its_history_says_and_wins_through_gates_only(
    client: Client, workspace: Workspace, seed: int
) -> None:
    chance = random.Random(seed)
    sale = await ready(client, workspace)
    for _ in range(25):
        sale = await step(client, sale, chance)
        assert (sale["closed_at"] is not None) == (sale["closed_on"] is not None) == (sale["state"] in CLOSED)
        assert (sale["resume_on"] is not None) == (sale["state"] == "on_hold")
        assert {"won": "1", "lost": "0"}.get(sale["state"]) in {None, sale["probability"]}
        if sale["state"] not in CLOSED:
            assert 0 < float(sale["probability"]) < 1
        elif sale["state"] == "won":
            assert None not in {sale["expected_close_on"], sale["next_step"], sale["qualification"]["code"]}
            assert sale["amount"] is not None
    moves = (await client.get(f"/v1/opportunities/{sale['id']}/stage-history")).json()["data"]
    state, stage = None, None
    for move in moves:
        assert (move["from_state"], move["from_stage"] and move["from_stage"]["key"]) == (state, stage)
        state, stage = move["to_state"], move["to_stage"]["key"]
    assert (state, stage) == (sale["state"], sale["stage"]["key"])


async def step(client: Client, sale: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Something that somebody does with it, allowed or not; how it is then."""
    verb = chance.choice(
        ["advance", "advance", "step-back", "win", "lose", "hold", "resume", "reopen", "forget", "learn"]
    )
    if verb in {"forget", "learn"} and sale["state"] not in CLOSED:
        known: dict[str, Any] = {"amount": AMOUNT, "next_step": "Call", "expected_close_on": day(9), "need": "yes"}
        field = chance.choice(list(known))
        unknown = "unknown" if field == "need" else None
        return await change(client, sale, **{field: known[field] if verb == "learn" else unknown})
    why = {"reason": "x"}
    bodies = {"step-back": why, "lose": {"reason": "price"}, "hold": {"resume_on": day(9)}, "reopen": why}
    answer = await act(client, sale, verb, **bodies.get(verb, {})) if verb not in {"forget", "learn"} else None
    if answer is not None:
        assert answer.status_code in {200, 409}, answer.text
    return dict((await client.get(f"/v1/opportunities/{sale['id']}")).json())
