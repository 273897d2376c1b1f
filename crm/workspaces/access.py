"""From a credential to an actor: one statement, under the row-level security of the workspace the credential names."""

import hmac
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Select, and_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Uuid

from crm.actor import NOBODY, Actor, ActorKind, Role, Sight
from crm.database import Database, Transaction, statement
from crm.errors import Unauthenticated
from crm.workspaces.custom_fields import defined
from crm.workspaces.custom_rules import definitions
from crm.workspaces.models import api_keys, sessions, teams, users, workspaces
from crm.workspaces.rules import SCOPES, scopes_of, sight_of
from crm.workspaces.settings import effective
from crm.workspaces.tokens import Tokens, is_api_key


def outsider(workspace_id: UUID) -> Actor:
    """Whoever has not proved yet who they are, looking into one workspace for the proof."""
    return Actor(workspace_id=workspace_id, id=NOBODY, kind=ActorKind.SYSTEM)


async def identify(database: Database, tokens: Tokens, credential: str) -> tuple[Actor, float | None]:
    """The actor behind an access token or an API key, and the time (Unix) at which the credential ends.

    Raises ``Unauthenticated`` for whatever is forged, ended, revoked or disabled, without saying which.
    """
    if is_api_key(credential):
        return await _by_key(database, tokens, credential)
    claims = tokens.read_access(credential)
    access = database.writing(outsider(claims.workspace_id))
    row = await access.row(_person(with_session=True), user_id=claims.user_id, session_id=claims.session_id)
    # What a role may do is read here, so an older token is good for what its holder may do now. A later one than the
    # database knows comes from a time that a restored backup has forgotten.
    if row is None or row["permission_version"] < claims.permission_version:
        raise Unauthenticated
    actor = person(claims.workspace_id, claims.user_id, row, session_id=claims.session_id)
    return actor, claims.expires_at.timestamp()


async def _by_key(database: Database, tokens: Tokens, credential: str) -> tuple[Actor, float | None]:
    parts = tokens.parse_api_key(credential)
    if parts is None:
        raise Unauthenticated
    row = await database.writing(outsider(parts.workspace_id)).row(_key(), key_id=parts.key_id)
    if row is None or not hmac.compare_digest(row["secret_hash"], parts.secret_hash):
        raise Unauthenticated
    actor = program(parts.workspace_id, parts.key_id, row)
    return actor, None if row["expires_at"] is None else row["expires_at"].timestamp()


async def acting_for(database: Database, workspace_id: UUID, kind: ActorKind, id: UUID) -> Actor | None:
    """Whoever asked for something that is carried out later, with what they may do now; None when they are gone."""
    access = database.writing(outsider(workspace_id))
    if kind is ActorKind.KEY:
        row = await access.row(_key(), key_id=id)
        return None if row is None else program(workspace_id, id, row)
    row = await access.row(_person(with_session=False), user_id=id)
    return None if row is None else person(workspace_id, id, row)


async def acting_within(tx: Transaction, user_id: UUID) -> Actor | None:
    """A colleague of whoever holds this transaction, with what they may do now; None when they are gone."""
    row = await tx.row(_person(with_session=False), user_id=user_id)
    return None if row is None else person(tx.actor.workspace_id, user_id, row)


def person(workspace_id: UUID, user_id: UUID, row: asyncpg.Record, session_id: UUID | None = None) -> Actor:
    """A person as an actor."""
    settings = effective(row["settings"])
    role = Role(row["role"])
    return Actor(
        workspace_id=workspace_id,
        id=user_id,
        kind=ActorKind.USER,
        role=role,
        scopes=scopes_of(role, may_read_sensitive=row["may_read_sensitive"]),
        sight=sight_of(role, Sight(settings["visibility"])),
        team_ids=tuple(row["team_ids"]),
        timezone=row["timezone"],
        language=row["language"],
        settings=settings,
        custom_fields=definitions(row["custom_fields"]),
        session_id=session_id,
    )


def program(workspace_id: UUID, key_id: UUID, row: asyncpg.Record) -> Actor:
    """An API key as an actor."""
    return Actor(
        workspace_id=workspace_id,
        id=key_id,
        kind=ActorKind.KEY,
        scopes=frozenset(row["scopes"]) & SCOPES,
        sight=Sight.ALL,
        timezone=row["timezone"],
        language=row["language"],
        settings=effective(row["settings"]),
        custom_fields=definitions(row["custom_fields"]),
    )


@statement
def _person(*, with_session: bool) -> Select[Any]:
    """The person, if they (and their session) live, with the teams in sight: theirs, those they manage, all below."""
    home = bindparam("workspace_id", type_=Uuid)
    user_id = bindparam("user_id", type_=Uuid)
    first = select(teams.c.id).where(
        teams.c.workspace_id == home,
        (teams.c.manager_id == user_id)
        | (
            teams.c.id
            == select(users.c.team_id).where(users.c.workspace_id == home, users.c.id == user_id).scalar_subquery()
        ),
    )
    below = first.cte("below", recursive=True)
    below = below.union(select(teams.c.id).where(teams.c.workspace_id == home, teams.c.parent_id == below.c.id))
    seen = select(func.coalesce(func.array_agg(below.c.id), cast(array([]), ARRAY(Uuid)))).scalar_subquery()
    alive = and_(
        sessions.c.id == bindparam("session_id", type_=Uuid),
        sessions.c.workspace_id == home,
        sessions.c.user_id == users.c.id,
        sessions.c.revoked_at.is_(None),
        sessions.c.valid_until > func.now(),
    )
    found = (
        select(
            users.c.role,
            users.c.permission_version,
            users.c.may_read_sensitive,
            workspaces.c.timezone,
            func.coalesce(users.c.language, workspaces.c.language).label("language"),
            workspaces.c.settings,
            defined().label("custom_fields"),
            seen.label("team_ids"),
        )
        .select_from(users)
        .join(workspaces, workspaces.c.workspace_id == users.c.workspace_id)
        .where(users.c.workspace_id == home, users.c.id == user_id, users.c.state == "active")
    )
    return found.join(sessions, alive) if with_session else found


@statement
def _key() -> Select[Any]:
    return (
        select(
            api_keys.c.secret_hash,
            api_keys.c.scopes,
            api_keys.c.expires_at,
            workspaces.c.timezone,
            workspaces.c.language,
            workspaces.c.settings,
            defined().label("custom_fields"),
        )
        .join(workspaces, workspaces.c.workspace_id == api_keys.c.workspace_id)
        .where(
            api_keys.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            api_keys.c.id == bindparam("key_id", type_=Uuid),
            api_keys.c.revoked_at.is_(None),
            api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > func.now()),
        )
    )
