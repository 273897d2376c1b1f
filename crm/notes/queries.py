"""How a note looks, and everything that reads notes."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, FromClause, Select, and_, bindparam, func, select

from crm import reading
from crm.database import Access
from crm.notes.models import notes
from crm.notes.schemas import NoteFilter
from crm.notes.subjects import with_its_subject
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(note: FromClause) -> Select[Any]:
    """A note, once: the answer, the event, the export."""
    author = users.alias("author")
    c = note.c
    return select(
        c.id,
        func.json_build_object("type", c.subject_type, "id", c.subject_id).label("subject"),
        c.customer_id,
        c.text,
        c.pinned,
        c.author_id,
        mention(author).label("author"),
        utc(c.archived_at).label("archived_at"),
        *stamps(note),
    ).select_from(note.outerjoin(author, and_(author.c.workspace_id == c.workspace_id, author.c.id == c.author_id)))


NOTE = Noun("note", notes, shape, with_its_subject(notes))

LIST = Listing(
    NOTE,
    sorts={"created_at": notes.c.created_at},
    filters={
        **among(notes, ["subject_type", "subject_id", "customer_id", "author_id"]),
        **between(notes, ["created_at"]),
        "pinned": notes.c.pinned == bindparam("pinned", type_=Boolean),
        "archived": notes.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def get(access: Access, note_id: UUID) -> Answer:
    """One note. Raises ``NotFound``."""
    return await reading.one(access, NOTE, note_id)


async def page(access: Access, wanted: NoteFilter) -> bytes:
    """A page of notes, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})
