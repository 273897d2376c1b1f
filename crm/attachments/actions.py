"""Everything that changes attachments. The content is kept before the row says so: what is shown is there.

A crash between the two leaves a file that no row names; it is seen by nobody, and swept up (``sweeping``).
"""

import asyncio
import hashlib
import re
from contextlib import suppress
from io import SEEK_END
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Insert, Select, Uuid, bindparam, cast, func, select

from crm.actor import Sight
from crm.attachments import events
from crm.attachments.errors import QuotaReached
from crm.attachments.models import attachments
from crm.attachments.queries import ATTACHMENT
from crm.attachments.sniffing import LARGEST, media_type_of
from crm.attachments.store import PIECE, Store, StoreFailed, key_of
from crm.database import Access, statement
from crm.errors import TooLarge, Unavailable, invalid
from crm.notes.subjects import SUBJECTS, SubjectSent, hung_on, why_not
from crm.nouns import Answer, Noun
from crm.recording import changing, creating, explain, record, renamed
from crm.workspaces.ids import new_id

LONGEST_NAME = 200
MIB = 1024 * 1024


async def add(access: Access, store: Store, subject: SubjectSent, file_name: str, content: BinaryIO) -> Answer:
    """Hang a file on something, with its content kept in the store. It is read piece by piece, from its beginning.

    Raises 422 for a subject that is not there and for a kind of file that is not taken, ``TooLarge``,
    ``CustomerArchived``, ``QuotaReached``, ``Unavailable`` while the store is away. The quota counts archived files
    too; uploads of the same moment do not see each other and may pass it together.
    """
    size = await asyncio.to_thread(content.seek, 0, SEEK_END)
    if size > LARGEST:
        raise TooLarge(f"A file has at most {LARGEST} bytes.", max_bytes=LARGEST)
    media_type = await asyncio.to_thread(media_type_of, content)
    if media_type is None:
        wrong = "By its content, this is no kind of file that is taken: documents, pictures, recordings, plain text."
        raise invalid("file", wrong, "type_not_taken")
    attachment_id = await new_id(access)
    values = {
        "id": attachment_id,
        "subject_id": subject.id,
        "name": clean_name(file_name),
        "media_type": media_type,
        "size": size,
        "sha256": await asyncio.to_thread(_hash, content),
    }
    key = key_of(access.actor.workspace_id, attachment_id)
    try:
        await store.put(key, content)
    except StoreFailed as error:
        raise Unavailable("The place where files are kept does not answer.") from error
    added = None
    try:
        insert = _insert(SUBJECTS[subject.type], access.actor.sight, frozenset(values))
        added = await record(access, events.ADDED, insert, **renamed(values))
    finally:
        if added is None:
            with suppress(StoreFailed):
                await store.delete(key)
    if added is None:
        problem = await why_not(access, subject)
        full = isinstance(problem, Unavailable) and not await access.value(_has_room(), new_size=size)
        raise QuotaReached if full else problem
    return added


async def archive(access: Access, attachment_id: UUID) -> Answer:
    """Put a file aside; its content stays. Archiving twice is archiving once. Raises ``NotFound``, ``Stale``."""
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight), id=attachment_id)
    return archived or await explain(access, ATTACHMENT, attachment_id)


async def restore(access: Access, attachment_id: UUID) -> Answer:
    """Bring a file back that was put aside. Restoring twice is restoring once. Raises ``NotFound``, ``Stale``."""
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), id=attachment_id)
    return restored or await explain(access, ATTACHMENT, attachment_id)


def clean_name(sent: str) -> str:
    """A file name as it is shown: without folders, and without what cannot be seen."""
    name = re.split(r"[/\\]", sent)[-1]
    shown = "".join(letter for letter in name if letter.isprintable()).strip(" .")
    return shown[-LONGEST_NAME:] or "file"


def _hash(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    content.seek(0)
    while piece := content.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _room() -> ColumnElement[bool]:
    at_home = attachments.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    there = attachments.c.erased_at.is_(None)
    taken = select(func.coalesce(func.sum(attachments.c.size), 0)).where(at_home, there).scalar_subquery()
    quota = cast(bindparam("attachments_quota_mib", type_=BigInteger), BigInteger) * MIB
    room: ColumnElement[bool] = taken + bindparam("new_size", type_=BigInteger) <= quota
    return room


@statement
def _has_room() -> Select[Any]:
    return select(_room())


@statement
def _insert(about: Noun, sight: Sight, columns: frozenset[str]) -> Insert:
    values, may = hung_on(about, sight)
    values["author_id"] = bindparam("user_id", type_=Uuid)
    return creating(ATTACHMENT, columns, values=values, only_if=may & _room())


@statement
def _archive(sight: Sight) -> Insert:
    return changing(ATTACHMENT, sight, (), attachments.c.archived_at.is_(None), values={"archived_at": func.now()})


@statement
def _restore(sight: Sight) -> Insert:
    return changing(ATTACHMENT, sight, (), attachments.c.archived_at.is_not(None), values={"archived_at": None})
