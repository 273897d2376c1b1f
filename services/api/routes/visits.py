"""Visits, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from crm.customers.errors import CustomerArchived
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.visits import actions, completing, locating, past, queries
from crm.visits.consents import LocationsRead
from crm.visits.errors import (
    AnotherVisitInProgress,
    NotOnThisDay,
    NotTheSupervisor,
    OwnerDoubleBooked,
    TooLateToReport,
    VisitClosed,
    VisitNotCompleted,
    VisitNotJoint,
    VisitNotPlanned,
)
from crm.visits.past import VisitMoveFilter, VisitMoveRead
from crm.visits.reports import Checked, VisitLog, VisitReport, VisitReview, VisitStart
from crm.visits.schemas import VisitCancel, VisitFilter, VisitPlan, VisitRead, VisitReschedule, VisitUpdate
from services.api.answers import JSON
from services.api.deps import Seals, changes, discloses, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

VisitReads = Annotated[Access, reads("visits")]
VisitWrites = Annotated[Access, writes("visits")]
VisitChanges = Annotated[Transaction, changes("visits")]
LocationReads = Annotated[Access, discloses("visits", "sensitive")]

router = new_router(tags=["visits"])

NEW = (CustomerArchived, AlreadyExists)


@router.get("/visits", response_model=Page[VisitRead])
async def list_visits(access: VisitReads, wanted: Annotated[VisitFilter, Query()]) -> bytes:
    """The visits you may see: your own, those you go along to, your teams', or all. Newest first, or by when they are
    planned.
    """
    return await queries.page(access, wanted)


@router.post("/visits", status_code=201, response_model=VisitRead, responses=problems(*NEW, OwnerDoubleBooked))
async def plan_visit(access: VisitWrites, new: VisitPlan) -> Answer:
    """Plan a visit to a customer. It is yours unless you name another owner.

    An owner has one visit at a time: 409 names the other one, where you may see it. With `allow_overlap` it is planned
    beside the other; then only one of the two can be confirmed.
    """
    return await actions.plan(access, new)


@router.post(
    "/visits/start", status_code=201, response_model=VisitRead, responses=problems(*NEW, AnotherVisitInProgress)
)
async def start_unplanned_visit(access: VisitWrites, sealer: Seals, new: VisitStart) -> Answer:
    """Begin a visit that nobody planned, now. It counts as `unplanned`."""
    return await actions.start_unplanned(access, sealer, new)


@router.post(
    "/visits/log",
    status_code=201,
    response_model=VisitRead,
    responses=problems(*NEW, TooLateToReport, OwnerDoubleBooked),
)
async def log_visit(tx: VisitChanges, sealer: Seals, new: VisitLog) -> Answer:
    """Write down a visit that nobody planned and that is over, with its result. It counts as `unplanned`.

    It may have ended `visits.report_days` ago at most. What comes next is made in the same call: a task, the next
    visit, or both.
    """
    return await completing.log(tx, sealer, new)


@router.get("/visits/{visit_id}", response_model=VisitRead)
async def get_visit(access: VisitReads, visit_id: UUID) -> Answer:
    """One visit, with whom it is to meet and, once completed, what came of it. `moves` says what can be done next."""
    return await queries.get(access, visit_id)


@router.get("/visits/{visit_id}/moves", response_model=Page[VisitMoveRead])
async def list_visit_moves(access: VisitReads, visit_id: UUID, wanted: Annotated[VisitMoveFilter, Query()]) -> bytes:
    """How a visit came to be where it is: every change of its state or its time, the newest first."""
    return await past.page(access, visit_id, wanted)


@router.get("/visits/{visit_id}/locations", response_model=LocationsRead)
async def get_visit_locations(access: LocationReads, sealer: Seals, visit_id: UUID) -> Response:
    """Where the visit was started and completed. Only for those who were given the right to read what is sensitive, and
    each read is written down as `visit.location_read` before it is answered.
    """
    found = await locating.read(access, sealer, visit_id)
    return Response(found.body, headers={"Cache-Control": "no-store"}, media_type=JSON)


@router.patch("/visits/{visit_id}", response_model=VisitRead, responses=problems(VisitNotPlanned))
async def update_visit(access: VisitWrites, visit_id: UUID, change: VisitUpdate) -> Answer:
    """Change purpose, subject or people of a visit that is still planned or confirmed."""
    return await actions.update(access, visit_id, change)


@router.post(
    "/visits/{visit_id}/reschedule",
    response_model=VisitRead,
    responses=problems(VisitNotPlanned, OwnerDoubleBooked),
)
async def reschedule_visit(access: VisitWrites, visit_id: UUID, wanted: VisitReschedule) -> Answer:
    """Move a visit to another time. It stays the same visit, counts how often it was moved, and is to be confirmed
    anew.
    """
    return await actions.reschedule(access, visit_id, wanted)


@router.post(
    "/visits/{visit_id}/confirm", response_model=VisitRead, responses=problems(VisitNotPlanned, OwnerDoubleBooked)
)
async def confirm_visit(access: VisitWrites, visit_id: UUID) -> Answer:
    """The customer expects the visit. A confirmed visit has its owner's time to itself."""
    return await actions.confirm(access, visit_id)


@router.post(
    "/visits/{visit_id}/start",
    response_model=VisitRead,
    responses=problems(VisitNotPlanned, NotOnThisDay, AnotherVisitInProgress),
)
async def start_visit(access: VisitWrites, sealer: Seals, visit_id: UUID, arrival: Checked | None = None) -> Answer:
    """Begin a visit now, on the day it is planned for; managers may on any day. One visit at a time.

    With a location, the answer says how far from the customer it is (`check_in`). The position itself is kept only if
    you agreed to it (`PUT /v1/me/location-consent`).
    """
    return await actions.start(access, sealer, visit_id, arrival or Checked())


@router.post(
    "/visits/{visit_id}/complete",
    response_model=VisitRead,
    responses=problems(VisitClosed, VisitNotPlanned, NotOnThisDay, TooLateToReport, OwnerDoubleBooked),
)
async def complete_visit(tx: VisitChanges, sealer: Seals, visit_id: UUID, report: VisitReport) -> Answer:
    """Close a visit with its result, whom you met and what comes next.

    The next step becomes a task with a reminder, and `next_visit` is planned, or nothing happens at all; completing
    warms the relationship. A visit that was never started can be completed too: it began at `started_at`, or as
    planned, or just now where that is still to come. A missed visit can be completed for `visits.report_days`.
    """
    return await completing.complete(tx, sealer, visit_id, report)


@router.post(
    "/visits/{visit_id}/review",
    response_model=VisitRead,
    responses=problems(VisitNotCompleted, VisitNotJoint, NotTheSupervisor),
)
async def review_visit(access: VisitWrites, visit_id: UUID, said: VisitReview) -> Answer:
    """Say what there is to say of a joint visit, as its supervisor, or as an administrator."""
    return await actions.review(access, visit_id, said)


@router.post("/visits/{visit_id}/cancel", response_model=VisitRead, responses=problems(VisitClosed))
async def cancel_visit(access: VisitWrites, visit_id: UUID, why: VisitCancel) -> Answer:
    """Say that a visit does not take place, why, and who called it off."""
    return await actions.cancel(access, visit_id, why)
