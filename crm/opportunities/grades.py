"""How near a sale is to its end (意向级别), and when its card is looked at again (``domain.md`` B2, D9)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, case

from crm.opportunities.vocabulary import Grade


def grade(expected_close_on: date | None, today: date, settings: Mapping[str, Any]) -> Grade:
    """H, A or B up to so many days before the expected close, C beyond and where none is expected.

    A day that is past is no H but ``overdue``.
    """
    if expected_close_on is None:
        return "C"
    days = (expected_close_on - today).days
    if days < 0:
        return "overdue"
    limits = settings["grades"]
    if days <= limits["h_days"]:
        return "H"
    if days <= limits["a_days"]:
        return "A"
    return "B" if days <= limits["b_days"] else "C"


def grade_of(expected_close_on: ColumnElement[Any], today: ColumnElement[Any]) -> ColumnElement[str]:
    """``grade`` in SQL."""
    days = expected_close_on - today
    h, a, b = (bindparam(f"grades_{name}_days", type_=Integer) for name in "hab")
    return case(
        (expected_close_on.is_(None), "C"),
        (days < 0, "overdue"),
        (days <= h, "H"),
        (days <= a, "A"),
        (days <= b, "B"),
        else_="C",
    )


def review_days_of(grade: ColumnElement[Any]) -> ColumnElement[Any]:
    """``review_every`` in SQL."""
    h, a, b, c = (bindparam(f"grades_{name}_review_days", type_=Integer) for name in "habc")
    return case((grade.in_(("H", "overdue")), h), (grade == "A", a), (grade == "B", b), else_=c)


def review_every(grade: Grade, settings: Mapping[str, Any]) -> int:
    """Days until the card of such a sale is looked at again; what is overdue, like H, tomorrow."""
    name = "h" if grade == "overdue" else grade.lower()
    days: int = settings["grades"][f"{name}_review_days"]
    return days


def review_due(reviewed_on: date, grade: Grade, settings: Mapping[str, Any]) -> date:
    """The day by which to look again, before a day off is moved to the next working day."""
    return reviewed_on + timedelta(days=review_every(grade, settings))
