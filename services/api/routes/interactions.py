"""Interactions, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from crm.care import pressure
from crm.customers.errors import CustomerArchived
from crm.database import Access
from crm.interactions import actions, queries
from crm.interactions.schemas import InteractionCreate, InteractionFilter, InteractionRead, InteractionUpdate
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.answers import respond
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

InteractionReads = Annotated[Access, reads("interactions")]
InteractionWrites = Annotated[Access, writes("interactions")]

router = new_router(tags=["interactions"])


@router.get("/interactions", response_model=Page[InteractionRead])
async def list_interactions(access: InteractionReads, wanted: Annotated[InteractionFilter, Query()]) -> bytes:
    """Calls, messages, meetings and visits with the customers you may see, latest first."""
    return await queries.page(access, wanted)


@router.post(
    "/interactions",
    status_code=201,
    response_model=InteractionRead,
    responses=problems(CustomerArchived, AlreadyExists),
)
async def log_interaction(access: InteractionWrites, new: InteractionCreate) -> Response:
    """Write down a call, a message or a meeting. It warms the relationship only where two people took part.

    Where you have touched these people often enough of late, the header `Rapport-Warning` says so
    (`contact_pressure; last_7_days=4; last_30_days=5`); it is written down all the same.
    """
    response = respond(await actions.log(access, new), 201, "/v1/interactions")
    began_by_us = new.direction == "outbound" and new.outcome != "no_answer"
    if began_by_us and (said := await pressure.warning(access, new.customer_id, new.contact_id)):
        response.headers["Rapport-Warning"] = said
    return response


@router.get("/interactions/{interaction_id}", response_model=InteractionRead)
async def get_interaction(access: InteractionReads, interaction_id: UUID) -> Answer:
    """One interaction."""
    return await queries.get(access, interaction_id)


@router.patch("/interactions/{interaction_id}", response_model=InteractionRead)
async def update_interaction(access: InteractionWrites, interaction_id: UUID, change: InteractionUpdate) -> Answer:
    """Change the note; what happened stays as it was written down."""
    return await actions.update(access, interaction_id, change)
