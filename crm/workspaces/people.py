"""Everything that changes people: their place, their role, whether they may come in, their password."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    exists,
    or_,
    select,
)

from crm.actor import Role, Sight
from crm.calendars.choosing import check_choice
from crm.database import Access, Transaction, statement
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.workspaces import events
from crm.workspaces.errors import BeyondYourScopes, EmailTaken, LastAdmin
from crm.workspaces.locking import one_at_a_time
from crm.workspaces.models import ONE_USER_PER_EMAIL, users
from crm.workspaces.passwords import check_password, hash_password
from crm.workspaces.queries import USER
from crm.workspaces.rules import SCOPES_OF, email_key
from crm.workspaces.schemas import UserCreate, UserUpdate
from crm.workspaces.sessions import ending

TAKEN = {ONE_USER_PER_EMAIL: EmailTaken}


async def create(access: Access, new: UserCreate) -> Answer:
    """Let a person in. Raises ``EmailTaken``, ``AlreadyExists``, ``BeyondYourScopes``, 422 for a weak password."""
    values = new.model_dump(exclude_none=True)
    check_role(access, new.role)
    await check_choice(access, values)
    values["email_key"] = email_key(new.email)
    if password := values.pop("password", None):
        check_password(password, new.email)
        values["password_hash"] = await hash_password(password)
    created = await record(access, events.USER_CREATED, _create(frozenset(values)), refusals=TAKEN, **renamed(values))
    return created or await explain(access, USER, values["id"])


async def update(tx: Transaction, user_id: UUID, change: UserUpdate) -> Answer:
    """Change what was sent. A new role holds from the person's next request on.

    Raises ``NotFound``, ``Stale``, ``EmailTaken``, ``LastAdmin``, ``BeyondYourScopes``.
    """
    values = change.model_dump(exclude_unset=True)
    await check_choice(tx, values)
    if "role" in values:
        check_role(tx, values["role"])
        await one_at_a_time(tx)
    if "email" in values:
        values["email_key"] = email_key(values["email"])
    changed = await record(
        tx, events.USER_UPDATED, _update(frozenset(values)), refusals=TAKEN, id=user_id, **renamed(values)
    )
    return changed or await _as_they_are(tx, user_id, stays_admin=values.get("role", Role.ADMIN) == Role.ADMIN)


async def disable(tx: Transaction, user_id: UUID) -> Answer:
    """Shut a person out at once and end their sessions; what they own stays theirs. Raises ``LastAdmin``."""
    await one_at_a_time(tx)
    disabled = await record(tx, events.USER_DISABLED, _disable(), id=user_id)
    return disabled or await _as_they_are(tx, user_id, stays_admin=False)


async def enable(access: Access, user_id: UUID) -> Answer:
    """Let a disabled person sign in again."""
    enabled = await record(access, events.USER_ENABLED, _enable(), id=user_id)
    return enabled or await explain(access, USER, user_id)


async def grant_sensitive(access: Access, user_id: UUID) -> Answer:
    """Let a person read and keep what is restricted about contacts. Raises ``NotFound``, ``BeyondYourScopes``.

    An administrator in person decides this, who does not have the right by that: a key can hand on only what it has.
    """
    _administrators_only(access)
    granted = await record(access, events.SENSITIVE_GRANTED, _set_sensitive(granted=True), id=user_id)
    return granted or await explain(access, USER, user_id)


async def revoke_sensitive(access: Access, user_id: UUID) -> Answer:
    """Take that right away, from the person's next request on. Raises ``NotFound``, ``BeyondYourScopes``."""
    _administrators_only(access)
    revoked = await record(access, events.SENSITIVE_REVOKED, _set_sensitive(granted=False), id=user_id)
    return revoked or await explain(access, USER, user_id)


def _administrators_only(access: Access) -> None:
    if access.actor.role is not Role.ADMIN:
        raise BeyondYourScopes("An administrator in person decides who may read what is sensitive.")


def check_role(access: Access, role: Role) -> None:
    """Nobody makes someone who may do more than they: raises ``BeyondYourScopes``."""
    if missing := SCOPES_OF[role] - access.actor.scopes:
        raise BeyondYourScopes(f"The role {role} may do what you may not.", missing_scopes=sorted(missing))


async def _as_they_are(tx: Transaction, user_id: UUID, *, stays_admin: bool) -> Answer:
    """The person, when a change had nothing to change; else the reason why it could not."""
    answer = await explain(tx, USER, user_id)
    if not stays_admin and await tx.value(_is_last_admin(), id=user_id):
        raise LastAdmin
    return answer


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(USER, columns)


@statement
def _update(columns: frozenset[str]) -> Insert:
    if "role" not in columns:
        return changing(USER, Sight.ALL, columns)
    role = bindparam("new_role", type_=Text)
    raised = case((users.c.role == role, 0), else_=1)
    version = {"permission_version": users.c.permission_version + raised}
    return changing(USER, Sight.ALL, columns, or_(role == Role.ADMIN, _an_admin_stays()), values=version)


@statement
def _disable() -> Insert:
    return changing(
        USER,
        Sight.ALL,
        (),
        users.c.state == "active",
        _an_admin_stays(),
        values={"state": "disabled"},
        also=lambda changed: [ending(changed, "user_disabled")],
    )


@statement
def _enable() -> Insert:
    return changing(USER, Sight.ALL, (), values={"state": "active"})


@statement
def _set_sensitive(*, granted: bool) -> Insert:
    # The permission version is what the door is told of.
    values = {"may_read_sensitive": granted, "permission_version": users.c.permission_version + 1}
    return changing(USER, Sight.ALL, (), users.c.may_read_sensitive.is_(not granted), values=values)


@statement
def _is_last_admin() -> Select[Any]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(~_an_admin_stays()).where(at_home, users.c.id == bindparam("id", type_=Uuid))


def _an_admin_stays() -> ColumnElement[bool]:
    """Without this person, the workspace still has an active administrator, or this was none."""
    other = users.alias("other")
    another = exists().where(
        other.c.workspace_id == users.c.workspace_id,
        other.c.id != users.c.id,
        other.c.role == Role.ADMIN,
        other.c.state == "active",
    )
    return or_(users.c.role != Role.ADMIN, users.c.state != "active", another)
