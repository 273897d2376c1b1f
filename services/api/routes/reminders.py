"""Reminders, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.reminders import queries
from crm.reminders.schemas import ReminderExplanation, ReminderFilter, ReminderRead
from services.api.deps import reads
from services.api.routing import router as new_router

ReminderReads = Annotated[Access, reads("reminders")]

router = new_router(tags=["reminders"])


@router.get("/reminders", response_model=Page[ReminderRead])
async def list_reminders(access: ReminderReads, wanted: Annotated[ReminderFilter, Query()]) -> bytes:
    """What will be said to whom and what was said, the nearest moment first."""
    return await queries.page(access, wanted)


@router.get("/reminders/{reminder_id}", response_model=ReminderRead)
async def get_reminder(access: ReminderReads, reminder_id: UUID) -> Answer:
    """One reminder. It is planned, moved and cancelled through what it reminds of."""
    return await queries.get(access, reminder_id)


@router.get("/reminders/{reminder_id}/explain", response_model=ReminderExplanation)
async def explain_reminder(access: ReminderReads, reminder_id: UUID) -> Answer:
    """Why it fired or did not: when it was planned and for when, what became of it, and because of what."""
    return await queries.explain(access, reminder_id)
