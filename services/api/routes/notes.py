"""Notes, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.errors import CustomerArchived
from crm.database import Access
from crm.notes import actions, queries
from crm.notes.errors import NoteArchived
from crm.notes.schemas import NoteCreate, NoteFilter, NoteRead, NoteUpdate
from crm.nouns import Answer
from crm.opportunities.errors import OpportunityArchived
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

NoteReads = Annotated[Access, reads("notes")]
NoteWrites = Annotated[Access, writes("notes")]

router = new_router(tags=["notes"])


@router.get("/notes", response_model=Page[NoteRead])
async def list_notes(access: NoteReads, wanted: Annotated[NoteFilter, Query()]) -> bytes:
    """Notes about what you see, newest first; `pinned=true` gives those that are to stay in view."""
    return await queries.page(access, wanted)


@router.post(
    "/notes",
    status_code=201,
    response_model=NoteRead,
    responses=problems(CustomerArchived, OpportunityArchived, AlreadyExists),
)
async def create_note(access: NoteWrites, new: NoteCreate) -> Answer:
    """Write a note about a customer, a contact, a visit, a sale or a complaint; their timeline tells it too."""
    return await actions.create(access, new)


@router.get("/notes/{note_id}", response_model=NoteRead)
async def get_note(access: NoteReads, note_id: UUID) -> Answer:
    """One note."""
    return await queries.get(access, note_id)


@router.patch("/notes/{note_id}", response_model=NoteRead, responses=problems(NoteArchived))
async def update_note(access: NoteWrites, note_id: UUID, change: NoteUpdate) -> Answer:
    """Change the text, or whether it stays in view. What it said before stays in the log of facts."""
    return await actions.update(access, note_id, change)


@router.post("/notes/{note_id}/archive", response_model=NoteRead)
async def archive_note(access: NoteWrites, note_id: UUID) -> Answer:
    """Put a note aside. It leaves the lists."""
    return await actions.archive(access, note_id)


@router.post("/notes/{note_id}/restore", response_model=NoteRead)
async def restore_note(access: NoteWrites, note_id: UUID) -> Answer:
    """Bring a note back that was put aside: it stands in the lists again."""
    return await actions.restore(access, note_id)
