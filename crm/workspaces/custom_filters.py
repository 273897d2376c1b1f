"""Lists narrowed by fields of a workspace's own: ``?custom.price_list=A``, ``?custom.staff_gte=100``.

The key and the values are parameters, so there is one statement for all workspaces, as for ``q``. Row-level security
keeps operators of jsonb from an index, so the values stand in a table too (``custom_values``), by which those are found
who have what few have; what many have is found along the list.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    collate,
    column,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.database import Access
from crm.errors import FieldError, Unprocessable
from crm.paging import CUSTOM
from crm.reading import Fork
from crm.workspaces.custom_fields import current
from crm.workspaces.custom_rules import Definition, Definitions
from crm.workspaces.models import custom_values as values_of
from crm.workspaces.vocabulary import CustomNoun

MOST = 5
ENDS = ("_gte", "_lte")
RANGES: Mapping[str, tuple[str, Any, Any]] = MappingProxyType(
    {"number": ("number", -math.inf, math.inf), "date": ("day", "0001-01-01", "9999-12-31")}
)
"""The types of which a list takes a range: its filter, and what is below and above all there is."""
FEW = 3000
"""So many and fewer are fetched by their ids; what more of half a million have fills a page in a few thousand rows."""


def custom_filters(table: Table) -> dict[str, ColumnElement[bool]]:
    """The filters ``custom0``, ``number0``, ``day0`` … of a listing: a place for each field asked for at a time."""
    makers = {"custom": _filter, "number": _numbers, "day": _days}
    return {f"{kind}{place}": make(table, place) for place in range(MOST) for kind, make in makers.items()}


def custom_forks(table: Table, noun: CustomNoun) -> dict[str, Fork]:
    """The same filters where few rows have the value, or one in the range."""
    having = {"custom": _having_any, "number": _having_number, "day": _having_day}
    return {
        f"{kind}{place}": _fork(table, noun, f"{kind}{place}", has(place))
        for place in range(MOST)
        for kind, has in having.items()
    }


async def custom_values(
    access: Access, noun: CustomNoun, asked: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], frozenset[str]]:
    """The parameters of those filters, and which are in force.

    Raises 422 for a field that is not defined, a value that none can have, and a range of what has none.
    """
    if not asked:
        return {}, frozenset()
    known = access.actor.custom_fields.get(noun, {})
    if not all(_field_of(name, known)[0] in known for name in asked):
        known = await current(access, noun)
    errors: list[FieldError] = []
    values: dict[str, list[Any]] = {}
    ranges: dict[str, dict[str, Any]] = {}
    for name, texts in sorted(asked.items()):
        key, end = _field_of(name, known)
        try:
            if end:
                ranges.setdefault(key, {})[end] = _bound(known, key, texts)
            else:
                values[key] = [_known(known, key).read(text) for text in texts]
        except _Wrong as wrong:
            errors.append(FieldError(f"query:{CUSTOM}{name}", wrong.message, wrong.code))
        except ValueError as error:
            errors.append(FieldError(f"query:{CUSTOM}{name}", str(error), "custom_invalid"))
    wanted = [*((key, None) for key in sorted(values)), *sorted(ranges.items())]
    errors += [
        FieldError(f"query:{CUSTOM}{key}", f"At most {MOST} such fields at a time.", "too_many")
        for key, _ in wanted[MOST:]
    ]
    if errors:
        raise Unprocessable(errors=tuple(errors))
    given: dict[str, Any] = {}
    names = set()
    for place, (key, ends) in enumerate(wanted):
        if ends is None:
            name, parameters = f"custom{place}", {"": values[key]}
        else:
            kind, least, most = RANGES[known[key].type]
            name, parameters = f"{kind}{place}", {"_gte": ends.get("_gte", least), "_lte": ends.get("_lte", most)}
        given |= {f"{name}_key": key} | {name + part: value for part, value in parameters.items()}
        names.add(name)
    return given, frozenset(names)


class _Wrong(Exception):
    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message, self.code = message, code


def _field_of(name: str, known: Definitions) -> tuple[str, str]:
    """The field that a filter names, and which end of a range; a field that is called like that comes first."""
    end = next((end for end in ENDS if name.endswith(end)), "")
    key = name.removesuffix(end)
    return (name, "") if name in known or key not in known else (key, end)


def _known(known: Definitions, key: str) -> Definition:
    if key not in known:
        raise _Wrong("There is no such field.", "unknown")
    return known[key]


def _bound(known: Definitions, key: str, texts: Sequence[str]) -> Any:
    if known[key].type not in RANGES:
        raise _Wrong("Only numbers and dates have ranges.", "no_range")
    if len(texts) != 1:
        raise _Wrong("An end of a range is one value.", "too_many")
    value = known[key].read(texts[0])
    return float(value) if known[key].type == "number" else value


def _filter(table: Table, place: int) -> ColumnElement[bool]:
    value = table.c.custom.op("->", return_type=JSONB())(bindparam(f"custom{place}_key", type_=Text))
    found: ColumnElement[bool] = value == any_(bindparam(f"custom{place}", type_=ARRAY(JSONB)))
    return found


def _numbers(table: Table, place: int) -> ColumnElement[bool]:
    name = f"number{place}"
    double: Double[float] = Double()
    value = table.c.custom.op("->", return_type=JSONB())(bindparam(f"{name}_key", type_=Text))
    # The order of the parts of an AND is Postgres's own; that of a CASE is not.
    number = case((func.jsonb_typeof(value) == "number", cast(value.op("#>>")(literal_column("'{}'")), double)))
    return number.between(bindparam(f"{name}_gte", type_=double), bindparam(f"{name}_lte", type_=double))


def _days(table: Table, place: int) -> ColumnElement[bool]:
    name = f"day{place}"
    value = collate(table.c.custom.op("->>", return_type=Text())(bindparam(f"{name}_key", type_=Text)), "C")
    return value.between(bindparam(f"{name}_gte", type_=Text), bindparam(f"{name}_lte", type_=Text))


def _having_any(place: int) -> ColumnElement[bool]:
    asked = (
        func.unnest(bindparam(f"custom{place}", type_=ARRAY(JSONB)))
        .table_valued(column("given", JSONB), name=f"asked{place}")
        .render_derived()
    )
    written = func.custom_value(asked.c.given, type_=Text)
    wanted = func.array(select(written).select_from(asked).scalar_subquery(), type_=ARRAY(Text))
    found: ColumnElement[bool] = values_of.c.value == any_(wanted)
    return found


def _having_number(place: int) -> ColumnElement[bool]:
    name = f"number{place}"
    return values_of.c.number.between(bindparam(f"{name}_gte", type_=Double), bindparam(f"{name}_lte", type_=Double))


def _having_day(place: int) -> ColumnElement[bool]:
    name = f"day{place}"
    return values_of.c.value.between(bindparam(f"{name}_gte", type_=Text), bindparam(f"{name}_lte", type_=Text))


def _fork(table: Table, noun: CustomNoun, name: str, has: ColumnElement[bool]) -> Fork:
    having = (
        select(values_of.c.record_id)
        .where(
            values_of.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            values_of.c.noun == literal(noun),
            values_of.c.key == bindparam(f"{name}_key", type_=Text),
            has,
        )
        .limit(FEW + 1)
    )
    found = select(func.array(having.scalar_subquery(), type_=ARRAY(Uuid)).label("ids")).cte(f"having_{name}")
    # The cast makes it an array of ids; without one it would be a question after one row that is an array.
    ids = cast(select(found.c.ids).scalar_subquery(), ARRAY(Uuid))
    return Fork(func.cardinality(ids) <= FEW, table.c.id == any_(ids))
