"""Attachments, over HTTP."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Form, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from crm.attachments import actions, queries
from crm.attachments.errors import AttachmentErased, QuotaReached
from crm.attachments.schemas import AttachmentFilter, AttachmentRead
from crm.attachments.sniffing import LARGEST, MEDIA_TYPES
from crm.attachments.store import StoreFailed
from crm.customers.errors import CustomerArchived
from crm.database import Access
from crm.errors import Unavailable
from crm.notes.subjects import SubjectSent
from crm.notes.vocabulary import SubjectType
from crm.nouns import Answer
from crm.opportunities.errors import OpportunityArchived
from crm.paging import Page
from services.api.deps import reads, writes
from services.api.layers.bodies import MIB
from services.api.layers.deadlines import patient
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["attachments"])

AttachmentReads = Annotated[Access, reads("attachments")]
AttachmentWrites = Annotated[Access, writes("attachments")]

SAFE = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",
}
"""Whatever somebody sent us: a browser keeps it as a file and runs nothing in it. The frame forbids guessing."""

BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(MEDIA_TYPES)},
    },
    304: {"description": "You have this content already."},
}


class AttachmentForm(BaseModel):
    """A file, and what it hangs on."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    file: UploadFile = Field(description="At most 20 MiB. What it is, is judged by its content and not by its name.")
    subject_type: SubjectType
    subject_id: UUID = Field(description="Something that you see.")


Sent = Annotated[AttachmentForm, Form(media_type="multipart/form-data")]


@router.get("/attachments", response_model=Page[AttachmentRead])
async def list_attachments(access: AttachmentReads, wanted: Annotated[AttachmentFilter, Query()]) -> bytes:
    """Files on what you see, newest first; without their content."""
    return await queries.page(access, wanted)


@router.post(
    "/attachments",
    status_code=201,
    response_model=AttachmentRead,
    responses=problems(CustomerArchived, OpportunityArchived, QuotaReached),
    max_body_size=LARGEST + MIB,
)
@patient(60)
async def add_attachment(request: Request, access: AttachmentWrites, sent: Sent) -> Answer:
    """Hang a file on a customer, a contact, a visit, a sale or a complaint. It stands in the customer's timeline too.

    Taken are PDF, Word, Excel and PowerPoint without macros, pictures (PNG, JPEG, GIF, WebP, HEIC), recordings (MP3,
    M4A, WAV, AMR, MP4) and plain text in UTF-8. Together a workspace's files take up at most
    `settings.attachments.quota_mib`, archived ones included.
    """
    subject = SubjectSent(type=sent.subject_type, id=sent.subject_id)
    return await actions.add(access, request.app.state.attachments, subject, sent.file.filename or "", sent.file.file)


@router.get("/attachments/{attachment_id}", response_model=AttachmentRead)
async def get_attachment(access: AttachmentReads, attachment_id: UUID) -> Answer:
    """What is known of a file: its name, kind, size and hash."""
    return await queries.get(access, attachment_id)


@router.get(
    "/attachments/{attachment_id}/content",
    response_class=StreamingResponse,
    responses={**BYTES, **problems(AttachmentErased)},
)
async def download_attachment(request: Request, access: AttachmentReads, attachment_id: UUID) -> StreamingResponse:
    """The file itself, streamed. Browsers save it and never show it as a page of ours."""
    found = await queries.content(access, attachment_id)
    try:
        content = await request.app.state.attachments.open(found.key)
    except (FileNotFoundError, StoreFailed) as error:
        raise Unavailable("The file's content is not where files are kept.") from error
    headers = {
        **SAFE,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "Content-Length": str(found.size),
        "ETag": f'"{found.sha256}"',
    }
    return StreamingResponse(content, media_type=found.media_type, headers=headers)


@router.post("/attachments/{attachment_id}/archive", response_model=AttachmentRead)
async def archive_attachment(access: AttachmentWrites, attachment_id: UUID) -> Answer:
    """Put a file aside. It leaves the lists; whoever has its id can still read it."""
    return await actions.archive(access, attachment_id)


@router.post("/attachments/{attachment_id}/restore", response_model=AttachmentRead)
async def restore_attachment(access: AttachmentWrites, attachment_id: UUID) -> Answer:
    """Bring a file back that was put aside: it stands in the lists again."""
    return await actions.restore(access, attachment_id)
