"""Merging what was sent into an object that is there (JSON merge patch, RFC 7396), over the row as it is right then.

Two who change different keys at once both have their way: what stands beside the keys that were sent is never written
back. A value is whole: lists are, and so is what a workspace keeps nested in a field of its own that nobody defined.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, bindparam, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.errors import Problem, invalid

MOST_KEYS = 100


def amended(table: Table, columns: Iterable[str]) -> dict[str, ColumnElement[Any]]:
    """The new values of these columns of objects, as ``changing`` takes them: parameters as ``amendments`` gives."""
    return {name: _merged(table.c[name]) for name in sorted(columns)}


def amendments(sent: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What was sent for each column, as the parameters of ``amended``: null takes a key away."""
    given: dict[str, Any] = {}
    for name, values in sent.items():
        given[f"set_{name}"] = {key: value for key, value in values.items() if value is not None}
        given[f"drop_{name}"] = [key for key, value in values.items() if value is None]
    return given


def within_bounds(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The merged object has no more keys than one may send, or none more than it had."""
    return _size(_merged(column)) <= func.greatest(literal(MOST_KEYS), _size(_present(column)))


def too_many(name: str, now: Mapping[str, Any], sent: Mapping[str, Any]) -> Problem | None:
    """The 422 for what ``within_bounds`` refuses, given the object as it is."""
    merged = {key: value for key, value in {**now, **sent}.items() if value is not None or key not in sent}
    if len(merged) <= max(MOST_KEYS, len(now)):
        return None
    return invalid(name, f"There can be at most {MOST_KEYS} keys, with those that are there.", "too_long")


def _merged(column: ColumnElement[Any]) -> ColumnElement[Any]:
    gone = bindparam(f"drop_{column.key}", type_=ARRAY(Text))
    new = bindparam(f"set_{column.key}", type_=JSONB)
    kept = _present(column).op("-", return_type=JSONB())(gone).self_group()
    return kept.op("||", return_type=JSONB())(new)


def _present(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, cast(literal_column("'{}'"), JSONB), type_=JSONB)


def _size(value: ColumnElement[Any]) -> ColumnElement[int]:
    return select(func.count()).select_from(func.jsonb_object_keys(value).table_valued("key")).scalar_subquery()
