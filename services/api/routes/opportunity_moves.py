"""How opportunities move, over HTTP."""

from uuid import UUID

from crm.nouns import Answer
from crm.opportunities import history, moves
from crm.opportunities.errors import (
    AmountComesFromItems,
    GatesUnmet,
    LostTooLongAgo,
    MovedMeanwhile,
    NoSuchStage,
    OpportunityArchived,
    OpportunityClosed,
    OpportunityNotLost,
    OpportunityNotOnHold,
    OpportunityNotOpen,
    ReopeningIsForSupervisors,
)
from crm.opportunities.move_schemas import (
    HistoryRead,
    OpportunityAdvance,
    OpportunityHold,
    OpportunityLose,
    OpportunityReopen,
    OpportunityStepBack,
    OpportunityWin,
)
from crm.opportunities.schemas import OpportunityRead
from services.api.problems import problems
from services.api.routes.opportunities import OpportunityReads, OpportunityWrites
from services.api.routing import router as new_router

router = new_router(tags=["opportunities"])

OPEN_ONLY = (MovedMeanwhile, OpportunityArchived, OpportunityClosed, OpportunityNotOpen)


@router.post(
    "/opportunities/{opportunity_id}/advance",
    response_model=OpportunityRead,
    responses=problems(*OPEN_ONLY, GatesUnmet, NoSuchStage),
)
async def advance_opportunity(
    access: OpportunityWrites, opportunity_id: UUID, wanted: OpportunityAdvance | None = None
) -> Answer:
    """Go one stage further, or to a later stage. Everything that the stages on the way ask for must be known;
    `missing` of the problem names all that is not, at once.
    """
    return await moves.advance(access, opportunity_id, wanted or OpportunityAdvance())


@router.post(
    "/opportunities/{opportunity_id}/step-back",
    response_model=OpportunityRead,
    responses=problems(*OPEN_ONLY, NoSuchStage),
)
async def step_opportunity_back(access: OpportunityWrites, opportunity_id: UUID, wanted: OpportunityStepBack) -> Answer:
    """Go one stage back, or to an earlier stage, and say why."""
    return await moves.step_back(access, opportunity_id, wanted)


@router.post(
    "/opportunities/{opportunity_id}/win",
    response_model=OpportunityRead,
    responses=problems(*OPEN_ONLY, AmountComesFromItems, GatesUnmet),
)
async def win_opportunity(
    access: OpportunityWrites, opportunity_id: UUID, wanted: OpportunityWin | None = None
) -> Answer:
    """Close a sale as won. What all the stages that are left ask for must be known, and an amount. It is final."""
    return await moves.win(access, opportunity_id, wanted or OpportunityWin())


@router.post(
    "/opportunities/{opportunity_id}/lose",
    response_model=OpportunityRead,
    responses=problems(MovedMeanwhile, OpportunityArchived, OpportunityClosed),
)
async def lose_opportunity(access: OpportunityWrites, opportunity_id: UUID, wanted: OpportunityLose) -> Answer:
    """Close a sale as lost, with the reason and to whom."""
    return await moves.lose(access, opportunity_id, wanted)


@router.post("/opportunities/{opportunity_id}/hold", response_model=OpportunityRead, responses=problems(*OPEN_ONLY))
async def hold_opportunity(access: OpportunityWrites, opportunity_id: UUID, wanted: OpportunityHold) -> Answer:
    """Let a sale rest until a day; on that day it goes on by itself, in the stage it was in."""
    return await moves.hold(access, opportunity_id, wanted)


@router.post(
    "/opportunities/{opportunity_id}/resume",
    response_model=OpportunityRead,
    responses=problems(MovedMeanwhile, OpportunityArchived, OpportunityNotOnHold),
)
async def resume_opportunity(access: OpportunityWrites, opportunity_id: UUID) -> Answer:
    """Go on with a sale that rests, before its day."""
    return await moves.resume(access, opportunity_id)


@router.post(
    "/opportunities/{opportunity_id}/reopen",
    response_model=OpportunityRead,
    responses=problems(
        LostTooLongAgo, MovedMeanwhile, OpportunityArchived, OpportunityNotLost, ReopeningIsForSupervisors
    ),
)
async def reopen_opportunity(access: OpportunityWrites, opportunity_id: UUID, wanted: OpportunityReopen) -> Answer:
    """Open again what was lost not longer ago than the workspace's `reopen_days`; for supervisors.

    It goes on where its customer had been reached, or where it was lost if that was earlier.
    """
    return await moves.reopen(access, opportunity_id, wanted)


@router.get("/opportunities/{opportunity_id}/stage-history", response_model=HistoryRead)
async def get_stage_history(access: OpportunityReads, opportunity_id: UUID) -> bytes:
    """Where a sale has been: each move with when, by whom, why, and how long it had been in the stage before."""
    return await history.of(access, opportunity_id)
