"""The path as data: what ``domain.md`` C2 says of it, and what holds of it for whoever asks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.actor import ActorKind, Role
from crm.calendars.hours import OFFICE
from crm.calendars.working_time import WorkingTime
from crm.complaints.cases import Case, Who
from crm.complaints.needs import MEANINGS, listed, unmet
from crm.complaints.rules import ASKED_FOR, FACT_OF, OPEN, OVER, SEVERE, STEPS, TABLE, TELLS, NotAPath, replay
from crm.complaints.standing import most_within
from crm.complaints.telling import SAYS
from crm.complaints.vocabulary import Need, State, Step

ANNA, BEN = UUID(int=1), UUID(int=2)

C2: tuple[tuple[str, str, str, set[Need]], ...] = (
    ("received", "acknowledge", "acknowledged", {"human"}),
    ("acknowledged", "assess", "assessing", set()),
    ("assessing", "assign", "assessing", {"assignee_not_responsible"}),
    ("assessing", "investigate", "investigating", set()),
    ("investigating", "wait_customer", "waiting_customer", set()),
    ("investigating", "propose", "solution_proposed", {"solution", "remedy_answered", "validity_set"}),
    ("solution_proposed", "approve", "approved", {"supervises", "not_proposer", "within_limit"}),
    ("solution_proposed", "send_back", "investigating", set()),
    ("approved", "communicate", "communicated", {"customer_reached"}),
    ("communicated", "accept", "implementing", set()),
    ("communicated", "refuse", "investigating", set()),
    ("implementing", "implement", "implementing", set()),
    ("implementing", "resolve", "resolved", {"actions_done"}),
    ("resolved", "close", "closed", {"return_visit", "root_cause", "corrective_action"}),
    ("resolved", "reopen", "investigating", {"in_time"}),
    ("closed", "reopen", "investigating", {"in_time"}),
    ("rejected", "approve", "rejected", {"not_proposer", "supervises"}),
    ("rejected", "close", "closed", {"approved"}),
)
"""``domain.md`` C2, the lines of a complaint."""


@pytest.mark.parametrize(("source", "step", "target", "needs"), C2)
def test_the_path_is_the_one_of_the_document(source: State, step: Step, target: State, needs: set[Need]) -> None:
    row = STEPS[source, step]
    assert row.target == target
    assert needs <= set(row.needs)


def test_every_step_is_told_has_its_words_and_leads_somewhere() -> None:
    assert len(STEPS) == len(TABLE)
    assert set(FACT_OF) == set(ASKED_FOR) | {"receive", "reply"}
    assert set(TELLS) == set(SAYS)
    assert {need for row in TABLE for need in row.needs} == set(MEANINGS) == set(get_args(Need))
    assert set(OPEN) | set(OVER) == set(get_args(State))
    for state in OPEN:
        assert ends_from(state) & {"closed"}
    assert [step for state, step in STEPS if state == "withdrawn"] == ["reply"]


def ends_from(state: State) -> set[State]:
    """Where a complaint can come to from here."""
    found: set[State] = {state}
    while True:
        further = found | {row.target or "investigating" for row in TABLE if row.source in found}
        if further == found:
            return found
        found = further


people = st.sampled_from([ANNA, BEN, UUID(int=3), None])
whoever = st.builds(
    Who,
    kind=st.sampled_from(ActorKind),
    user_id=people,
    role=st.sampled_from([*Role, None]),
    limit=st.sampled_from([None, Decimal(0), Decimal(100)]),
)
text = st.sampled_from([None, "", "x"])
cases = st.builds(
    Case,
    state=st.sampled_from(get_args(State)),
    severity=st.sampled_from(["critical", "high", "medium", "low"]),
    validity=st.sampled_from(["pending", "upheld", "partly", "rejected"]),
    assignee_id=people,
    responsible_id=people,
    proposed_by=people,
    approved_by=people,
    solution=text,
    remedy_sought=st.sampled_from([None, "refund"]),
    solution_answers_remedy=st.sampled_from([None, True, False]),
    remedy_answer=text,
    root_cause=text,
    corrective_action=text,
    own_cost=st.sampled_from([None, Decimal(0), Decimal(100), Decimal(101)]),
    open_actions=st.integers(0, 2),
    tries=st.integers(0, 4),
    days_over=st.sampled_from([None, 0.0, 30.0, 30.1]),
    reached=st.booleans(),
    confirmed=st.booleans(),
)


def possible(step: Step, case: Case, who: Who) -> bool:
    """The step can be taken."""
    held = unmet(step, case, who)
    return not held.by_state and not held.needs


@given(cases, whoever)
def test_nobody_approves_what_they_proposed(case: Case, who: Who) -> None:
    own = replace(case, proposed_by=who.user_id)
    assert not possible("approve", own, who)


@given(cases, whoever)
def test_only_people_decide(case: Case, who: Who) -> None:
    program = replace(who, user_id=None)
    for step in (
        "acknowledge",
        "propose",
        "approve",
        "send_back",
        "communicate",
        "reject",
        "close",
        "attempt",
        "inform",
    ):
        assert not possible(step, case, program)


@given(cases, whoever)
def test_whom_it_is_about_takes_no_step(case: Case, who: Who) -> None:
    if who.user_id is not None:
        about = replace(case, responsible_id=who.user_id)
        assert not any(possible(step, about, who) for step in ASKED_FOR)


@given(cases, whoever, people.filter(bool))
def test_the_assignee_is_never_whom_it_is_about(case: Case, who: Who, somebody: UUID) -> None:
    assert not possible("assign", replace(case, assignee_id=somebody, responsible_id=somebody), who)


@given(cases, whoever)
def test_none_is_closed_without_what_its_severity_demands(case: Case, who: Who) -> None:
    if case.state == "resolved" and possible("close", case, who):
        assert case.severity not in SEVERE or (case.root_cause and case.corrective_action)
        assert case.confirmed or case.tries >= 3
    if case.state == "rejected" and possible("close", case, who):
        assert case.approved_by is not None


@given(cases, whoever, st.booleans())
def test_what_is_listed_is_what_holds(case: Case, who: Who, may_write: bool) -> None:
    for one in listed(case, who, may_write=may_write):
        can = possible(one["step"], case, who) and may_write
        assert can == (one["possible"] and not one["asks"])
        assert one["possible"] == (one["why_not"] == [])
        assert all(why["message"] and why["message_zh"] for why in one["why_not"] + one["asks"])


@st.composite
def paths(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps that were taken one after the other, as the history has them."""
    taken: list[dict[str, Any]] = [{"step": "receive", "from_state": None, "to_state": "received"}]
    state: State = "received"
    waited: State | None = None
    for _ in range(draw(st.integers(0, 30))):
        can = [row for row in TABLE if row.source == state]
        if not can:
            break
        row = draw(st.sampled_from(can))
        waited = state if row.step == "wait_customer" else waited
        target = row.target or waited
        assert target is not None
        taken.append({"step": row.step, "from_state": state, "to_state": target})
        state = target
    return taken


@given(paths())
def test_the_history_replays_to_the_state(taken: list[dict[str, Any]]) -> None:
    assert replay(taken) == taken[-1]["to_state"]


@given(paths(), st.data())
def test_a_history_with_a_gap_is_none(taken: list[dict[str, Any]], data: st.DataObject) -> None:
    moves = [place for place, one in enumerate(taken[:-1]) if one["from_state"] != one["to_state"]]
    if moves:
        left_out = data.draw(st.sampled_from(moves))
        with pytest.raises(NotAPath):
            replay(taken[:left_out] + taken[left_out + 1 :])


def test_no_history_has_no_state() -> None:
    assert replay([]) is None


MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "within"),
    [((0, 0, 0), 3), ((0, 3, 8), 3), ((0, 3, 9), 2), ((0, 1, 2, 3), 4), ((-1, 0, 8), 3), ((0, 20, 21), 2), ((), 0)],
)
def test_attempts_count_within_seven_working_days(days: tuple[int, ...], within: int) -> None:
    office = WorkingTime("Asia/Shanghai", OFFICE)
    assert most_within([MONDAY + timedelta(days=day) for day in days], 7, office) == within
