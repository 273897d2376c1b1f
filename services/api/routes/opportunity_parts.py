"""The parts of opportunities, over HTTP: what is sold, who decides, what was asked."""

from uuid import UUID

from crm.nouns import Answer
from crm.opportunities import items, judging, stakeholders
from crm.opportunities.errors import OpportunityArchived, OpportunityClosed
from crm.opportunities.part_schemas import ChecksPut, ItemsPut, OpportunityStakeholders, StakePut
from crm.opportunities.schemas import OpportunityRead
from crm.opportunities.vocabulary import Role
from services.api.problems import problems
from services.api.routes.opportunities import OpportunityChanges, OpportunityReads, OpportunityWrites
from services.api.routing import router as new_router

router = new_router(tags=["opportunities"])

WORKABLE = problems(OpportunityArchived, OpportunityClosed)


@router.put("/opportunities/{opportunity_id}/items", response_model=OpportunityRead, responses=WORKABLE)
async def put_opportunity_items(tx: OpportunityChanges, opportunity_id: UUID, wanted: ItemsPut) -> Answer:
    """Say what is to be sold. The sum of the items is the amount from now on; an empty list sets the amount free."""
    return await items.put(tx, opportunity_id, wanted)


@router.get("/opportunities/{opportunity_id}/stakeholders", response_model=OpportunityStakeholders)
async def list_opportunity_stakeholders(access: OpportunityReads, opportunity_id: UUID) -> bytes:
    """Who plays which role in a sale, and which roles are missing for its stage and those to come."""
    return await stakeholders.of(access, opportunity_id)


@router.put(
    "/opportunities/{opportunity_id}/stakeholders/{contact_id}/{role}",
    response_model=OpportunityRead,
    responses=WORKABLE,
)
async def put_opportunity_stakeholder(
    tx: OpportunityChanges, opportunity_id: UUID, contact_id: UUID, role: Role, wanted: StakePut
) -> Answer:
    """Say that a contact of the customer plays this role, how much they count, and where they stand."""
    return await stakeholders.put(tx, opportunity_id, contact_id, role, wanted)


@router.delete(
    "/opportunities/{opportunity_id}/stakeholders/{contact_id}/{role}",
    response_model=OpportunityRead,
    responses=WORKABLE,
)
async def remove_opportunity_stakeholder(
    tx: OpportunityChanges, opportunity_id: UUID, contact_id: UUID, role: Role
) -> Answer:
    """Say that a contact does not play this role, or no longer."""
    return await stakeholders.remove(tx, opportunity_id, contact_id, role)


@router.post("/opportunities/{opportunity_id}/review", response_model=OpportunityRead, responses=WORKABLE)
async def review_opportunity(access: OpportunityWrites, opportunity_id: UUID) -> Answer:
    """Say that you have looked at the card today. When to look again, on a working day, follows from its grade."""
    return await judging.review(access, opportunity_id)


@router.put("/opportunities/{opportunity_id}/checks/{checklist}", response_model=OpportunityRead, responses=WORKABLE)
async def put_opportunity_checks(
    tx: OpportunityChanges, opportunity_id: UUID, checklist: str, wanted: ChecksPut
) -> Answer:
    """Answer the questions of a checklist of its pipeline, such as BANT or MEDDIC: 0 not known, 1 partly, 2 clear."""
    return await judging.put_checks(tx, opportunity_id, checklist, wanted)
