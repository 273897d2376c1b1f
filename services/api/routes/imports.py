"""Imports, over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field, Json

from crm.database import Access
from crm.imports import actions, queries
from crm.imports.schemas import (
    ImportFilter,
    ImportPreview,
    ImportProblemRead,
    ImportRead,
    ProblemFilter,
)
from crm.imports.vocabulary import Kind
from crm.nouns import Answer
from crm.paging import Page
from services.api.deps import reads, writes
from services.api.layers.bodies import MIB
from services.api.layers.deadlines import patient
from services.api.routing import router as new_router

LARGEST = 20 * MIB

router = new_router(tags=["imports"])

ImportReads = Annotated[Access, reads("imports")]
ImportWrites = Annotated[Access, writes("imports")]


class ImportForm(BaseModel):
    """A file, and how to read it."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    file: UploadFile = Field(description="CSV in UTF-8 or GB18030 with a heading line; at most 200,000 lines.")
    kind: Kind = Field(default="customers", description="What the lines are.")
    mapping: Json[dict[str, str]] = Field(
        default_factory=dict,
        description="JSON, column → field: a customer's field, `parent` (by name), `address.city`, `custom.<key>` or "
        "`skip`. We guess the columns that you do not name; what we do not recognise is kept as `custom.<column>`.",
        examples=['{"office_location": "region", "subsidiary_of": "parent"}'],
    )
    defaults: Json[dict[str, Any]] = Field(
        default_factory=dict,
        description="JSON, field → value for new customers whose line leaves it empty.",
        examples=['{"source": "fair", "tags": ["2026"]}'],
    )


Sent = Annotated[ImportForm, Form(media_type="multipart/form-data")]


@router.get("/imports", response_model=Page[ImportRead])
async def list_imports(access: ImportReads, wanted: Annotated[ImportFilter, Query()]) -> bytes:
    """The imports you may see, newest first."""
    return await queries.page(access, wanted)


@router.post("/imports", status_code=202, response_model=ImportRead, max_body_size=LARGEST)
@patient(60)
async def start_import(access: ImportWrites, sent: Sent) -> Answer:
    """Bring in a file of customers. It is carried out in your name, soon and in batches; watch it at its address.

    Each good line lands, each bad one stands among the import's problems. A line whose registration code, or whose
    exact name, a customer has already brings that customer up to date: what it leaves empty stays, tags and your own
    fields are added to. So the same file may be sent twice. Parents are found by name, in the file and among your
    customers; where there is no such customer, the line lands without a parent and a problem says so.
    """
    return await actions.start(
        access,
        file_name=sent.file.filename or "",
        content=await sent.file.read(),
        mapping=sent.mapping,
        defaults=sent.defaults,
    )


@router.post("/imports/preview", response_model=ImportPreview, max_body_size=LARGEST)
@patient(60)
async def preview_import(access: ImportWrites, sent: Sent) -> bytes:
    """How a file would be read: our guess at the columns, its first ten lines as customers, and what is wrong there.

    Stores nothing, and looks only at the file: who is there already is found out when the import runs.
    """
    return await actions.preview(access.actor, await sent.file.read(), sent.mapping, sent.defaults)


@router.get("/imports/{import_id}", response_model=ImportRead)
async def get_import(access: ImportReads, import_id: UUID) -> Answer:
    """One import and how far it is."""
    return await queries.get(access, import_id)


@router.get("/imports/{import_id}/problems", response_model=Page[ImportProblemRead])
async def list_import_problems(
    access: ImportReads, import_id: UUID, wanted: Annotated[ProblemFilter, Query()]
) -> bytes:
    """What was wrong with which lines, in the order of the file."""
    return await queries.problems(access, import_id, wanted)
