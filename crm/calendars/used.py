"""Who goes by a calendar, by name: as long as anybody does, it is not put aside."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm.calendars.models import calendars
from crm.database import Access, statement
from crm.workspaces.models import teams, users, workspaces

MOST_NAMED = 20


@dataclass(frozen=True, eq=False)
class Goes:
    """Rows of a table that may go by a calendar (``calendar_id``), as ``type``; all, or those that are ``in_use``."""

    type: str
    table: Table
    in_use: ColumnElement[bool] | None = None

    def by(self, calendar_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """The row goes by this calendar of the workspace."""
        t = self.table.c
        home = t.workspace_id == bindparam("workspace_id", type_=Uuid)
        return and_(home, t.calendar_id == calendar_id, true() if self.in_use is None else self.in_use)


OURS = (Goes("workspace", workspaces), Goes("team", teams), Goes("user", users))

Going = tuple[Goes, ...]


def in_use(going: Going) -> ColumnElement[bool]:
    """Anybody goes by the calendar of the row at hand."""
    return or_(*(exists().where(one.by(calendars.c.id)).correlate(calendars) for one in going))


async def users_of(access: Access, calendar_id: UUID, going: Going) -> list[dict[str, Any]]:
    """Who goes by it: the type, id and name of each, the first twenty of each type."""
    found: list[dict[str, Any]] = orjson.loads(await access.value(_users_of(going), calendar_id=calendar_id))
    return found


@statement
def _users_of(going: Going) -> Select[Any]:
    calendar = bindparam("calendar_id", type_=Uuid)
    each = [
        select(
            literal(place).label("place"),
            literal(one.type, Text).label("type"),
            one.table.c.id.label("id"),
            one.table.c.name.label("name"),
        )
        .where(one.by(calendar))
        .order_by(one.table.c.name, one.table.c.id)
        .limit(MOST_NAMED)
        .subquery()
        for place, one in enumerate(going)
    ]
    every = union_all(*(select(one) for one in each)).subquery("every")
    e = every.c
    item = func.jsonb_build_object("type", e.type, "id", e.id, "name", e.name, type_=JSONB)
    listed = func.jsonb_agg(item).aggregate_order_by(e.place, e.name, e.id)
    return select(func.coalesce(cast(listed, Text), "[]"))
