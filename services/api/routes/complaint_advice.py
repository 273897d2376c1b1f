"""Advice for those who speak with somebody who complains, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.advice import actions, at_hand, queries
from crm.advice.schemas import AdviceAtHand, AdvicePut, AdviceRead, AdviceShown
from crm.complaints.vocabulary import Step
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.recording import AlreadyExists
from services.api.deps import changes, reads
from services.api.problems import problems
from services.api.routing import router as new_router

AdviceReads = Annotated[Access, reads("complaints")]
AdviceChanges = Annotated[Transaction, changes("workspace")]

router = new_router(tags=["complaint_advice"])


@router.get("/complaint-advice", response_model=AdviceShown)
async def list_complaint_advice(access: AdviceReads) -> bytes:
    """What to do, and what not to say, at each step of a complaint: in English and Chinese, yours or as shipped."""
    return await queries.every(access)


@router.get("/complaint-advice/{step}", response_model=AdviceRead)
async def get_complaint_advice(access: AdviceReads, step: Step) -> bytes:
    """The advice for one step."""
    return await queries.one(access, step)


@router.put("/complaint-advice/{step}", response_model=AdviceRead, responses=problems(AlreadyExists))
async def put_complaint_advice(tx: AdviceChanges, step: Step, wanted: AdvicePut) -> Answer:
    """Say something of your own at a step; everyone in the workspace reads it from now on."""
    return await actions.put(tx, step, wanted)


@router.delete("/complaint-advice/{step}", response_model=AdviceRead)
async def reset_complaint_advice(tx: AdviceChanges, step: Step) -> Answer | bytes:
    """Go back to the advice that was shipped."""
    return await actions.reset(tx, step)


@router.get("/complaints/{complaint_id}/advice", response_model=AdviceAtHand)
async def get_advice_at_hand(access: AdviceReads, complaint_id: UUID) -> bytes:
    """The advice for what can be done with this complaint now, the usual next step first."""
    return await at_hand.at_hand(access, complaint_id)
