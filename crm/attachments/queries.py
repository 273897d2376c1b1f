"""How an attachment looks, and everything that reads attachments."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, FromClause, Select, and_, bindparam, func, select

from crm import reading
from crm.actor import Sight
from crm.attachments.errors import AttachmentErased
from crm.attachments.models import attachments
from crm.attachments.schemas import AttachmentFilter
from crm.attachments.store import key_of
from crm.database import Access, statement
from crm.errors import NotFound
from crm.notes.subjects import with_its_subject
from crm.nouns import Answer, Noun, mention, this_one
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(attachment: FromClause) -> Select[Any]:
    """An attachment, once: the answer, the event, the export."""
    author = users.alias("author")
    c = attachment.c
    return select(
        c.id,
        func.json_build_object("type", c.subject_type, "id", c.subject_id).label("subject"),
        c.customer_id,
        c.name,
        c.media_type,
        c.size,
        c.sha256,
        c.author_id,
        mention(author).label("author"),
        utc(c.archived_at).label("archived_at"),
        utc(c.erased_at).label("erased_at"),
        *stamps(attachment),
    ).select_from(
        attachment.outerjoin(author, and_(author.c.workspace_id == c.workspace_id, author.c.id == c.author_id))
    )


ATTACHMENT = Noun("attachment", attachments, shape, with_its_subject(attachments))

LIST = Listing(
    ATTACHMENT,
    sorts={"created_at": attachments.c.created_at},
    filters={
        **among(attachments, ["subject_type", "subject_id", "customer_id", "author_id", "media_type"]),
        **between(attachments, ["created_at"]),
        "archived": attachments.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


class Content(NamedTuple):
    """What a download needs to know."""

    key: str
    name: str
    media_type: str
    sha256: str
    size: int


async def get(access: Access, attachment_id: UUID) -> Answer:
    """What is known of one attachment. Raises ``NotFound``."""
    return await reading.one(access, ATTACHMENT, attachment_id)


async def page(access: Access, wanted: AttachmentFilter) -> bytes:
    """A page of attachments, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})


async def content(access: Access, attachment_id: UUID) -> Content:
    """The key of an attachment's content in the store, and what it is. Raises ``NotFound``, ``AttachmentErased``."""
    row = await access.row(_content(access.actor.sight), id=attachment_id)
    if row is None:
        raise NotFound
    erased, *rest = row
    if erased:
        raise AttachmentErased
    return Content(key_of(access.actor.workspace_id, attachment_id), *rest)


@statement
def _content(sight: Sight) -> Select[Any]:
    a = attachments.c
    return select(a.erased_at.is_not(None), a.name, a.media_type, a.sha256, a.size).where(this_one(ATTACHMENT, sight))
