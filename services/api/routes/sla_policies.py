"""What is promised to whoever complains, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.calendars.errors import CalendarArchived
from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.sla import actions, queries
from crm.sla.errors import PolicyArchived, PolicyTaken
from crm.sla.preview import preview
from crm.sla.schemas import (
    PreviewQuery,
    PreviewRead,
    SlaPolicyCreate,
    SlaPolicyFilter,
    SlaPolicyRead,
    SlaPolicyUpdate,
    SlaRecountFilter,
    SlaRecountRead,
)
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

PolicyReads = Annotated[Access, reads("workspace")]
PolicyWrites = Annotated[Access, writes("workspace")]

router = new_router(tags=["sla_policies"])


@router.get("/sla-policies", response_model=Page[SlaPolicyRead])
async def list_sla_policies(access: PolicyReads, wanted: Annotated[SlaPolicyFilter, Query()]) -> bytes:
    """How soon you promise to acknowledge, answer, report on and resolve complaints, by how severe they are."""
    return await queries.page(access, wanted)


@router.post(
    "/sla-policies", status_code=201, response_model=SlaPolicyRead, responses=problems(PolicyTaken, AlreadyExists)
)
async def create_sla_policy(access: PolicyWrites, new: SlaPolicyCreate) -> Answer:
    """Promise something for one severity, or, more particularly, for a class of customers or a category of it.

    The most particular policy that fits a complaint holds for it, one for a class of customers before one for a
    category. Open clocks that it holds for are worked out anew in the background; a clock that ran out stays so.
    """
    return await actions.create(access, new)


@router.get("/sla-policies/{policy_id}", response_model=SlaPolicyRead)
async def get_sla_policy(access: PolicyReads, policy_id: UUID) -> Answer:
    """One policy."""
    return await queries.get(access, policy_id)


@router.patch("/sla-policies/{policy_id}", response_model=SlaPolicyRead, responses=problems(PolicyArchived))
async def update_sla_policy(access: PolicyWrites, policy_id: UUID, change: SlaPolicyUpdate) -> Answer:
    """Promise something else for the same cases. Open clocks are worked out anew in the background, as
    `GET /v1/sla-recounts` shows; clocks that ended, and those that ran out, stay as they are.
    """
    return await actions.update(access, policy_id, change)


@router.post("/sla-policies/{policy_id}/archive", response_model=SlaPolicyRead)
async def archive_sla_policy(access: PolicyWrites, policy_id: UUID) -> Answer:
    """Promise it no more: a less particular policy takes its place, where there is one. Archiving twice is once."""
    return await actions.archive(access, policy_id)


@router.post(
    "/sla-policies/{policy_id}/restore",
    response_model=SlaPolicyRead,
    responses=problems(PolicyTaken, CalendarArchived),
)
async def restore_sla_policy(access: PolicyWrites, policy_id: UUID) -> Answer:
    """Promise it again; its calendar must be in use, too."""
    return await actions.restore(access, policy_id)


@router.get("/sla-policies/{policy_id}/preview", response_model=PreviewRead)
async def preview_sla_policy(access: PolicyReads, policy_id: UUID, wanted: Annotated[PreviewQuery, Query()]) -> bytes:
    """When each clock of this policy would be due for a complaint that came in at some moment, and if you like, with
    a time in which it is the customer's turn. By the policy's calendar, else the workspace's.
    """
    return await preview(access, policy_id, wanted)


@router.get("/sla-recounts", response_model=Page[SlaRecountRead])
async def list_sla_recounts(access: PolicyReads, wanted: Annotated[SlaRecountFilter, Query()]) -> bytes:
    """Where open clocks were, or are being, worked out anew, because a policy, a calendar or the class of a
    customer has changed.
    """
    return await queries.recounts(access, wanted)
