"""Lists narrowed by fields of a workspace's own: ``?custom.price_list=A``.

The key and the values are parameters, so there is one statement for all workspaces, as for ``q``. Row-level security
keeps operators of jsonb from an index, so the values stand in a table too (``custom_values``), by which those are found
who have what few have; what many have is found along the list.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, Uuid, any_, bindparam, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.database import Access
from crm.errors import FieldError, Unprocessable
from crm.paging import CUSTOM
from crm.reading import Fork
from crm.workspaces.custom_fields import current
from crm.workspaces.models import custom_values as values_of
from crm.workspaces.vocabulary import CustomNoun

MOST = 5
FEW = 3000
"""So many and fewer are fetched by their ids; what more of half a million have fills a page in a few thousand rows."""


def custom_filters(table: Table) -> dict[str, ColumnElement[bool]]:
    """The filters ``custom0`` … of a listing: one for each field that may be asked for at a time."""
    return {f"custom{place}": _filter(table, place) for place in range(MOST)}


def custom_forks(table: Table, noun: CustomNoun) -> dict[str, Fork]:
    """The same filters where few rows have the value."""
    return {f"custom{place}": _fork(table, noun, place) for place in range(MOST)}


async def custom_values(
    access: Access, noun: CustomNoun, asked: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], frozenset[str]]:
    """The parameters of those filters, and which are in force.

    Raises 422 for a field that is not defined, or a value that none can have.
    """
    known = access.actor.custom_fields.get(noun, {})
    if not asked.keys() <= known.keys():
        known = await current(access, noun)
    errors = [FieldError(f"query:{CUSTOM}{key}", "There is no such field.", "unknown") for key in asked.keys() - known]
    given: dict[str, Any] = {}
    for place, (key, texts) in enumerate(sorted(asked.items())):
        if place >= MOST:
            errors.append(FieldError(f"query:{CUSTOM}{key}", f"At most {MOST} such fields at a time.", "too_many"))
        elif key in known:
            try:
                given |= {f"custom{place}_key": key, f"custom{place}": [known[key].read(text) for text in texts]}
            except ValueError as error:
                errors.append(FieldError(f"query:{CUSTOM}{key}", str(error), "custom_invalid"))
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return given, frozenset(f"custom{place}" for place in range(len(asked)))


def _filter(table: Table, place: int) -> ColumnElement[bool]:
    value = table.c.custom.op("->", return_type=JSONB())(bindparam(f"custom{place}_key", type_=Text))
    found: ColumnElement[bool] = value == any_(bindparam(f"custom{place}", type_=ARRAY(JSONB)))
    return found


def _fork(table: Table, noun: CustomNoun, place: int) -> Fork:
    asked = (
        func.unnest(bindparam(f"custom{place}", type_=ARRAY(JSONB)))
        .table_valued(column("given", JSONB), name=f"asked{place}")
        .render_derived()
    )
    written = func.custom_value(asked.c.given, type_=Text)
    wanted = func.array(select(written).select_from(asked).scalar_subquery(), type_=ARRAY(Text))
    having = (
        select(values_of.c.record_id)
        .where(
            values_of.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            values_of.c.noun == literal(noun),
            values_of.c.key == bindparam(f"custom{place}_key", type_=Text),
            values_of.c.value == any_(wanted),
        )
        .limit(FEW + 1)
    )
    found = select(func.array(having.scalar_subquery(), type_=ARRAY(Uuid)).label("ids")).cte(f"having{place}")
    # The cast makes it an array of ids; without one it would be a question after one row that is an array.
    ids = cast(select(found.c.ids).scalar_subquery(), ARRAY(Uuid))
    return Fork(func.cardinality(ids) <= FEW, table.c.id == any_(ids))
