"""Complaints, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.complaints import learning, queries, receiving, standing, updating
from crm.complaints.detail_schemas import ComplaintDetail, ComplaintHistoryRead, ComplaintReceived
from crm.complaints.errors import (
    AssigneeIsResponsible,
    ComplaintOver,
    CustomerStays,
    NoEightD,
    StepIsForOthers,
)
from crm.complaints.listing import ComplaintFilter
from crm.complaints.schemas import (
    ComplaintCreate,
    ComplaintRead,
    ComplaintUpdate,
)
from crm.complaints.step_schemas import CorrectiveAction
from crm.customers.errors import CustomerArchived
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.tasks.schemas import TaskRead
from services.api.deps import changes, reads
from services.api.problems import problems
from services.api.routing import router as new_router

ComplaintReads = Annotated[Access, reads("complaints")]
ComplaintChanges = Annotated[Transaction, changes("complaints")]

router = new_router(tags=["complaints"])


@router.get("/complaints", response_model=Page[ComplaintRead])
async def list_complaints(access: ComplaintReads, wanted: Annotated[ComplaintFilter, Query()]) -> bytes:
    """The complaints you may see: of your customers, those you look into or took down, your teams', or all.

    `sort=due_at` gives first what is due first; `open=true` leaves out what is over.
    """
    return await queries.page(access, wanted)


@router.post(
    "/complaints",
    status_code=201,
    response_model=ComplaintReceived,
    responses=problems(CustomerArchived, AlreadyExists, AssigneeIsResponsible),
)
async def receive_complaint(tx: ComplaintChanges, new: ComplaintCreate) -> Answer:
    """Take a complaint down, through whichever channel it came, now or some days ago. It gets its number, and its
    clocks run from when it was received.

    `repeats` names the complaints of the same customer about the same product or cause shortly before it;
    `repeat_of_id` is the latest of them.
    """
    return await receiving.receive(tx, new)


@router.get("/complaints/{complaint_id}", response_model=ComplaintDetail)
async def get_complaint(access: ComplaintReads, complaint_id: UUID) -> Answer:
    """One complaint, with its clocks and with each step of its path: whether you can take it now, why not, and what
    must be sent along.
    """
    return await standing.detail(access, complaint_id)


@router.get("/complaints/{complaint_id}/history", response_model=ComplaintHistoryRead)
async def get_complaint_history(access: ComplaintReads, complaint_id: UUID) -> bytes:
    """The way a complaint has gone: each step with when, by whom, and what was noted."""
    return await standing.history(access, complaint_id)


@router.patch(
    "/complaints/{complaint_id}",
    response_model=ComplaintRead,
    responses=problems(
        AssigneeIsResponsible, ComplaintOver, CustomerArchived, CustomerStays, NoEightD, StepIsForOthers
    ),
)
async def update_complaint(tx: ComplaintChanges, complaint_id: UUID, change: ComplaintUpdate) -> Answer:
    """Change what is known of a complaint: whose it is, what they want, the cause, what is done against it, the 8D
    checklist of a severe one about quality. Its severity changes by `assess`, its state by the steps of its path.

    Once it is over, only what is learnt later can be changed: cost, effect, tags, the checklist.
    """
    return await updating.update(tx, complaint_id, change)


@router.post(
    "/complaints/{complaint_id}/corrective-actions",
    status_code=201,
    response_model=TaskRead,
    responses=problems(ComplaintOver, StepIsForOthers),
)
async def add_corrective_action(tx: ComplaintChanges, complaint_id: UUID, new: CorrectiveAction) -> Answer:
    """Have something done against the cause, by whom and until when: a task. The complaint is resolved once all of
    them are done or cancelled.
    """
    return await learning.add_action(tx, complaint_id, new)
