"""What an endpoint is not told of people unless it was allowed to (``domain.md`` B13): how to reach them.

The fact keeps everything; it is left out where the body is written. Names stay, since without them nobody would know
whom an event is about. Free text stays as well: who writes about people there tells everybody who reads it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, Text, cast, func, literal, literal_column, null, select
from sqlalchemy import case as case_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

PERSONAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contact": (
            "phones", "emails", "wechat", "birthday", "next_birthday_on", "communication_style", "preferences",
            "left_note",
        ),
        "customer": ("phone", "email"),
        "user": ("email",),
    }
)  # fmt: skip
"""By kind of subject: the members that ``data`` leaves out, and the fields whose values ``changes`` does not say."""


def told(fact: FromClause, allowed: ColumnElement[bool]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The data and the changes of a fact, without what is personal unless it is allowed."""
    f = fact.c
    names = case_(*((f.subject_type == kind, _names(kind)) for kind in PERSONAL))
    plain = allowed | names.is_(None)
    data = case_((plain, f.payload), else_=cast(cast(f.payload, JSONB).op("-")(names), JSON))
    return data, case_((plain, f.changes), else_=_changed(f.changes, names))


def _names(kind: str) -> ColumnElement[Any]:
    return cast(literal(list(PERSONAL[kind]), ARRAY(Text)), ARRAY(Text))


def _changed(changes: ColumnElement[Any], names: ColumnElement[Any]) -> ColumnElement[Any]:
    """Which fields changed, without the values of those that are personal."""
    each = func.jsonb_each(changes).table_valued("key", "value", name="each").render_derived()
    silent = literal_column("'[null, null]'::jsonb", JSONB)
    said = case_((each.c.key == func.any(names), silent), else_=cast(each.c.value, JSONB))
    found = select(func.jsonb_object_agg(each.c.key, said, type_=JSONB)).select_from(each).scalar_subquery()
    return case_((changes.is_(None), null()), else_=found)
