"""The arithmetic of figures: the worked examples of ``domain.md`` D6, and what holds for all sums."""

from decimal import Decimal
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from crm.forecasts.figures import Closing, Outlook, Sum, accuracy, velocity
from crm.forecasts.formulas import FORMULAS
from crm.forecasts.vocabulary import Category

amounts = st.decimals(min_value=0, max_value=10**12, places=2)
likely = st.decimals(min_value="0.0001", max_value="0.9999", places=4)


@st.composite
def outlooks(draw: st.DrawFn) -> Outlook:
    """Some sales in every category."""
    found = Outlook(target=draw(st.none() | amounts))
    for category in get_args(Category):
        amount = draw(amounts)
        weighted = Decimal(0) if category in {"closed", "omitted"} else amount * draw(likely)
        found.of[category] = Sum(draw(st.integers(0, 10**6)), amount, weighted)
    return found


def test_the_velocity_of_d6() -> None:
    assert velocity(24, Decimal(50000), Decimal("0.3"), Decimal(45)) == 8000


def test_the_win_rates_of_d6() -> None:
    found = Closing(won=Sum(9, Decimal(1260000)), lost=Sum(21, Decimal(1800000))).figures()
    assert (found["win_rate_by_count"]["value"], found["win_rate_by_value"]["value"]) == ("0.3000", "0.4118")


def test_an_accuracy_is_what_was_not_missed() -> None:
    assert accuracy(Decimal(90), Decimal(100)) == accuracy(Decimal(110), Decimal(100)) == Decimal("0.9")
    assert accuracy(Decimal(300), Decimal(100)) == -1
    assert accuracy(Decimal(1), Decimal(0)) is None


@given(outlooks())
def test_weighted_is_never_more_than_open(outlook: Outlook) -> None:
    found = outlook.figures()
    assert Decimal(found["weighted"]["value"]) <= Decimal(found["open_pipeline"]["value"])


@given(outlooks())
def test_the_roll_ups_are_cumulative(outlook: Outlook) -> None:
    found = {name: figure["value"] for name, figure in outlook.figures().items()}
    one = {name: Decimal(value) for name, value in found.items() if value is not None}
    assert one["closed"] <= one["commit_forecast"] <= one["best_case_forecast"]
    assert one["commit_forecast"] == one["commit"] + one["closed"]
    assert one["best_case_forecast"] + one["pipeline"] == one["open_pipeline"] + one["closed"]
    if outlook.target is None or outlook.target <= outlook.of["closed"].amount:
        assert found["coverage"] is None


@given(outlooks())
def test_every_figure_has_its_formula_in_both_languages(outlook: Outlook) -> None:
    for name, figure in outlook.figures().items():
        assert figure["formula"] == name
        assert all(FORMULAS[name])
