"""Who helps with a sale, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.opportunities import collaborators
from crm.opportunities.collaborators import CollaboratorPut, CollaboratorsRead
from crm.opportunities.schemas import OpportunityRead
from services.api.deps import changes, reads
from services.api.routing import router as new_router

OpportunityReads = Annotated[Access, reads("opportunities")]
OpportunityChanges = Annotated[Transaction, changes("opportunities")]

router = new_router(tags=["opportunities"])


@router.get("/opportunities/{opportunity_id}/collaborators", response_model=CollaboratorsRead)
async def list_collaborators(access: OpportunityReads, opportunity_id: UUID) -> bytes:
    """Who helps with a sale, and as what."""
    return await collaborators.of(access, opportunity_id)


@router.put("/opportunities/{opportunity_id}/collaborators/{user_id}", response_model=OpportunityRead)
async def put_collaborator(
    tx: OpportunityChanges, opportunity_id: UUID, user_id: UUID, wanted: CollaboratorPut
) -> Answer:
    """Let a colleague help: they see and change this sale, whatever their team. It stays its owner's."""
    return await collaborators.put(tx, opportunity_id, user_id, wanted)


@router.delete("/opportunities/{opportunity_id}/collaborators/{user_id}", response_model=OpportunityRead)
async def remove_collaborator(tx: OpportunityChanges, opportunity_id: UUID, user_id: UUID) -> Answer:
    """Let a colleague help no more."""
    return await collaborators.remove(tx, opportunity_id, user_id)
