"""Refresh tokens: a session is a family of them, of which one is good at a time.

A refresh token is used once. Who shows a used one has stolen it or was stolen from, so the session ends; except that
a phone whose answer was lost on the way may ask again for half a minute and gets the same successor.
"""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    extract,
    func,
    insert,
    not_,
    select,
    update,
)

from crm.database import statement
from crm.errors import Unauthenticated
from crm.recording import record, recorded
from crm.sealing import Place, SealBroken
from crm.workspaces import events
from crm.workspaces.access import outsider
from crm.workspaces.errors import RefreshRefused, SignInRefused
from crm.workspaces.ids import new_id
from crm.workspaces.mint import Granted, Mint
from crm.workspaces.models import sessions, users
from crm.workspaces.sessions import SESSION, alive, ended
from crm.workspaces.tokens import new_refresh, parse_refresh

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=60)
GRACE = timedelta(seconds=30)

log = logging.getLogger(__name__)


async def begin(mint: Mint, workspace_id: UUID, user_id: UUID, device: str | None) -> Granted:
    """A new session of this person. Raises ``SignInRefused`` where they were disabled in the meantime."""
    access = mint.database.writing(outsider(workspace_id))
    session_id = await new_id(access)
    token = new_refresh(workspace_id, session_id)
    row = await access.row(
        _begin(), new_session=session_id, user_id=user_id, device=device, refresh_hash=token.secret_hash
    )
    if row is None:
        raise SignInRefused(error="invalid_grant")
    return mint.grant(workspace_id, session_id, token.text, row)


async def refresh(mint: Mint, token: str, device: str | None) -> Granted:
    """Exchange a refresh token for the next one and a new access token. Raises ``RefreshRefused``.

    A used token ends the session, unless it is the immediate predecessor of a token that nobody has used yet, shown
    again within 30 seconds by the same device: then the same successor is given once more.
    """
    try:
        parts = parse_refresh(token)
    except Unauthenticated:
        raise RefreshRefused(error="invalid_grant") from None
    home, session_id = parts.workspace_id, parts.session_id
    access = mint.database.writing(outsider(home))
    successor, place = new_refresh(home, session_id), Place("sessions", "successor", home, session_id)
    shown: dict[str, Any] = {"session_id": session_id, "shown_hash": parts.secret_hash}
    sealed = mint.sealer.seal(successor.text.encode(), place)
    if row := await access.row(_rotate(), **shown, new_hash=successor.secret_hash, sealed=sealed):
        return mint.grant(home, session_id, successor.text, row)
    shown["device"] = device
    if row := await access.row(_again(), **shown):
        return mint.grant(home, session_id, _opened(mint, row["successor"], place), row)
    if await record(access, events.SESSION_REVOKED, _end_reused(), **shown):
        log.warning("a used refresh token was shown; its session has ended")
    raise RefreshRefused(error="invalid_grant")


def _opened(mint: Mint, sealed: bytes, place: Place) -> str:
    try:
        return mint.sealer.open(sealed, place).decode()
    except SealBroken:
        # Sealed with another secret key, a moment before that was changed.
        raise RefreshRefused(error="invalid_grant") from None


def _this() -> ColumnElement[bool]:
    at_home = sessions.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return and_(at_home, sessions.c.id == bindparam("session_id", type_=Uuid))


def _shown() -> ColumnElement[Any]:
    return bindparam("shown_hash", type_=LargeBinary)


def _predecessor() -> ColumnElement[bool]:
    """The token shown was exchanged a moment ago, by this device, and what it was exchanged for is still unused."""
    c = sessions.c
    same_device = c.device.is_not_distinct_from(bindparam("device", type_=Text))
    return and_(c.previous_hash == _shown(), c.rotated_at > func.now() - GRACE, same_device)


def _active_user() -> ColumnElement[bool]:
    return exists().where(
        users.c.workspace_id == sessions.c.workspace_id, users.c.id == sessions.c.user_id, users.c.state == "active"
    )


def _granting(user_id: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """What ``Mint.grant`` needs to know."""
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    version = (
        select(users.c.permission_version)
        .where(at_home, users.c.id == user_id)
        .correlate_except(users)
        .scalar_subquery()
    )
    until = func.least(sessions.c.idle_until, sessions.c.valid_until)
    lasts = cast(extract("epoch", until - func.now()), Integer)
    return sessions.c.user_id, version.label("permission_version"), lasts.label("lasts")


@statement
def _begin() -> Insert:
    person = select(
        bindparam("workspace_id", type_=Uuid),
        bindparam("new_session", type_=Uuid),
        users.c.id,
        bindparam("device", type_=Text),
        bindparam("refresh_hash", type_=LargeBinary),
        func.now() + IDLE,
        func.now() + ABSOLUTE,
    ).where(
        users.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        users.c.id == bindparam("user_id", type_=Uuid),
        users.c.state == "active",
    )
    names = ["workspace_id", "id", "user_id", "device", "refresh_hash", "idle_until", "valid_until"]
    return insert(sessions).from_select(names, person).returning(*_granting(bindparam("user_id", type_=Uuid)))


@statement
def _rotate() -> Update:
    c = sessions.c
    return (
        update(sessions)
        .where(_this(), c.refresh_hash == _shown(), alive(), _active_user())
        .values(
            previous_hash=c.refresh_hash,
            refresh_hash=bindparam("new_hash", type_=LargeBinary),
            successor=bindparam("sealed", type_=LargeBinary),
            rotated_at=func.now(),
            idle_until=func.now() + IDLE,
        )
        .returning(*_granting(sessions.c.user_id))
    )


@statement
def _again() -> Select[Any]:
    where = and_(_this(), _predecessor(), alive(), _active_user())
    return select(sessions.c.successor, *_granting(sessions.c.user_id)).where(where)


@statement
def _end_reused() -> Insert:
    c = sessions.c
    # Before the first exchange no token has been used: a wrong one is only a wrong one.
    used = and_(c.previous_hash.is_not(None), c.refresh_hash != _shown(), not_(_predecessor()))
    return recorded(SESSION, update(sessions).where(_this(), c.revoked_at.is_(None), used).values(ended("reuse")))
