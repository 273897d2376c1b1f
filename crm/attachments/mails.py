"""Mails to a mailbox of complaints with their files: those of a kind that is taken hang on the complaint.

First the mail becomes what it is, then its files are kept, each under an id that follows from the mail's: where that
goes wrong, or we do not live to see it, the gateway hands the mail over once more, and what is missing is kept then.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, Insert, Integer, Select, Uuid, any_, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.attachments import events
from crm.attachments.actions import MIB, clean_name
from crm.attachments.models import attachments
from crm.attachments.queries import ATTACHMENT
from crm.attachments.sniffing import MOST_PARTS, media_type_of
from crm.attachments.store import Store, StoreFailed, key_of
from crm.complaint_doors import arriving, mail
from crm.complaint_doors.mail import Attached, Mail
from crm.complaint_doors.opening import Opened
from crm.complaint_doors.schemas import MailTaken
from crm.complaints.models import complaints
from crm.database import Access, Database, statement
from crm.errors import Unavailable
from crm.recording import record, recorded, renamed

SHARE = 80
"""Percent of the quota that files of strangers may fill: the rest is for those who work here."""

_PART = b"PK\x01\x02"


class Typed(NamedTuple):
    """A file that is kept: the how manieth of its mail, and what it is by its content."""

    place: int
    file: Attached
    media_type: str


async def take_in(database: Database, store: Store, opened: Opened, key: str, raw: bytes) -> MailTaken:
    """Take in a mail, then keep its files. Repeated, it only keeps those that are missing.

    Raises ``MailUnreadable``, ``TooManyRequests``; ``Unavailable`` while the store is away.
    """
    read = await asyncio.to_thread(mail.parse, raw)
    access = database.writing(opened.actor)
    wanted = [] if read.automatic else await _fitting(access, await asyncio.to_thread(_taken, read))
    taken = await arriving.take_in(database, opened, key, read, refused=_refused(read, wanted))
    if taken.complaint_id is not None:
        await _keep(access, store, taken.arrival_id, taken.complaint_id, wanted)
    return taken.answer


def _taken(read: Mail) -> list[Typed]:
    """The files of a kind that is taken (``sniffing``)."""
    found = []
    for place, file in enumerate(read.attached):
        # A table of contents that is too long is not read at all: whoever made it is nobody we know.
        if file.content.count(_PART) <= MOST_PARTS and (kind := media_type_of(BytesIO(file.content))):
            found.append(Typed(place, file, kind))
    return found


async def _fitting(access: Access, files: Sequence[Typed]) -> list[Typed]:
    """Those for which there is room, in their order."""
    room = await access.value(_room(), share=SHARE) if files else 0
    fitting = []
    for one in files:
        if len(one.file.content) <= room:
            room -= len(one.file.content)
            fitting.append(one)
    return fitting


def _refused(read: Mail, wanted: Sequence[Typed]) -> list[str]:
    """The names of the others; more than are looked at are an ellipsis, as the mail has it."""
    kept = {one.place for one in wanted}
    names = [file.name for place, file in enumerate(read.attached) if place not in kept]
    return names + read.files[len(read.attached) :]


async def _keep(access: Access, store: Store, arrival_id: UUID, complaint_id: UUID, files: Sequence[Typed]) -> None:
    ids = {uuid5(arrival_id, str(one.place)): one for one in files}
    there = {row[0] for row in await access.rows(_there(), ids=list(ids))} if ids else set()
    for id_, one in ids.items():
        if id_ in there:
            continue
        content = one.file.content
        try:
            await store.put(key_of(access.actor.workspace_id, id_), BytesIO(content))
        except StoreFailed as error:
            raise Unavailable("The place where files are kept does not answer.") from error
        values = {
            "id": id_,
            "subject_id": complaint_id,
            "name": clean_name(one.file.name),
            "media_type": one.media_type,
            "size": len(content),
            "sha256": await asyncio.to_thread(_hash, content),
        }
        # Whoever hands it over at the same moment has put the same content there: nothing is taken away again.
        await record(access, events.ADDED, _insert(), **renamed(values))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@statement
def _room() -> Select[tuple[int]]:
    """Bytes that files of strangers may still take up."""
    a = attachments.c
    there = (a.workspace_id == bindparam("workspace_id", type_=Uuid), a.erased_at.is_(None))
    taken = select(func.coalesce(func.sum(a.size), 0)).where(*there).scalar_subquery()
    quota = cast(bindparam("attachments_quota_mib", type_=BigInteger), BigInteger) * MIB
    return select(cast(quota * bindparam("share", type_=Integer) / 100 - taken, BigInteger))


@statement
def _there() -> Select[tuple[UUID]]:
    a = attachments.c
    home = a.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(a.id).where(home, a.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


@statement
def _insert() -> Insert:
    c, a = complaints.c, attachments.c
    names = ("id", "name", "media_type", "size", "sha256")
    new = {name: bindparam(f"new_{name}", type_=a[name].type) for name in names}
    row = {
        "workspace_id": c.workspace_id,
        "customer_id": c.customer_id,
        "subject_type": literal("complaint"),
        "subject_id": c.id,
        **new,
    }
    whose = (
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.id == bindparam("new_subject_id", type_=Uuid),
    )
    kept = insert(attachments).from_select(list(row), select(*row.values()).where(*whose))
    return recorded(ATTACHMENT, kept.on_conflict_do_nothing(index_elements=["workspace_id", "id"]))
