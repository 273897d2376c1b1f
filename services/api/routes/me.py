"""Whoever asks, over HTTP. Needs no scope: everyone may know who they are."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Security

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.workspaces import me, sessions
from crm.workspaces.credentials import MeRead, MeUpdate, PasswordChange, SessionFilter, SessionRead
from crm.workspaces.errors import OnlyForPeople, TooManyGuesses
from crm.workspaces.schemas import UserRead
from services.api.deps import READING, WRITING
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["me"])

SelfReads = Annotated[Access, Security(READING)]
SelfWrites = Annotated[Access, Security(WRITING)]


@router.get("/me", response_model=MeRead)
async def get_me(access: SelfReads) -> bytes:
    """Who you are, in which workspace, and what you may do and see there."""
    return await me.get(access)


@router.patch("/me", response_model=MeRead, responses=problems(OnlyForPeople))
async def update_me(access: SelfWrites, change: MeUpdate) -> bytes:
    """Change your name, your language or your time zone."""
    return await me.update(access, change)


@router.post("/me/password", response_model=UserRead, responses=problems(OnlyForPeople, TooManyGuesses))
async def change_password(request: Request, access: SelfWrites, change: PasswordChange) -> Answer:
    """Take a new password. You stay signed in here and are signed out everywhere else."""
    return await me.change_password(access, request.app.state.database, change)


@router.get("/me/sessions", response_model=Page[SessionRead])
async def list_my_sessions(access: SelfReads, wanted: Annotated[SessionFilter, Query()]) -> bytes:
    """Where you are signed in; `session_id` of `GET /v1/me` says which of them is this one."""
    return await sessions.page(access, wanted)


@router.post("/me/sessions/{session_id}/revoke", response_model=SessionRead)
async def revoke_my_session(access: SelfWrites, session_id: UUID) -> Answer:
    """Sign out on one of your devices, at once."""
    return await sessions.revoke(access, session_id)
