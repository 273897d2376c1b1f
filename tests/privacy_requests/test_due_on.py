"""By when a request is due, and the life it can have."""

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.clock import is_weekday
from crm.privacy_requests.rules import MOVES, OPEN, before, due_on
from crm.privacy_requests.vocabulary import Move, State


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        # Three weeks of weekdays: received on a Monday, due on a Monday.
        (date(2026, 11, 2), 15, date(2026, 11, 23)),
        (date(2026, 11, 6), 15, date(2026, 11, 27)),
        # Received on a Saturday or a Sunday, the count begins on Monday.
        (date(2026, 11, 7), 15, date(2026, 11, 27)),
        (date(2026, 11, 8), 15, date(2026, 11, 27)),
        (date(2026, 11, 6), 1, date(2026, 11, 9)),
    ],
)
def test_the_day_of_receipt_does_not_count_and_weekends_do_not_either(received: date, days: int, due: date) -> None:
    assert due_on(received, days, is_working_day=is_weekday) == due


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(1, 200))
def test_there_are_exactly_so_many_working_days_to_answer(received: date, days: int) -> None:
    due = due_on(received, days, is_working_day=is_weekday)
    assert is_weekday(due)
    after = [received + timedelta(days=one) for one in range(1, (due - received).days + 1)]
    assert sum(map(is_weekday, after)) == days


def test_holidays_count_when_a_calendar_says_so() -> None:
    golden_week = {date(2026, 10, day) for day in range(1, 8)}
    found = due_on(date(2026, 9, 30), 1, is_working_day=lambda day: is_weekday(day) and day not in golden_week)
    assert found == date(2026, 10, 8)


def test_no_move_leads_out_of_a_closed_request_and_nothing_is_done_unverified() -> None:
    assert {state for state, _ in MOVES} == set(OPEN)
    assert before("fulfill") == ("verified",)
    assert {move for _, move in MOVES} == set(get_args(Move))
    assert set(MOVES.values()) | {"received"} == set(get_args(State))
