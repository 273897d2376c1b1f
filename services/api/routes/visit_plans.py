"""Monthly visit plans and how far visits went by them, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.care import coverage, plan_queries, planning
from crm.care.coverage_schemas import CoverageQuery, CoverageRead
from crm.care.errors import ApprovalNeedsManager, OwnPlan, PlanApproved, PlanExists
from crm.care.plan_schemas import PlanAdjust, PlanCreate, PlanFilter, PlanLineFilter, PlanLineRead, PlanRead
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

PlanReads = Annotated[Access, reads("visits")]
PlanWrites = Annotated[Access, writes("visits")]
PlanChanges = Annotated[Transaction, changes("visits")]

router = new_router(tags=["visit_plans"])


@router.get("/visit-plans", response_model=Page[PlanRead])
async def list_visit_plans(access: PlanReads, wanted: Annotated[PlanFilter, Query()]) -> bytes:
    """The monthly plans you may see, the latest month first."""
    return await plan_queries.page(access, wanted)


@router.post("/visit-plans", status_code=201, response_model=PlanRead, responses=problems(PlanExists))
async def propose_visit_plan(tx: PlanChanges, new: PlanCreate) -> Answer:
    """Propose a person's plan of a month: what the rhythm of each customer asks for, as far as there is room.

    Key customers come first, then who is due earlier.
    """
    return await planning.propose(tx, new)


@router.get("/visit-plans/{plan_id}", response_model=PlanRead)
async def get_visit_plan(access: PlanReads, plan_id: UUID) -> Answer:
    """One plan: its state, its sums, and how many visits the month has room for."""
    return await plan_queries.get(access, plan_id)


@router.get("/visit-plans/{plan_id}/lines", response_model=Page[PlanLineRead])
async def list_visit_plan_lines(access: PlanReads, plan_id: UUID, wanted: Annotated[PlanLineFilter, Query()]) -> bytes:
    """How often each customer is to be visited, the most often first."""
    return await plan_queries.page_of_lines(access, plan_id, wanted)


@router.post("/visit-plans/{plan_id}/regenerate", response_model=PlanRead, responses=problems(PlanApproved))
async def regenerate_visit_plan(tx: PlanChanges, plan_id: UUID) -> Answer:
    """Propose a plan anew from what is known now. What somebody set by hand stays."""
    return await planning.propose_anew(tx, plan_id)


@router.post("/visit-plans/{plan_id}/adjust", response_model=PlanRead)
async def adjust_visit_plan(tx: PlanChanges, plan_id: UUID, wanted: PlanAdjust) -> Answer:
    """Set by hand how often customers are to be visited. An approved plan is to be approved again afterwards."""
    return await planning.adjust(tx, plan_id, wanted)


@router.post(
    "/visit-plans/{plan_id}/approve", response_model=PlanRead, responses=problems(ApprovalNeedsManager, OwnPlan)
)
async def approve_visit_plan(access: PlanWrites, plan_id: UUID) -> Answer:
    """Approve a plan as it is. Managers do; nobody approves their own, unless `visit_plans.own_approval` allows it."""
    return await planning.approve(access, plan_id)


@router.get("/coverage", response_model=CoverageRead)
async def get_coverage(access: PlanReads, wanted: Annotated[CoverageQuery, Query()]) -> bytes:
    """How far completed visits went by the plans of a period: coverage, frequency, attainment, adherence, call rate and
    unplanned share, by user, team or region.

    Every figure says what it was made of; it is null where there was nothing to divide by.
    """
    return await coverage.read(access, wanted)
