"""What people decide about an import that is there: to carry a draft out, to undo what it did."""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Text, Uuid, bindparam, func, select

from crm.actor import Sight
from crm.database import Access, statement
from crm.imports import events
from crm.imports.errors import ImportIsNoDraft, ImportNotOver
from crm.imports.models import imports
from crm.imports.queries import IMPORT
from crm.nouns import Answer, this_one
from crm.recording import changing, explain, record


async def commit(access: Access, import_id: UUID) -> Answer:
    """Carry a draft out. Raises ``NotFound``, ``Stale``, ``ImportIsNoDraft``."""
    committed = await record(access, events.STARTED, _commit(access.actor.sight), id=import_id)
    if committed is None:
        await explain(access, IMPORT, import_id)
        raise ImportIsNoDraft
    return committed


async def undo(access: Access, import_id: UUID) -> Answer:
    """Take back what an import did, soon. Undoing twice is undoing once. Raises ``NotFound``, ``ImportNotOver``."""
    undoing = await record(access, events.UNDOING, _undo(access.actor.sight), id=import_id)
    if undoing is None:
        answer = await explain(access, IMPORT, import_id)
        if not await access.value(_is_undone(access.actor.sight), id=import_id):
            raise ImportNotOver
        return answer
    return undoing


@statement
def _commit(sight: Sight) -> Insert:
    return changing(IMPORT, sight, (), imports.c.state == "draft", values={"state": "waiting"})


@statement
def _undo(sight: Sight) -> Insert:
    asked = {
        "state": "undoing",
        "finished_at": None,
        "leased_until": func.now(),
        "undo_by": bindparam("actor_id", type_=Uuid),
        "undo_by_kind": bindparam("actor_kind", type_=Text),
    }
    return changing(IMPORT, sight, (), imports.c.state.in_(["done", "failed"]), values=asked)


@statement
def _is_undone(sight: Sight) -> Select[Any]:
    undone = imports.c.state.in_(["undoing", "undone"])
    return select(undone).where(this_one(IMPORT, sight))
