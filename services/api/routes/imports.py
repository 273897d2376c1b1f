"""Imports, over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field, Json
from starlette.responses import Response

from crm.database import Access
from crm.imports import actions, mending, moving, queries
from crm.imports.actions import Wanted
from crm.imports.errors import ImportIsNoDraft, ImportNotOver
from crm.imports.schemas import (
    ImportFilter,
    ImportPreview,
    ImportProblemRead,
    ImportRead,
    LeftoverFilter,
    LeftoverRead,
    ProblemFilter,
)
from crm.imports.vocabulary import DateOrder, Kind
from crm.nouns import Answer
from crm.paging import Page
from services.api.deps import reads, writes
from services.api.languages import Language, in_that_language, speaks_chinese, with_messages
from services.api.layers.bodies import MIB
from services.api.layers.deadlines import patient
from services.api.problems import problems
from services.api.routing import router as new_router

LARGEST = 20 * MIB

router = new_router(tags=["imports"])


class CsvFile(Response):
    """A file of comma-separated values."""

    media_type = "text/csv"


ImportReads = Annotated[Access, reads("imports")]
ImportWrites = Annotated[Access, writes("imports")]


class ImportForm(BaseModel):
    """A file, and how to read it."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    file: UploadFile = Field(
        description="CSV in UTF-8 or GB18030, or XLSX (its first sheet), with a heading line; at most 200,000 lines."
    )
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
    values: Json[dict[str, dict[str, str]]] = Field(
        default_factory=dict,
        description="JSON, column → cell → what it stands for: mends what is misspelt, or called otherwise.",
        examples=['{"sector": {"technolgy": "technology"}}'],
    )
    match_by: str | None = Field(
        default=None,
        description="By what customers are known: `registration_code`, `name`, `phone`, `email` or `custom.<key>`. "
        "Without it, by the registration code or else by the name.",
        examples=["name"],
    )
    date_order: DateOrder | None = Field(
        default=None,
        description="How days are written that can be read in several ways, such as 03-11-16. Without it they are "
        "refused; 2026-11-22 and 2026年11月22日 need none.",
    )

    @property
    def wanted(self) -> Wanted:
        """How the file is to be read."""
        return Wanted(self.mapping, self.defaults, self.values, self.match_by, self.kind, self.date_order)


class StartForm(ImportForm):
    """A file to bring in."""

    commit: bool = Field(default=True, description="`false` keeps it as a draft until you commit it.")


Sent = Annotated[ImportForm, Form(media_type="multipart/form-data")]
SentToStart = Annotated[StartForm, Form(media_type="multipart/form-data")]


@router.get("/imports", response_model=Page[ImportRead])
async def list_imports(access: ImportReads, wanted: Annotated[ImportFilter, Query()]) -> bytes:
    """The imports you may see, newest first."""
    return await queries.page(access, wanted)


@router.post("/imports", status_code=202, response_model=ImportRead, max_body_size=LARGEST)
@patient(60)
async def start_import(access: ImportWrites, sent: SentToStart) -> Answer:
    """Bring in a file of customers. It is carried out in your name, soon and in batches; watch it at its address.

    Each good line lands, each bad one stands among the import's problems. A line whose registration code, or whose
    exact name, a customer has already brings that customer up to date: what it leaves empty stays, tags and your own
    fields are added to. So the same file may be sent twice. Parents are found by name, in the file and among your
    customers; where there is no such customer, the line lands without a parent and a problem says so.

    A file that an export of customers gave comes back as it is: each line is the customer of its `id`, if it is there,
    and what no file can set (warmth, relationship stage, owner, moments) is skipped.
    """
    return await actions.start(
        access,
        file_name=sent.file.filename or "",
        content=await sent.file.read(),
        wanted=sent.wanted,
        draft=not sent.commit,
    )


@router.post("/imports/preview", response_model=ImportPreview, max_body_size=LARGEST)
@patient(60)
async def preview_import(access: ImportWrites, sent: Sent, accept_language: Language = "") -> Response:
    """How a file would be read: our guess at the columns, its first ten lines as customers, and what is wrong in its
    first thousand, cell by cell.

    Stores nothing, and looks only at the file: who is there already is found out when the import runs.
    """
    chinese = speaks_chinese(access.actor, accept_language)
    found = await actions.preview(access, await sent.file.read(), sent.wanted)
    return in_that_language(with_messages(found, "problems", chinese=chinese), chinese=chinese)


@router.get("/imports/{import_id}", response_model=ImportRead)
async def get_import(access: ImportReads, import_id: UUID) -> Answer:
    """One import and how far it is."""
    return await queries.get(access, import_id)


@router.get("/imports/{import_id}/problems", response_model=Page[ImportProblemRead])
async def list_import_problems(
    access: ImportReads, import_id: UUID, wanted: Annotated[ProblemFilter, Query()], accept_language: Language = ""
) -> Response:
    """What was wrong with which lines, in the order of the file."""
    chinese = speaks_chinese(access.actor, accept_language)
    found = await queries.problems(access, import_id, wanted)
    return in_that_language(with_messages(found, "data", chinese=chinese), chinese=chinese)


@router.get("/imports/{import_id}/problems.csv", response_class=CsvFile)
@patient(60)
async def download_import_problems(access: ImportReads, import_id: UUID, accept_language: Language = "") -> Response:
    """The lines with problems as they were sent, with a column that says what is wrong: mend them and send them again.

    UTF-8 with a byte order mark, as Excel wants it. The column `rapport_problems` is skipped when it comes back. Cells
    are just as you sent them, formulas too.
    """
    content = await mending.problems_file(access, import_id, chinese=speaks_chinese(access.actor, accept_language))
    return CsvFile(content, headers={"Content-Disposition": f'attachment; filename="problems-{import_id}.csv"'})


@router.post("/imports/{import_id}/commit", response_model=ImportRead, responses=problems(ImportIsNoDraft))
async def commit_import(access: ImportWrites, import_id: UUID) -> Answer:
    """Carry a draft out."""
    return await moving.commit(access, import_id)


@router.post("/imports/{import_id}/undo", response_model=ImportRead, responses=problems(ImportNotOver))
async def undo_import(access: ImportWrites, import_id: UUID) -> Answer:
    """Take back what an import did, soon and in batches, in your name; watch it at its address.

    Customers whom it made are archived. Customers whom it changed get back what it replaced. What somebody has changed
    or used since stays as it is, and stands among the leftovers.
    """
    return await moving.undo(access, import_id)


@router.get("/imports/{import_id}/leftovers", response_model=Page[LeftoverRead])
async def list_import_leftovers(
    access: ImportReads, import_id: UUID, wanted: Annotated[LeftoverFilter, Query()]
) -> bytes:
    """Whom an undo left as they are, and why."""
    return await mending.leftovers(access, import_id, wanted)
