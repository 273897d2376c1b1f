"""Boards, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.boards import actions, queries
from crm.boards.schemas import BoardFilter, BoardShown, CardMove
from crm.nouns import Answer
from crm.opportunities.errors import (
    GatesUnmet,
    MovedMeanwhile,
    NoSuchStage,
    OpportunityArchived,
    OpportunityClosed,
    OpportunityNotOpen,
)
from crm.opportunities.schemas import OpportunityRead
from services.api.problems import problems
from services.api.routes.opportunities import OpportunityChanges, OpportunityReads
from services.api.routing import router as new_router

router = new_router(tags=["opportunities"])


@router.get("/pipelines/{pipeline_id}/board", response_model=BoardShown)
async def get_board(access: OpportunityReads, pipeline_id: UUID, wanted: Annotated[BoardFilter, Query()]) -> bytes:
    """A pipeline as a board: a column for each stage with all its open sales counted and summed up, and the first ones
    as cards. Over the sales you may see.
    """
    return await queries.board(access, pipeline_id, wanted)


@router.post(
    "/opportunities/{opportunity_id}/move",
    response_model=OpportunityRead,
    responses=problems(
        GatesUnmet, MovedMeanwhile, NoSuchStage, OpportunityArchived, OpportunityClosed, OpportunityNotOpen
    ),
)
async def move_card(tx: OpportunityChanges, opportunity_id: UUID, wanted: CardMove) -> Answer:
    """Move a card into a column of the board, above or below another card.

    Into a later column it passes the gates of the stages on its way, into an earlier one it needs a reason, and within
    its own only its place changes, which is told to nobody.
    """
    return await actions.move(tx, opportunity_id, wanted)
