"""Signing out with a token in hand (RFC 7009)."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Select, Uuid, bindparam, or_, select

from crm.actor import Actor, ActorKind
from crm.database import statement
from crm.errors import NotFound, Unauthenticated
from crm.workspaces.access import outsider
from crm.workspaces.mint import Mint
from crm.workspaces.models import sessions
from crm.workspaces.sessions import revoke
from crm.workspaces.tokens import parse_refresh


async def revoke_token(mint: Mint, token: str) -> None:
    """End the session of a refresh or access token. One that is not ours is as good as revoked."""
    try:
        parts = parse_refresh(token)
    except Unauthenticated:
        await _revoke_by_access(mint, token)
        return
    found = mint.database.writing(outsider(parts.workspace_id))
    user_id = await found.value(_holder(), session_id=parts.session_id, shown_hash=parts.secret_hash)
    if user_id is not None:
        await _sign_out(mint, parts.workspace_id, user_id, parts.session_id)


async def _revoke_by_access(mint: Mint, token: str) -> None:
    try:
        claims = mint.tokens.read_access(token)
    except Unauthenticated:
        return
    await _sign_out(mint, claims.workspace_id, claims.user_id, claims.session_id)


async def _sign_out(mint: Mint, workspace_id: UUID, user_id: UUID, session_id: UUID) -> None:
    person = Actor(workspace_id, user_id, ActorKind.USER)
    with suppress(NotFound):
        await revoke(mint.database.writing(person), session_id)


@statement
def _holder() -> Select[Any]:
    c, shown = sessions.c, bindparam("shown_hash", type_=LargeBinary)
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    this = c.id == bindparam("session_id", type_=Uuid)
    return select(c.user_id).where(at_home, this, or_(c.refresh_hash == shown, c.previous_hash == shown))
