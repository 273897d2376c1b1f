"""Absences, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.absences import actions, queries
from crm.absences.errors import AbsenceOfAnother, AbsenceOverlaps
from crm.absences.schemas import AbsenceCreate, AbsenceFilter, AbsenceRead
from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

AbsenceReads = Annotated[Access, reads("absences")]
AbsenceWrites = Annotated[Access, writes("absences")]

router = new_router(tags=["absences"])


@router.get("/absences", response_model=Page[AbsenceRead])
async def list_absences(access: AbsenceReads, wanted: Annotated[AbsenceFilter, Query()]) -> bytes:
    """When you are away, and those whose records you see."""
    return await queries.page(access, wanted)


@router.post(
    "/absences", status_code=201, response_model=AbsenceRead, responses=problems(AbsenceOverlaps, AlreadyExists)
)
async def plan_absence(access: AbsenceWrites, new: AbsenceCreate) -> Answer:
    """Say when you are away, or somebody whom you lead: leave, a course, an illness. The reason is not asked.

    These days are no working days of theirs: visit plans leave room for fewer visits, call rates count fewer field
    days, no digest comes, the next contact is due before, and what is due after so many working days is due later.
    """
    return await actions.plan(access, new)


@router.get("/absences/{absence_id}", response_model=AbsenceRead)
async def get_absence(access: AbsenceReads, absence_id: UUID) -> Answer:
    """One absence."""
    return await queries.get(access, absence_id)


@router.post("/absences/{absence_id}/cancel", response_model=AbsenceRead, responses=problems(AbsenceOfAnother))
async def cancel_absence(access: AbsenceWrites, absence_id: UUID) -> Answer:
    """They are there after all. Cancelling twice is cancelling once."""
    return await actions.cancel(access, absence_id)
