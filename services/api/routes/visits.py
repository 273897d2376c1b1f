"""Visits, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.errors import CustomerArchived
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.visits import actions, queries
from crm.visits.errors import VisitClosed, VisitNotPlanned
from crm.visits.schemas import (
    Checked,
    VisitCancel,
    VisitFilter,
    VisitPlan,
    VisitRead,
    VisitReport,
    VisitReschedule,
    VisitUpdate,
)
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

VisitReads = Annotated[Access, reads("visits")]
VisitWrites = Annotated[Access, writes("visits")]
VisitChanges = Annotated[Transaction, changes("visits")]

router = new_router(tags=["visits"])


@router.get("/visits", response_model=Page[VisitRead])
async def list_visits(access: VisitReads, wanted: Annotated[VisitFilter, Query()]) -> bytes:
    """The visits you may see: your own, your teams', or all. Newest first, or by when they are planned."""
    return await queries.page(access, wanted)


@router.post(
    "/visits",
    status_code=201,
    response_model=VisitRead,
    responses=problems(CustomerArchived, AlreadyExists),
)
async def plan_visit(access: VisitWrites, new: VisitPlan) -> Answer:
    """Plan a visit to a customer. It is yours unless you name another owner."""
    return await actions.plan(access, new)


@router.get("/visits/{visit_id}", response_model=VisitRead)
async def get_visit(access: VisitReads, visit_id: UUID) -> Answer:
    """One visit, with whom it is to meet and, once completed, what came of it."""
    return await queries.get(access, visit_id)


@router.patch("/visits/{visit_id}", response_model=VisitRead, responses=problems(VisitNotPlanned))
async def update_visit(access: VisitWrites, visit_id: UUID, change: VisitUpdate) -> Answer:
    """Change purpose, subject or contacts of a visit that is still planned."""
    return await actions.update(access, visit_id, change)


@router.post("/visits/{visit_id}/reschedule", response_model=VisitRead, responses=problems(VisitNotPlanned))
async def reschedule_visit(access: VisitWrites, visit_id: UUID, wanted: VisitReschedule) -> Answer:
    """Move a planned visit to another time. It stays the same visit and counts how often it was moved."""
    return await actions.reschedule(access, visit_id, wanted)


@router.post("/visits/{visit_id}/start", response_model=VisitRead, responses=problems(VisitNotPlanned))
async def start_visit(access: VisitWrites, visit_id: UUID, arrival: Checked | None = None) -> Answer:
    """Begin a visit now. With a location, the answer says how far from the customer it is (`check_in`)."""
    return await actions.start(access, visit_id, arrival or Checked())


@router.post("/visits/{visit_id}/complete", response_model=VisitRead, responses=problems(VisitClosed, VisitNotPlanned))
async def complete_visit(tx: VisitChanges, visit_id: UUID, report: VisitReport) -> Answer:
    """Close a visit with its result, whom you met and what comes next.

    The next step becomes a task with a reminder; completing warms the relationship. A visit that was never started can
    be completed too: it began at `started_at`, or as planned, or just now where that is still to come.
    """
    return await actions.complete(tx, visit_id, report)


@router.post("/visits/{visit_id}/cancel", response_model=VisitRead, responses=problems(VisitClosed))
async def cancel_visit(access: VisitWrites, visit_id: UUID, why: VisitCancel) -> Answer:
    """Say that a visit does not take place, and why."""
    return await actions.cancel(access, visit_id, why)
