"""Everything that changes notes."""

from uuid import UUID

from sqlalchemy import Insert, bindparam, func
from sqlalchemy.types import Uuid

from crm.actor import Sight
from crm.database import Access, statement
from crm.notes import events
from crm.notes.errors import NoteArchived
from crm.notes.models import notes
from crm.notes.queries import NOTE
from crm.notes.schemas import NoteCreate, NoteUpdate
from crm.notes.subjects import SUBJECTS, hung_on, why_not
from crm.nouns import Answer, Noun
from crm.recording import changing, creating, explain, record, renamed


async def create(access: Access, new: NoteCreate) -> Answer:
    """Write a note. Raises 422 for a subject that is not there, ``CustomerArchived``, ``AlreadyExists``."""
    values = new.model_dump(exclude={"subject"}, exclude_none=True) | {"subject_id": new.subject.id}
    insert = _insert(SUBJECTS[new.subject.type], access.actor.sight, frozenset(values))
    added = await record(access, events.ADDED, insert, **renamed(values))
    if added is None:
        raise await why_not(access, new.subject)
    return added


async def update(access: Access, note_id: UUID, change: NoteUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``NoteArchived``."""
    values = change.model_dump(exclude_unset=True)
    update_ = _update(access.actor.sight, frozenset(values))
    changed = await record(access, events.UPDATED, update_, id=note_id, **renamed(values))
    if changed:
        return changed
    answer = await explain(access, NOTE, note_id)
    if '"archived_at":null' not in answer.body:
        raise NoteArchived
    return answer


async def archive(access: Access, note_id: UUID) -> Answer:
    """Put a note aside. Archiving twice is archiving once. Raises ``NotFound``, ``Stale``."""
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight), id=note_id)
    return archived or await explain(access, NOTE, note_id)


async def restore(access: Access, note_id: UUID) -> Answer:
    """Bring a note back that was put aside. Restoring twice is restoring once. Raises ``NotFound``, ``Stale``."""
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), id=note_id)
    return restored or await explain(access, NOTE, note_id)


@statement
def _insert(about: Noun, sight: Sight, columns: frozenset[str]) -> Insert:
    values, may = hung_on(about, sight)
    values["author_id"] = bindparam("user_id", type_=Uuid)
    return creating(NOTE, columns, values=values, only_if=may)


@statement
def _update(sight: Sight, columns: frozenset[str]) -> Insert:
    return changing(NOTE, sight, columns, notes.c.archived_at.is_(None))


@statement
def _archive(sight: Sight) -> Insert:
    return changing(NOTE, sight, (), notes.c.archived_at.is_(None), values={"archived_at": func.now()})


@statement
def _restore(sight: Sight) -> Insert:
    return changing(NOTE, sight, (), notes.c.archived_at.is_not(None), values={"archived_at": None})
