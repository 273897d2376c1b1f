"""Days of a workspace as a part of statements: by the zone of whoever acts (``timezone``)."""

from typing import Any

from sqlalchemy import TIMESTAMP, ColumnElement, Date, Text, bindparam, cast, func, select


def local_date(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The calendar day of a moment in the workspace's zone."""
    return cast(func.timezone(bindparam("timezone", type_=Text), moment), Date)


def today() -> ColumnElement[Any]:
    """The workspace's day, worked out once per statement."""
    return select(local_date(func.now())).scalar_subquery()


def begin_of(day: ColumnElement[Any], days_back: Any = 0) -> ColumnElement[Any]:
    """The first moment of a day, or of one so many days before."""
    return func.timezone(bindparam("timezone", type_=Text), cast(day - days_back, TIMESTAMP))
