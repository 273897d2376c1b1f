"""When a delivery is tried again, and who hears of what."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.webhooks.rules import WAITS, Verdict, judge, matches, next_try, parse_retry_after

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)


def wait(attempt: int, seed: int = 1, retry_after: timedelta | None = None, *, overloaded: bool = False) -> timedelta:
    found = next_try(attempt, Random(seed), retry_after, overloaded=overloaded)
    assert found is not None
    return found


def test_the_steps_span_at_least_three_days_and_then_end() -> None:
    assert sum(WAITS, timedelta()) >= timedelta(hours=72)
    assert next_try(11, Random(1)) is None
    spans = [sum((wait(attempt, seed * 31 + attempt) for attempt in range(1, 11)), timedelta()) for seed in range(500)]
    assert sum(spans, timedelta()) / len(spans) >= timedelta(hours=72)
    # What must hold as well: the endpoint is not given up (120 h of failures) before its deliveries are.
    assert max(spans) < timedelta(hours=120)


@given(st.integers(1, 10), st.integers(0, 2**32))
def test_each_wait_is_its_step_within_a_fifth(attempt: int, seed: int) -> None:
    assert 0.8 <= wait(attempt, seed) / WAITS[attempt - 1] <= 1.2


def test_waits_differ_and_use_the_whole_spread() -> None:
    ratios = [wait(5, seed) / WAITS[4] for seed in range(300)]
    assert min(ratios) < 0.83
    assert max(ratios) > 1.17


@given(st.integers(1, 10), st.integers(0, 2**32), st.integers(0, 10**8), st.booleans())
def test_a_wish_is_obeyed_between_one_and_two_steps(attempt: int, seed: int, seconds: int, overloaded: bool) -> None:
    step = max(WAITS[attempt - 1], timedelta(seconds=60 if overloaded else 0))
    wished = timedelta(seconds=seconds)
    found = wait(attempt, seed, wished, overloaded=overloaded)
    assert step <= found <= 2 * step
    if step <= wished <= 2 * step:
        assert found >= wished


@given(st.integers(1, 10), st.integers(0, 2**32))
def test_an_overloaded_endpoint_gets_at_least_a_minute(attempt: int, seed: int) -> None:
    assert wait(attempt, seed, overloaded=True) >= timedelta(seconds=60)


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_are_counted_from_one(attempt: int) -> None:
    with pytest.raises(ValueError, match="from 1"):
        next_try(attempt, Random(1))


def test_every_status_has_its_verdict() -> None:
    verdicts = {status: judge(status) for status in range(100, 600)}
    assert {status for status, verdict in verdicts.items() if verdict is Verdict.DELIVERED} == set(range(200, 300))
    assert [status for status, verdict in verdicts.items() if verdict is Verdict.GONE] == [410]
    assert judge(302) is judge(401) is judge(404) is judge(500) is judge(None) is Verdict.RETRY


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 01:03:03 GMT", 60),
        ("Sun, 22 Nov 2026 09:03:03 +0800", 60),
        ("Sun, 22 Nov 2026 01:03:03 -0000", 60),
        ("Sunday, 22-Nov-26 01:03:03 GMT", 60),
        ("Sat, 21 Nov 2026 01:03:03 GMT", 0),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("１２０", None),
        ("9999999999", None),
        ("Sun, 99 Nov 2026 01:03:03 GMT", None),
        ("Sun, 22 Nov 2026 01:03:03 +9999999999", None),
        ("2026-11-22T01:03:03Z", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert parse_retry_after(text, NOW) == expected


@given(
    st.text(max_size=60)
    | st.from_regex(r"\w{0,4},? ?\d{1,5} ?(Nov|Xxx) ?\d{1,7} \d{1,4}:\d{1,4}(:\d{1,4})? ?[+-]?\w{0,9}", fullmatch=True)
)
def test_no_retry_after_makes_an_error_or_a_negative_wait(text: str) -> None:
    found = parse_retry_after(text, NOW)
    assert found is None or found >= timedelta(0)


@pytest.mark.parametrize(
    ("event_type", "patterns", "expected"),
    [
        ("visit.completed", ["*"], True),
        ("visit.completed", ["visit.*"], True),
        ("visit.completed", ["visit.completed"], True),
        ("visit.completed", ["customer.*", "visit.completed"], True),
        ("visit.completed", [], False),
        ("visit.completed", [""], False),
        ("visit.completed", ["visit"], False),
        ("visit.completed", ["visit."], False),
        ("visit.completed", ["visit.cancelled"], False),
        ("visit.completed", ["vis*"], False),
        ("visit.completed", ["*.completed"], False),
        ("visit.completed", [".*"], False),
        ("visitor.created", ["visit.*"], False),
        ("visit", ["visit.*"], False),
        ("visit.note.added", ["visit.*"], True),
    ],
)
def test_patterns_name_all_a_family_or_one(event_type: str, patterns: list[str], expected: bool) -> None:
    assert matches(event_type, patterns) is expected
