"""How far one has come with a customer, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.errors import CustomerArchived
from crm.customers.schemas import CustomerRead
from crm.nouns import Answer
from crm.paging import Page
from crm.relationships import history, moving, staging
from crm.relationships.errors import LifecycleMoveNotAllowed, ManagerNeeded, RequirementsMissing, StageMoveNotAllowed
from crm.relationships.schemas import (
    ConvertCustomer,
    HistoryFilter,
    LifecycleChange,
    LoseCustomer,
    MoveStage,
    StageChange,
    WinBackCustomer,
)
from services.api.deps import CustomerReads, CustomerWrites
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["customers"])

REFUSED = (CustomerArchived, LifecycleMoveNotAllowed, RequirementsMissing)


@router.post("/customers/{customer_id}/qualify", response_model=CustomerRead, responses=problems(*REFUSED))
async def qualify_customer(access: CustomerWrites, customer_id: UUID) -> Answer:
    """Say that a prospect is interested.

    Needs an owner and at least one contact with a phone or an e-mail address; a refusal names everything `missing`.
    """
    return await moving.qualify(access, customer_id)


@router.post("/customers/{customer_id}/convert", response_model=CustomerRead, responses=problems(*REFUSED))
async def convert_customer(access: CustomerWrites, customer_id: UUID, why: ConvertCustomer) -> Answer:
    """Say that someone interested is a customer now, and why."""
    return await moving.convert(access, customer_id, why)


@router.post("/customers/{customer_id}/lose", response_model=CustomerRead, responses=problems(ManagerNeeded, *REFUSED))
async def lose_customer(access: CustomerWrites, customer_id: UUID, why: LoseCustomer) -> Answer:
    """Say that a customer was lost, by which of five causes, and how one knows.

    Whether they left by their own will (`loss.kind`) follows from the cause. Sending someone away on purpose
    (`pushed_intended`) is for managers.
    """
    return await moving.lose(access, customer_id, why)


@router.post("/customers/{customer_id}/win-back", response_model=CustomerRead, responses=problems(*REFUSED))
async def win_back_customer(access: CustomerWrites, customer_id: UUID, why: WinBackCustomer) -> Answer:
    """Say that a lost customer is interested again."""
    return await moving.win_back(access, customer_id, why)


@router.get("/customers/{customer_id}/lifecycle-history", response_model=Page[LifecycleChange])
async def list_lifecycle_changes(
    access: CustomerReads, customer_id: UUID, wanted: Annotated[HistoryFilter, Query()]
) -> bytes:
    """How a customer came to be a prospect, a customer, lost or won back: who said so, when and why."""
    return await history.lifecycle(access, customer_id, wanted)


@router.post(
    "/customers/{customer_id}/stage",
    response_model=CustomerRead,
    responses=problems(CustomerArchived, StageMoveNotAllowed, RequirementsMissing),
)
async def move_relationship_stage(access: CustomerWrites, customer_id: UUID, wanted: MoveStage) -> Answer:
    """Say how close the relationship is by now: awareness, exploration, expansion, commitment, or dissolution.

    It comes closer one step at a time, each with what shows it; it goes back, and ends, with a reason; what has ended
    may begin anew with awareness. A refusal names everything `missing`.
    """
    return await staging.move(access, customer_id, wanted)


@router.get("/customers/{customer_id}/stage-history", response_model=Page[StageChange])
async def list_stage_changes(
    access: CustomerReads, customer_id: UUID, wanted: Annotated[HistoryFilter, Query()]
) -> bytes:
    """How the relationship came to be as close as it is: each step, its reason and what showed it."""
    return await history.stage(access, customer_id, wanted)
