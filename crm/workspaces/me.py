"""Whoever asks, about themselves."""

from typing import Any

import orjson
from sqlalchemy import Insert, Select, Uuid, bindparam, cast, func, null, select

from crm.actor import ActorKind, Sight
from crm.database import Access, Database, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, explain, record, renamed
from crm.workspaces import events, throttle
from crm.workspaces.credentials import MeUpdate, PasswordChange
from crm.workspaces.errors import OnlyForPeople
from crm.workspaces.models import api_keys, sessions, users, workspaces
from crm.workspaces.passwords import check_password, hash_password, verify_password
from crm.workspaces.queries import USER
from crm.workspaces.sessions import ending


async def get(access: Access) -> bytes:
    """Who asks, in which workspace, and what they may do and see there."""
    actor = access.actor
    row = await access.row(_me(actor.kind))
    if row is None:
        raise LookupError("an actor who was let in a moment ago is not there")
    able = {"role": actor.role, "scopes": sorted(actor.scopes), "sight": actor.sight, "team_ids": actor.team_ids}
    whole = {"kind": actor.kind, "id": actor.id, **row, **able, "session_id": actor.session_id}
    return orjson.dumps(whole, default=str)


async def update(access: Access, change: MeUpdate) -> bytes:
    """Change what was sent. Raises ``OnlyForPeople`` for an API key, ``Stale``."""
    only_people(access)
    values = change.model_dump(exclude_unset=True)
    me = access.actor.id
    changed = await record(access, events.USER_UPDATED, _update(frozenset(values)), id=me, **renamed(values))
    if changed is None:
        await explain(access, USER, me)
    return await get(access)


async def change_password(access: Access, database: Database, change: PasswordChange) -> Answer:
    """Take a new password and end all other sessions. Raises ``OnlyForPeople``, ``TooManyGuesses``, 422 by field.

    The old one counts as a guess, outside of whatever transaction ``access`` may be: what rolls back is no limit.
    """
    only_people(access)
    actor = access.actor
    counters, subject = throttle.counters(database), throttle.of_user(actor.workspace_id, actor.id)
    await throttle.count(counters, [subject], throttle.PER_ACCOUNT)
    row = await access.row(_secret())
    if row is None or not (await verify_password(row["password_hash"], change.old_password)).ok:
        raise invalid("old_password", "This is not your password.", "wrong")
    await throttle.clear(counters, [subject])
    check_password(change.new_password, row["email"], field="new_password")
    new_hash = await hash_password(change.new_password)
    changed = await record(
        access,
        events.PASSWORD_CHANGED,
        _change_password(),
        id=actor.id,
        new_password_hash=new_hash,
        session_id=actor.session_id,
    )
    return changed or await explain(access, USER, actor.id)


def only_people(access: Access) -> None:
    """Raises ``OnlyForPeople`` for an API key."""
    if access.actor.kind is not ActorKind.USER:
        raise OnlyForPeople


@statement
def _me(kind: ActorKind) -> Select[Any]:
    """One's own row, a person's or a key's, and the workspace."""
    own = users if kind is ActorKind.USER else api_keys
    person = own is users
    c, w = own.c, workspaces.c
    company = func.json_build_object(
        "id", w.id, "name", w.name, "timezone", w.timezone, "currency", w.currency, "language", w.language
    )
    fields = {
        name: users.c[name] if person else cast(null(), users.c[name].type)
        for name in ("email", "team_id", "language", "timezone")
    }
    return (
        select(c.name, *(value.label(name) for name, value in fields.items()), company.label("workspace"), c.version)
        .join_from(own, workspaces, w.workspace_id == c.workspace_id)
        .where(c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id == bindparam("actor_id", type_=Uuid))
    )


@statement
def _update(columns: frozenset[str]) -> Insert:
    return changing(USER, Sight.ALL, columns)


@statement
def _secret() -> Select[Any]:
    c = users.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.password_hash, c.email).where(at_home, c.id == bindparam("actor_id", type_=Uuid))


@statement
def _change_password() -> Insert:
    """The new hash, and an end to every session but the one that asks."""
    here = bindparam("session_id", type_=Uuid)
    return changing(
        USER,
        Sight.ALL,
        ["password_hash"],
        also=lambda changed: [ending(changed, "password_changed", sessions.c.id.is_distinct_from(here))],
    )
