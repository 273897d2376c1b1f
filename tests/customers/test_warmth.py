"""Warmth and cadence: every row of domain.md D1, and what must hold for all others."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.rules import (
    WarmthScale,
    contact_every,
    days_since,
    next_contact_due,
    scale_of,
    warmth,
)
from crm.customers.vocabulary import Class, KeyKind
from crm.workspaces.settings import DEFAULTS, effective

TODAY = date(2026, 11, 30)
SCALE = WarmthScale()
SCALES = st.lists(st.integers(0, 500), min_size=4, max_size=4, unique=True).map(
    lambda limits: WarmthScale(*sorted(limits))
)
DATED = ["hot", "warm", "cooling", "cold"]


@pytest.mark.parametrize(
    ("days", "band", "score"),
    [
        (0, "hot", 100),
        (15, "hot", 100),
        (16, "warm", 99),
        (30, "warm", 87),
        (45, "warm", 73),
        (60, "warm", 60),
        (61, "cooling", 59),
        (90, "cooling", 40),
        (119, "cooling", 21),
        (120, "cold", 20),
        (121, "cold", 20),
        (180, "cold", 10),
        (240, "cold", 0),
        (400, "cold", 0),
        (None, "never", 0),
        (-1, "hot", 100),
    ],
)
def test_days_since_the_last_contact_give_band_and_score(days: int | None, band: str, score: int) -> None:
    found = warmth(days, SCALE)
    assert (found.band, found.score) == (band, score)


@pytest.mark.parametrize(
    ("last", "days", "band"),
    [
        (date(2026, 10, 1), 60, "warm"),
        (date(2026, 9, 30), 61, "cooling"),
        (date(2026, 8, 3), 119, "cooling"),
        (date(2026, 8, 2), 120, "cold"),
    ],
)
def test_the_boundaries_in_dates(last: date, days: int, band: str) -> None:
    assert (TODAY - last).days == days
    assert warmth(days, SCALE).band == band


def test_days_are_calendar_days_of_the_workspace() -> None:
    last = datetime(2026, 11, 15, 15, 50, tzinfo=UTC)  # 23:50 in Shanghai
    now = datetime(2026, 11, 29, 16, 30, tzinfo=UTC)  # 00:30 on the 30th
    assert days_since(last, now, "Asia/Shanghai") == 15
    assert days_since(last, now, "UTC") == 14
    assert days_since(None, now, "UTC") is None


@given(SCALES, st.integers(-10, 700))
def test_warmth_never_rises_with_time_and_stays_within_0_and_100(scale: WarmthScale, days: int) -> None:
    earlier, later = warmth(days, scale), warmth(days + 1, scale)
    assert 0 <= later.score <= earlier.score <= 100
    assert DATED.index(earlier.band) <= DATED.index(later.band)


@given(SCALES)
def test_the_score_passes_through_the_corners_of_the_scale(scale: WarmthScale) -> None:
    corners = scale.hot_until, scale.warm_until, scale.cold_from, scale.zero_at
    assert [warmth(days, scale).score for days in corners] == [100, 60, 20, 0]


def test_a_score_is_rounded_half_up() -> None:
    scale = WarmthScale(hot_until=0, warm_until=80, cold_from=160, zero_at=200)
    assert [warmth(days, scale).score for days in (1, 3, 81)] == [100, 99, 60]  # 99.5, 98.5, 59.5
    assert warmth(2, scale).score == 99


@pytest.mark.parametrize("limits", [(15, 15, 120, 240), (60, 15, 120, 240), (-1, 60, 120, 240), (15, 60, 120, 120)])
def test_a_scale_that_does_not_rise_is_refused(limits: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="rise"):
        WarmthScale(*limits)


def test_the_scale_comes_from_the_settings() -> None:
    assert scale_of(DEFAULTS) == SCALE
    assert scale_of(effective({"warmth": {"hot_until": 7}})).hot_until == 7


@pytest.mark.parametrize(
    ("key_kind", "class_", "days"),
    [
        ("double", None, 15),
        ("double", "ordinary", 15),
        ("high_value", "ordinary", 30),
        ("influential", None, 30),
        (None, "key", 30),
        (None, "potential", 60),
        (None, "ordinary", 90),
        (None, None, 90),
    ],
)
def test_the_cadence_follows_key_kind_and_class(key_kind: KeyKind | None, class_: Class | None, days: int) -> None:
    assert contact_every(key_kind, class_, DEFAULTS) == days


def test_the_cadence_is_a_setting() -> None:
    assert contact_every(None, None, effective({"cadence": {"ordinary": 45}})) == 45


def weekday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("last", "created", "every", "due"),
    [
        (date(2026, 11, 2), date(2026, 1, 1), 15, date(2026, 11, 17)),
        (date(2026, 11, 6), date(2026, 1, 1), 15, date(2026, 11, 20)),  # Sat 21 → Fri 20
        (date(2026, 11, 7), date(2026, 1, 1), 15, date(2026, 11, 20)),  # Sun 22 → Fri 20
        (None, date(2026, 11, 2), 15, date(2026, 11, 17)),
        (date(2026, 11, 20), date(2026, 1, 1), 1, date(2026, 11, 23)),  # Sat: Fri was the contact itself → Mon
    ],
)
def test_the_next_contact_is_due_on_a_working_day_not_after_the_cadence(
    last: date | None, created: date, every: int, due: date
) -> None:
    assert next_contact_due(last, created, every, is_working_day=weekday) == due


def test_the_make_up_days_of_a_calendar_count() -> None:
    closed = {date(2026, 10, 1) + timedelta(days=n) for n in range(7)}
    worked = {date(2026, 9, 20), date(2026, 10, 10)}

    def works(day: date) -> bool:
        return day in worked or (day.weekday() < 5 and day not in closed)

    assert next_contact_due(date(2026, 9, 20), TODAY, 15, is_working_day=works) == date(2026, 9, 30)
    assert next_contact_due(date(2026, 9, 25), TODAY, 15, is_working_day=works) == date(2026, 10, 10)


def test_a_calendar_without_working_days_leaves_the_date() -> None:
    assert next_contact_due(None, TODAY, 30, is_working_day=lambda _: False) == TODAY + timedelta(days=30)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 366))
def test_the_next_contact_is_after_the_last_one_and_a_working_day(last: date, every: int) -> None:
    due = next_contact_due(last, last, every, is_working_day=weekday)
    assert last < due
    assert weekday(due)
    if every > 2:
        assert last + timedelta(days=every - 2) <= due <= last + timedelta(days=every)
