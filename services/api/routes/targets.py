"""Targets, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.targets import actions, queries
from crm.targets.errors import TargetArchived, TargetOfTheWorkspace, TargetTaken
from crm.targets.schemas import TargetCreate, TargetFilter, TargetRead, TargetUpdate
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

TargetReads = Annotated[Access, reads("targets")]
TargetWrites = Annotated[Access, writes("targets")]

router = new_router(tags=["targets"])


@router.get("/targets", response_model=Page[TargetRead])
async def list_targets(access: TargetReads, wanted: Annotated[TargetFilter, Query()]) -> bytes:
    """What you, your teams and their people, and all together are to sell."""
    return await queries.page(access, wanted)


@router.post("/targets", status_code=201, response_model=TargetRead, responses=problems(TargetTaken, AlreadyExists))
async def create_target(access: TargetWrites, new: TargetCreate) -> Answer:
    """Set what a person, a team or all together are to sell in a month, a quarter or a year."""
    return await actions.create(access, new)


@router.get("/targets/{target_id}", response_model=TargetRead)
async def get_target(access: TargetReads, target_id: UUID) -> Answer:
    """One target."""
    return await queries.get(access, target_id)


@router.patch(
    "/targets/{target_id}", response_model=TargetRead, responses=problems(TargetArchived, TargetOfTheWorkspace)
)
async def update_target(access: TargetWrites, target_id: UUID, change: TargetUpdate) -> Answer:
    """Change how much is to be sold."""
    return await actions.update(access, target_id, change)


@router.post("/targets/{target_id}/archive", response_model=TargetRead, responses=problems(TargetOfTheWorkspace))
async def archive_target(access: TargetWrites, target_id: UUID) -> Answer:
    """Put a target aside. Archiving twice is archiving once."""
    return await actions.archive(access, target_id)


@router.post(
    "/targets/{target_id}/restore", response_model=TargetRead, responses=problems(TargetOfTheWorkspace, TargetTaken)
)
async def restore_target(access: TargetWrites, target_id: UUID) -> Answer:
    """Bring an archived target back."""
    return await actions.restore(access, target_id)
