"""Figures of complaints: the worked examples of ``domain.md``, and what is said where there is nothing to divide by."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.complaint_reports.figures import TREND_FROM, Answers, Handled, Iceberg, iceberg
from crm.complaint_reports.formulas import FORMULAS, ICEBERG
from crm.complaint_reports.schemas import ComplaintLine

counts = st.integers(min_value=0, max_value=100_000)
answers = st.builds(
    lambda unhappy, content, detractors, passive, promoters: Answers(
        unhappy + content, content, detractors + passive + promoters, promoters, detractors
    ),
    counts, counts, counts, counts, counts,
)  # fmt: skip


def value(name: str, handled: Handled, **more: Any) -> str | None:
    """One figure."""
    given: dict[str, Any] = {"customers": 0, "now": Answers(), "before": None, **more}
    found: str | None = handled.figures(**given)[name]["value"]
    return found


def test_twelve_complaints_stand_for_300_unhappy_288_silent_and_4320_told() -> None:
    assert iceberg(12, 4, 15) == Iceberg(unhappy=300, silent=288, told_at_least=4320)


def test_other_rates_give_another_iceberg_in_whole_people() -> None:
    assert iceberg(12, 8, 15) == Iceberg(150, 138, 2070)
    assert iceberg(1, 7, 15) == Iceberg(14, 13, 195)
    assert iceberg(0, 4, 15) == Iceberg(0, 0, 0)
    assert iceberg(5, 100, 15) == Iceberg(5, 0, 0)


@given(counts, st.integers(1, 100), st.integers(0, 1000))
def test_nobody_who_complained_is_silent_and_each_silent_one_tells_as_many(n: int, percent: int, told: int) -> None:
    found = iceberg(n, percent, told)
    assert found.unhappy == n + found.silent
    assert found.silent >= 0
    assert found.told_at_least == found.silent * told


def test_nine_promoters_six_passive_and_five_detractors_are_plus_twenty() -> None:
    said = Answers(recommending=20, promoters=9, detractors=5)
    assert said.nps == 20
    assert value("nps", Handled(), now=said) == "20.00"


def test_34_of_40_who_answered_four_or_five_are_85_percent() -> None:
    said = Answers(rated=40, content=34)
    assert value("csat", Handled(), now=said) == "0.8500"
    assert Handled().figures(0, said, None)["csat"]["sample_size"] == 40


def test_without_a_denominator_there_is_no_figure_but_a_volume_and_a_cost() -> None:
    found = Handled().figures(0, Answers(), None)
    known = {name for name, figure in found.items() if figure["value"] is not None}
    assert known == {"volume", "cost"}
    assert found["volume"]["value"] == "0"
    assert found["cost"]["value"] == "0.00"


def test_each_ratio_has_its_own_denominator() -> None:
    handled = Handled(
        received=8, acknowledge_kept=3, acknowledge_decided=4, resolution_kept=1, resolution_decided=5, resolved=6,
        reopened=2, at_first_contact=3, repeats=1, decided=5, upheld=4, cost=Decimal("900.10"), costing=3,
    )  # fmt: skip
    found = handled.figures(400, Answers(), None)
    assert {name: (figure["value"], figure["sample_size"]) for name, figure in found.items() if figure["value"]} == {
        "volume": ("8", 8),
        "per_1000_customers": ("20.00", 400),
        "acknowledged_on_time": ("0.7500", 4),
        "resolved_on_time": ("0.2000", 5),
        "reopened": ("0.3333", 6),
        "repeat": ("0.1250", 8),
        "upheld": ("0.8000", 5),
        "first_contact_resolution": ("0.5000", 6),
        "cost": ("900.10", 3),
        "average_cost": ("300.03", 3),
    }


@pytest.mark.parametrize(("n", "m", "shown"), [(29, 40, False), (40, 29, False), (30, 30, True)])
def test_below_thirty_answers_nothing_is_said_of_a_trend(n: int, m: int, shown: bool) -> None:
    now, before = Answers(n, n, n, n, 0), Answers(m, 0, m, 0, m)
    assert TREND_FROM == 30
    assert value("csat_trend", Handled(), now=now, before=before) == ("1.0000" if shown else None)
    assert value("nps_trend", Handled(), now=now, before=before) == ("200.00" if shown else None)


@given(answers)
def test_marks_stay_on_their_scales(said: Answers) -> None:
    assert said.nps is None or -100 <= said.nps <= 100
    assert said.csat is None or 0 <= said.csat <= 1
    assert (said.nps is None) == (said.recommending == 0)


@given(answers, answers)
def test_answers_add_up(one: Answers, other: Answers) -> None:
    both = one + other
    assert both.rated == one.rated + other.rated
    assert both.promoters == one.promoters + other.promoters
    assert one + Answers() == one


def test_complaints_add_up() -> None:
    one = Handled(received=2, cost=Decimal("1.10"), unconverted=1)
    assert one + one == Handled(received=4, cost=Decimal("2.20"), unconverted=2)


def test_every_figure_has_its_formula_in_both_languages() -> None:
    shown = Handled().figures(0, Answers(), None)
    assert {figure["formula"] for figure in shown.values()} | set(ICEBERG) == FORMULAS.keys()
    assert all(figure["formula"] == name for name, figure in shown.items())
    for english, chinese in FORMULAS.values():
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert ComplaintLine.model_validate({"key": None, "name": None, "unconverted": 0, "figures": shown})
