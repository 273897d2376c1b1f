"""How an export looks, and everything that reads exports."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Uuid, bindparam, func, select, true

from crm import reading
from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import Forbidden, NotFound
from crm.exports.errors import ExportExpired, ExportNotReady
from crm.exports.models import exports
from crm.exports.schemas import ExportFilter
from crm.nouns import Answer, Noun, this_one
from crm.reading import Listing, among
from crm.tables import stamps, utc


def shape(export: FromClause) -> Select[Any]:
    """An export, once: the answer, the event."""
    e = export.c
    return select(
        e.id,
        e.noun,
        e.format,
        e.filters,
        e.bom,
        e.state,
        e.failure,
        e.rows,
        e.rows_done,
        func.json_build_object("kind", e.created_by_kind, "id", e.created_by).label("created_by"),
        utc(e.finished_at).label("finished_at"),
        utc(e.expires_at).label("expires_at"),
        utc(e.withdrawn_at).label("withdrawn_at"),
        *stamps(export),
    )


@cache
def _visible(sight: Sight) -> ColumnElement[bool]:
    """One's own, since a file holds what its asker sees; everyone's for those who see everything."""
    return true() if sight is Sight.ALL else exports.c.created_by == bindparam("actor_id", type_=Uuid)


EXPORT = Noun("export", exports, shape, _visible, customer=None)

LIST = Listing(EXPORT, sorts={"created_at": exports.c.created_at}, filters=among(exports, ["noun", "state"]))


async def get(access: Access, export_id: UUID) -> Answer:
    """One export. Raises ``NotFound``."""
    return await reading.one(access, EXPORT, export_id)


async def page(access: Access, wanted: ExportFilter) -> bytes:
    """A page of exports."""
    return await reading.page(access, LIST, wanted)


async def ready(access: Access, export_id: UUID) -> tuple[str, str]:
    """What the file holds and in what format. Raises ``NotFound``, ``ExportNotReady``, ``ExportExpired``."""
    row = await access.row(_ready(access.actor.sight), id=export_id)
    if row is None:
        raise NotFound
    noun, format_, state, expired = row
    may_read(access, noun)
    if state != "done":
        raise ExportNotReady
    if expired:
        raise ExportExpired
    return noun, format_


def may_read(access: Access, noun: str) -> None:
    """Raises ``Forbidden`` for whoever may not read the list itself."""
    if f"{noun}:read" not in access.actor.scopes:
        raise Forbidden(f"This needs the scope {noun}:read.")


@statement
def _ready(sight: Sight) -> Select[Any]:
    expired: ColumnElement[bool] = func.coalesce(exports.c.expires_at <= func.now(), true(), type_=Boolean)
    return select(exports.c.noun, exports.c.format, exports.c.state, expired).where(this_one(EXPORT, sight))
