"""Everything that changes API keys."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Insert, Update, Uuid, bindparam, func, or_, text, update

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.workspaces import events
from crm.workspaces.credentials import ApiKeyCreate
from crm.workspaces.errors import BeyondYourScopes
from crm.workspaces.ids import new_id
from crm.workspaces.models import api_keys
from crm.workspaces.queries import API_KEY
from crm.workspaces.tokens import Tokens

LONGEST = timedelta(days=365 * 100)

HINT = 4
"""Characters of the secret that stay visible. They belong to its checksum and give nothing away."""


class NewKey(NamedTuple):
    """A key as everybody may see it, and its secret, which is never to be had again."""

    answer: Answer
    secret: str


async def create(access: Access, tokens: Tokens, new: ApiKeyCreate) -> NewKey:
    """Make a key. Raises ``AlreadyExists``, and ``BeyondYourScopes`` for scopes that the caller does not have."""
    if missing := set(new.scopes) - access.actor.scopes:
        raise BeyondYourScopes("A key cannot do what you cannot.", missing_scopes=sorted(missing))
    if new.expires_at is not None and new.expires_at <= datetime.now(UTC):
        raise invalid("expires_at", "This moment has passed.", "passed")
    if new.expires_at is not None and new.expires_at > datetime.now(UTC) + LONGEST:
        raise invalid("expires_at", "That is too far off; a key without an end has null here.", "too_far")
    values: dict[str, Any] = new.model_dump(exclude_none=True)
    values["id"] = new.id or await new_id(access)
    made = tokens.new_api_key(access.actor.workspace_id, values["id"])
    values |= {
        "scopes": sorted(set(new.scopes)),
        "secret_hash": made.secret_hash,
        "hint": made.text[-HINT:],
    }
    created = await record(access, events.KEY_CREATED, _create(frozenset(values)), **renamed(values))
    return NewKey(created or await explain(access, API_KEY, values["id"]), made.text)


async def revoke(access: Access, key_id: UUID) -> Answer:
    """End a key at once and for good. Ending it twice is ending it once. Raises ``NotFound``, ``Stale``."""
    revoked = await record(access, events.KEY_REVOKED, _revoke(), id=key_id)
    return revoked or await explain(access, API_KEY, key_id)


async def note_use(access: Access, key_id: UUID) -> None:
    """The key was used just now; written at most once a minute, and no fact."""
    await access.row(_note_use(), id=key_id)


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(API_KEY, columns)


@statement
def _revoke() -> Insert:
    return changing(API_KEY, Sight.ALL, (), api_keys.c.revoked_at.is_(None), values={"revoked_at": func.now()})


@statement
def _note_use() -> Update:
    c = api_keys.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    not_lately = or_(c.last_used_at.is_(None), c.last_used_at < func.now() - text("interval '1 minute'"))
    return (
        update(api_keys).where(at_home, c.id == bindparam("id", type_=Uuid), not_lately).values(last_used_at=func.now())
    )
