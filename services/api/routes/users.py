"""The people of a workspace, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.workspaces import people, queries
from crm.workspaces.errors import BeyondYourScopes, EmailTaken, LastAdmin
from crm.workspaces.schemas import UserCreate, UserFilter, UserRead, UserUpdate
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["users"])

UserReads = Annotated[Access, reads("users")]
UserWrites = Annotated[Access, writes("users")]
UserChanges = Annotated[Transaction, changes("users")]


@router.get("/users", response_model=Page[UserRead])
async def list_users(access: UserReads, wanted: Annotated[UserFilter, Query()]) -> bytes:
    """Your colleagues, newest first; filter by role, state and team."""
    return await queries.page_of_users(access, wanted)


@router.post(
    "/users",
    status_code=201,
    response_model=UserRead,
    responses=problems(EmailTaken, AlreadyExists, BeyondYourScopes),
)
async def create_user(access: UserWrites, new: UserCreate) -> Answer:
    """Let someone in. Without a password they can own customers and cannot sign in."""
    return await people.create(access, new)


@router.get("/users/{user_id}", response_model=UserRead)
async def get_user(access: UserReads, user_id: UUID) -> Answer:
    """One of your colleagues."""
    return await queries.get_user(access, user_id)


@router.patch("/users/{user_id}", response_model=UserRead, responses=problems(EmailTaken, LastAdmin, BeyondYourScopes))
async def update_user(tx: UserChanges, user_id: UUID, change: UserUpdate) -> Answer:
    """Change what you send and nothing else. A new role or team holds from the person's next request on."""
    return await people.update(tx, user_id, change)


@router.post("/users/{user_id}/disable", response_model=UserRead, responses=problems(LastAdmin))
async def disable_user(tx: UserChanges, user_id: UUID) -> Answer:
    """Shut someone out at once and end their sessions. What they own stays theirs until you hand it on."""
    return await people.disable(tx, user_id)


@router.post("/users/{user_id}/enable", response_model=UserRead)
async def enable_user(access: UserWrites, user_id: UUID) -> Answer:
    """Let someone sign in again."""
    return await people.enable(access, user_id)


@router.post("/users/{user_id}/grant-sensitive", response_model=UserRead, responses=problems(BeyondYourScopes))
async def grant_sensitive(access: UserWrites, user_id: UUID) -> Answer:
    """Let someone read and keep what is restricted about contacts, such as taboos. Only an administrator in person can.

    No role brings this right along. It holds from the person's next request on, and each read is written down.
    """
    return await people.grant_sensitive(access, user_id)


@router.post("/users/{user_id}/revoke-sensitive", response_model=UserRead, responses=problems(BeyondYourScopes))
async def revoke_sensitive(access: UserWrites, user_id: UUID) -> Answer:
    """Take that right away again."""
    return await people.revoke_sensitive(access, user_id)
