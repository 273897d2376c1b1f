"""Opportunities, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.errors import CustomerArchived, CustomerMerged
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.opportunities import actions, queries
from crm.opportunities.errors import (
    AmountComesFromItems,
    GatesUnmet,
    OpportunityArchived,
    OpportunityClosed,
    ReferenceTaken,
    SaleStaysWithItsCustomer,
    SaleStaysWithItsOwner,
)
from crm.opportunities.schemas import OpportunityCreate, OpportunityFilter, OpportunityRead, OpportunityUpdate
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

OpportunityReads = Annotated[Access, reads("opportunities")]
OpportunityWrites = Annotated[Access, writes("opportunities")]
OpportunityChanges = Annotated[Transaction, changes("opportunities")]

router = new_router(tags=["opportunities"])


@router.get("/opportunities", response_model=Page[OpportunityRead])
async def list_opportunities(access: OpportunityReads, wanted: Annotated[OpportunityFilter, Query()]) -> bytes:
    """The sales you may see: your own, your teams', those you help with, or all. Newest first, or by expected close."""
    return await queries.page(access, wanted)


@router.post(
    "/opportunities",
    status_code=201,
    response_model=OpportunityRead,
    responses=problems(CustomerArchived, CustomerMerged, GatesUnmet, ReferenceTaken, AlreadyExists),
)
async def create_opportunity(access: OpportunityWrites, new: OpportunityCreate) -> Answer:
    """Add a sale in the making. It is yours unless you name another owner, and begins in the first stage.

    Where you name a later stage, what that one and those before it ask for must be known.
    """
    return await actions.create(access, new)


@router.get("/opportunities/{opportunity_id}", response_model=OpportunityRead)
async def get_opportunity(access: OpportunityReads, opportunity_id: UUID) -> Answer:
    """One opportunity: where it stands, what it is worth, and what to do next."""
    return await queries.get(access, opportunity_id)


@router.patch(
    "/opportunities/{opportunity_id}",
    response_model=OpportunityRead,
    responses=problems(
        AmountComesFromItems,
        CustomerArchived,
        CustomerMerged,
        SaleStaysWithItsCustomer,
        SaleStaysWithItsOwner,
        OpportunityArchived,
        OpportunityClosed,
        ReferenceTaken,
    ),
)
async def update_opportunity(tx: OpportunityChanges, opportunity_id: UUID, change: OpportunityUpdate) -> Answer:
    """Change what is known of an opportunity that is not closed.

    A new amount, another expected close, other answers about money, authority and need, another owner: each is a fact
    of its own, so one change may raise the version more than once.
    """
    return await actions.update(tx, opportunity_id, change)


@router.post("/opportunities/{opportunity_id}/archive", response_model=OpportunityRead)
async def archive_opportunity(access: OpportunityWrites, opportunity_id: UUID) -> Answer:
    """Put an opportunity aside. Archiving twice is archiving once."""
    return await actions.archive(access, opportunity_id)


@router.post("/opportunities/{opportunity_id}/restore", response_model=OpportunityRead)
async def restore_opportunity(access: OpportunityWrites, opportunity_id: UUID) -> Answer:
    """Bring an archived opportunity back."""
    return await actions.restore(access, opportunity_id)
