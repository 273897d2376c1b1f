"""What is wrong with sales, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.hygiene import queries
from crm.hygiene.schemas import FlaggedFilter, FlaggedRead
from crm.nouns import Answer
from crm.paging import Page
from services.api.routes.opportunities import OpportunityReads
from services.api.routing import router as new_router

router = new_router(tags=["opportunities"])


@router.get("/hygiene", response_model=Page[FlaggedRead])
async def list_flagged_opportunities(access: OpportunityReads, wanted: Annotated[FlaggedFilter, Query()]) -> bytes:
    """Open sales with which something is wrong, each with the reasons and the remedies, in English and Chinese."""
    return await queries.page(access, wanted)


@router.get("/opportunities/{opportunity_id}/hygiene", response_model=FlaggedRead)
async def get_hygiene(access: OpportunityReads, opportunity_id: UUID) -> Answer:
    """What is wrong with a sale, why, and what to do about it; nothing with one that is not open."""
    return await queries.get(access, opportunity_id)
