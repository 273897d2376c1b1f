"""Reminders, over HTTP."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.contacts.queries import CONTACT
from crm.customers.queries import CUSTOMER
from crm.database import Access
from crm.nouns import Answer, Noun
from crm.opportunities.queries import OPPORTUNITY
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.reminders import actions, queries
from crm.reminders.errors import ReminderOfTask, ReminderOver, ReminderSnoozedTooOften
from crm.reminders.schemas import (
    ReminderCreate,
    ReminderExplanation,
    ReminderFilter,
    ReminderRead,
    ReminderSnooze,
    ReminderUpdate,
)
from crm.reminders.vocabulary import PersonalSubject
from crm.visits.queries import VISIT
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

ReminderReads = Annotated[Access, reads("reminders")]
ReminderWrites = Annotated[Access, writes("reminders")]

SUBJECTS: Mapping[PersonalSubject, Noun] = MappingProxyType(
    {"customer": CUSTOMER, "contact": CONTACT, "visit": VISIT, "opportunity": OPPORTUNITY}
)
"""What one can be reminded of without a task. Reminders stand below these in the house and do not know them."""

router = new_router(tags=["reminders"])


@router.get("/reminders", response_model=Page[ReminderRead])
async def list_reminders(access: ReminderReads, wanted: Annotated[ReminderFilter, Query()]) -> bytes:
    """What will be said to whom and what was said, the nearest moment first."""
    return await queries.page(access, wanted)


@router.post("/reminders", status_code=201, response_model=ReminderRead, responses=problems(AlreadyExists))
async def create_reminder(access: ReminderWrites, new: ReminderCreate) -> Answer:
    """Be reminded of a customer, a contact, a visit or an opportunity, without a task.

    Say when as a moment (`fire_at`), or as what the clock on the wall shows (`local_time`) in a `timezone` or, without
    one, wherever the person lives by then. An hour that the clocks show twice counts once; one that they skip is made
    up for right after.
    """
    return await actions.create(access, new, SUBJECTS[new.subject.type])


@router.get("/reminders/{reminder_id}", response_model=ReminderRead)
async def get_reminder(access: ReminderReads, reminder_id: UUID) -> Answer:
    """One reminder. That of a task is planned, moved and cancelled through the task."""
    return await queries.get(access, reminder_id)


@router.patch("/reminders/{reminder_id}", response_model=ReminderRead, responses=problems(ReminderOfTask, ReminderOver))
async def update_reminder(access: ReminderWrites, reminder_id: UUID, change: ReminderUpdate) -> Answer:
    """Change what you send of a reminder without a task that is still to come."""
    return await actions.update(access, reminder_id, change)


@router.post(
    "/reminders/{reminder_id}/cancel", response_model=ReminderRead, responses=problems(ReminderOfTask, ReminderOver)
)
async def cancel_reminder(access: ReminderWrites, reminder_id: UUID) -> Answer:
    """Cancel a reminder without a task that is still to come."""
    return await actions.cancel(access, reminder_id)


@router.post(
    "/reminders/{reminder_id}/snooze",
    response_model=ReminderRead,
    responses=problems(ReminderOver, ReminderSnoozedTooOften),
)
async def snooze_reminder(access: ReminderWrites, reminder_id: UUID, wanted: ReminderSnooze) -> Answer:
    """Have it said later, or once more, at most three times. A task it belongs to stays due when it is."""
    return await actions.snooze(access, reminder_id, wanted.moment())


@router.post("/reminders/{reminder_id}/acknowledge", response_model=ReminderRead, responses=problems(ReminderOver))
async def acknowledge_reminder(access: ReminderWrites, reminder_id: UUID) -> Answer:
    """Say that it was heard, so that it is not told to the manager. Dealing with its task says so too."""
    return await actions.acknowledge(access, reminder_id)


@router.get("/reminders/{reminder_id}/explain", response_model=ReminderExplanation)
async def explain_reminder(access: ReminderReads, reminder_id: UUID) -> Answer:
    """Why it fired or did not: planned for when, moved by what, said how late, minded or not, told to which manager."""
    return await queries.explain(access, reminder_id)
