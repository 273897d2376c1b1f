"""Requests about personal data, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.privacy_requests import actions, queries
from crm.privacy_requests.errors import NotErasedYet, PrivacyRequestState
from crm.privacy_requests.schemas import PrivacyRequestCreate, PrivacyRequestFilter, PrivacyRequestRead, Refusal
from crm.recording import AlreadyExists
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

PrivacyReads = Annotated[Access, reads("privacy")]
PrivacyWrites = Annotated[Access, writes("privacy")]

router = new_router(tags=["privacy"])


@router.get("/privacy-requests", response_model=Page[PrivacyRequestRead])
async def list_privacy_requests(access: PrivacyReads, wanted: Annotated[PrivacyRequestFilter, Query()]) -> bytes:
    """What people asked about their data, what is due first; `overdue=true` gives what is late."""
    return await queries.page(access, wanted)


@router.post("/privacy-requests", status_code=201, response_model=PrivacyRequestRead, responses=problems(AlreadyExists))
async def receive_privacy_request(access: PrivacyWrites, new: PrivacyRequestCreate) -> Answer:
    """Write down a request. It says by which day it must be answered: 15 working days, unless your settings differ."""
    return await actions.receive(access, new)


@router.get("/privacy-requests/{request_id}", response_model=PrivacyRequestRead)
async def get_privacy_request(access: PrivacyReads, request_id: UUID) -> Answer:
    """One request, with the operation that does what was asked."""
    return await queries.get(access, request_id)


@router.post(
    "/privacy-requests/{request_id}/verify",
    response_model=PrivacyRequestRead,
    responses=problems(PrivacyRequestState),
)
async def verify_privacy_request(access: PrivacyWrites, request_id: UUID) -> Answer:
    """Whoever asks has shown that they are the person, or may speak for them."""
    return await actions.verify(access, request_id)


@router.post(
    "/privacy-requests/{request_id}/fulfill",
    response_model=PrivacyRequestRead,
    responses=problems(PrivacyRequestState, NotErasedYet),
)
async def fulfill_privacy_request(access: PrivacyWrites, request_id: UUID) -> Answer:
    """It was done. A request to delete is fulfilled only when the person's data was erased, by its `action`."""
    return await actions.fulfill(access, request_id)


@router.post(
    "/privacy-requests/{request_id}/refuse",
    response_model=PrivacyRequestRead,
    responses=problems(PrivacyRequestState),
)
async def refuse_privacy_request(access: PrivacyWrites, request_id: UUID, wanted: Refusal) -> Answer:
    """It is not granted, for a reason that the person is told."""
    return await actions.refuse(access, request_id, wanted.reason)
