"""The journal of facts, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.events import queries
from crm.events.schemas import EventRead, Journal, JournalFilter
from crm.nouns import Answer
from services.api.deps import reads
from services.api.routing import router as new_router

router = new_router(tags=["events"])

EventReads = Annotated[Access, reads("events")]


@router.get("/events", response_model=Journal)
async def list_events(access: EventReads, wanted: Annotated[JournalFilter, Query()]) -> bytes:
    """Everything that happened in the workspace, oldest first; read on from where you were.

    `next_cursor` is always there, at the end too: keep it, and ask again with it whenever you like. A cursor is a place
    in the journal, whatever filters you read with; it never passes a fact that was committed late. A fact shows up as
    soon as every change that began before it has ended, which is usually at once.
    """
    return await queries.journal(access, wanted)


@router.get("/events/{event_id}", response_model=EventRead)
async def get_event(access: EventReads, event_id: UUID) -> Answer:
    """One fact, as it was written when it happened."""
    return await queries.get(access, event_id)
