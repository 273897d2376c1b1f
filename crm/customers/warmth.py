"""How warm a relationship is, in SQL: ``rules.warmth``, by the workspace's own days (``domain.md`` D1)."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Text, and_, any_, bindparam, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.models import customers
from crm.days import begin_of, local_date, today
from crm.tables import utc


def days_since(customer: FromClause) -> FromClause:
    """Calendar days since the last contact, worked out once per row."""
    days = today() - local_date(customer.c.last_contact_at)
    return select(days.label("days")).correlate(customer).offset(0).lateral("age")


def warmth(days: ColumnElement[int], last_contact_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """``rules.warmth`` in SQL: the same whole numbers, rounded half up once."""
    hot, warm, cold, zero = (
        bindparam(f"warmth_{name}", type_=Integer) for name in ("hot_until", "warm_until", "cold_from", "zero_at")
    )

    def line(left: Any, high: int, right: Any, low: int) -> ColumnElement[int]:
        span = right - left
        score: ColumnElement[int] = (2 * (high * span - (high - low) * (days - left)) + span) // (2 * span)
        return score

    band = case(
        (days.is_(None), "never"), (days <= hot, "hot"), (days <= warm, "warm"), (days < cold, "cooling"), else_="cold"
    )
    score = case(
        (days.is_(None), 0),
        (days <= hot, 100),
        (days <= warm, line(hot, 100, warm, 60)),
        (days < cold, line(warm, 60, cold, 20)),
        (days < zero, line(cold, 20, zero, 0)),
        else_=0,
    )
    return func.json_build_object("band", band, "score", score, "days", days, "last_contact_at", utc(last_contact_at))


def band_of(last_contact_at: ColumnElement[Any]) -> ColumnElement[str]:
    """The band of warmth, ``rules.warmth`` in SQL."""
    return case(
        (last_contact_at.is_(None), "never"),
        (last_contact_at >= _days_ago("warmth_hot_until"), "hot"),
        (last_contact_at >= _days_ago("warmth_warm_until"), "warm"),
        (last_contact_at >= _days_ago("warmth_cold_from", -1), "cooling"),
        else_="cold",
    )


def in_band(band: str) -> ColumnElement[bool]:
    """A band as a range of moments, which an index can answer."""
    at = customers.c.last_contact_at
    ranges: dict[str, ColumnElement[bool]] = {
        "never": at.is_(None),
        "hot": at >= _days_ago("warmth_hot_until"),
        "warm": and_(at >= _days_ago("warmth_warm_until"), at < _days_ago("warmth_hot_until")),
        "cooling": and_(at >= _days_ago("warmth_cold_from", -1), at < _days_ago("warmth_warm_until")),
        "cold": at < _days_ago("warmth_cold_from", -1),
    }
    return and_(literal(band) == any_(bindparam("warmth", type_=ARRAY(Text))), ranges[band])


def _days_ago(setting: str, less: int = 0) -> ColumnElement[Any]:
    """The first moment of the local day so many days ago, worked out once per statement."""
    return select(begin_of(local_date(func.now()), bindparam(setting, type_=Integer) + less)).scalar_subquery()
