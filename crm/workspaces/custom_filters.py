"""Lists narrowed by fields of a workspace's own: ``?custom.price_list=A``.

The key and the values are parameters, so there is one statement for all workspaces, as for ``q``. No index serves
them: jsonb operators are not leakproof under row-level security, so such a filter reads along the list's order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.database import Access
from crm.errors import FieldError, Unprocessable
from crm.paging import CUSTOM
from crm.workspaces.custom_fields import current
from crm.workspaces.vocabulary import CustomNoun

MOST = 5


def custom_filters(table: Table) -> dict[str, ColumnElement[bool]]:
    """The filters ``custom0`` … of a listing: one for each field that may be asked for at a time."""
    return {f"custom{place}": _filter(table, place) for place in range(MOST)}


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
