"""Exports, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from crm.attachments.store import StoreFailed
from crm.database import Access
from crm.errors import Unavailable
from crm.exports import actions, queries
from crm.exports.errors import ExportExpired, ExportNotReady
from crm.exports.schemas import ExportCreate, ExportFilter, ExportRead
from crm.exports.writing import EXTENSIONS
from crm.nouns import Answer
from crm.paging import Page
from services.api.deps import reads, writes
from services.api.layers.deadlines import patient
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["exports"])

ExportReads = Annotated[Access, reads("exports")]
ExportWrites = Annotated[Access, writes("exports")]

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vcard": "text/vcard; charset=utf-8",
}


@router.get("/exports", response_model=Page[ExportRead])
async def list_exports(access: ExportReads, wanted: Annotated[ExportFilter, Query()]) -> bytes:
    """The exports you may see, newest first."""
    return await queries.page(access, wanted)


@router.post("/exports", status_code=202, response_model=ExportRead)
async def create_export(access: ExportWrites, new: ExportCreate) -> Answer:
    """Ask for a list as a file: all that your filters find and you may see. It is written soon; watch its address.

    CSV is UTF-8, with a byte order mark for Excel if you like. A cell that a spreadsheet would run as a formula gets an
    apostrophe in front, which our imports take off again. The file can be fetched for 24 hours.
    """
    return await actions.create(access, new)


@router.get("/exports/{export_id}", response_model=ExportRead)
async def get_export(access: ExportReads, export_id: UUID) -> Answer:
    """One export and how far it is."""
    return await queries.get(access, export_id)


@router.get(
    "/exports/{export_id}/file",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA.values()},
        },
        **problems(ExportNotReady, ExportExpired),
    },
)
@patient(300)
async def download_export(request: Request, access: ExportReads, export_id: UUID) -> Response:
    """The file of an export, streamed."""
    noun, format_ = await queries.ready(access, export_id)
    try:
        content = await request.app.state.shelf.open(access.actor.workspace_id, export_id, format_)
    except FileNotFoundError as error:
        raise ExportExpired from error
    except StoreFailed as error:
        raise Unavailable("The place where files are kept does not answer.") from error
    headers = {"Content-Disposition": f'attachment; filename="{noun}.{EXTENSIONS[format_]}"'}
    return StreamingResponse(content, media_type=MEDIA[format_], headers=headers)
