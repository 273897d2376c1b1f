"""API keys, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.workspaces import keys, queries
from crm.workspaces.credentials import ApiKeyCreate, ApiKeyCreated, ApiKeyFilter, ApiKeyRead
from crm.workspaces.errors import BeyondYourScopes
from services.api.answers import ShownOnce
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["api_keys"])

KeyReads = Annotated[Access, reads("api_keys")]
KeyWrites = Annotated[Access, writes("api_keys")]


@router.get("/api-keys", response_model=Page[ApiKeyRead])
async def list_api_keys(access: KeyReads, wanted: Annotated[ApiKeyFilter, Query()]) -> bytes:
    """The keys of your workspace, newest first, with what each may do and when it was last used."""
    return await queries.page_of_keys(access, wanted)


@router.post(
    "/api-keys", status_code=201, response_model=ApiKeyCreated, responses=problems(AlreadyExists, BeyondYourScopes)
)
async def create_api_key(request: Request, access: KeyWrites, new: ApiKeyCreate) -> ShownOnce:
    """Make a key for a program. Its `secret` is shown in this answer and never again.

    A repeated request with the same `Idempotency-Key` makes no second key, and its answer has no secret: if it was
    lost, revoke the key and make another.
    """
    made = await keys.create(access, request.app.state.tokens, new)
    return ShownOnce(made.answer, made.secret, request.url.path)


@router.get("/api-keys/{key_id}", response_model=ApiKeyRead)
async def get_api_key(access: KeyReads, key_id: UUID) -> Answer:
    """One key, without its secret."""
    return await queries.get_key(access, key_id)


@router.post("/api-keys/{key_id}/revoke", response_model=ApiKeyRead)
async def revoke_api_key(access: KeyWrites, key_id: UUID) -> Answer:
    """End a key at once and for good."""
    return await keys.revoke(access, key_id)
