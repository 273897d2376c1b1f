"""Everything that changes the doors: forms with their links, inboxes with their secrets."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Uuid, bindparam, func, literal, select
from sqlalchemy import Select as Selected

from crm.actor import Sight
from crm.complaint_doors import events
from crm.complaint_doors.errors import TooManyDoors
from crm.complaint_doors.queries import FORM, INBOX
from crm.complaint_doors.schemas import (
    ComplaintFormCreate,
    ComplaintFormUpdate,
    ComplaintInboxCreate,
    ComplaintInboxUpdate,
)
from crm.database import Access, statement
from crm.nouns import Answer, Noun
from crm.recording import changing, creating, explain, record, renamed
from crm.sealing import Place, Sealer
from crm.strangers.links import Links, Purpose, new_link
from crm.webhooks.rules import SECRET_OVERLAP
from crm.webhooks.signing import new_secret
from crm.workspaces.ids import new_id

MOST = 20
"""Forms, and inboxes, that are open at once."""


@dataclass(frozen=True, eq=False)
class Door:
    """A kind of door, and what its changes are called."""

    noun: Noun
    created: str
    updated: str
    disabled: str
    enabled: str


FORMS = Door(FORM, events.FORM_CREATED, events.FORM_UPDATED, events.FORM_DISABLED, events.FORM_ENABLED)
INBOXES = Door(INBOX, events.INBOX_CREATED, events.INBOX_UPDATED, events.INBOX_DISABLED, events.INBOX_ENABLED)


class NewForm(NamedTuple):
    """A form, and the token of its link."""

    answer: Answer
    token: str


class NewInbox(NamedTuple):
    """An inbox, the secret to sign with, and the token of the address to hand mails over at."""

    answer: Answer
    secret: str
    token: str


async def create_form(access: Access, new: ComplaintFormCreate) -> NewForm:
    """Open a form. Raises ``TooManyDoors``, ``AlreadyExists``, 422 for a team that is not there."""
    link = new_link(Purpose.COMPLAINT_FORM, access.actor.workspace_id)
    values = {**new.model_dump(exclude_none=True), "token_hash": link.token_hash}
    return NewForm(await _create(access, FORMS, values), link.token)


async def rotate_link(access: Access, form_id: UUID) -> NewForm:
    """Give a form another link; the one before ends at once. Raises ``NotFound``, ``Stale``."""
    link = new_link(Purpose.COMPLAINT_FORM, access.actor.workspace_id)
    wanted = _rotate_link(access.actor.sight)
    rotated = await record(access, events.FORM_ROTATED, wanted, id=form_id, new_token_hash=link.token_hash)
    return NewForm(rotated or await explain(access, FORM, form_id), link.token)


async def create_inbox(access: Access, new: ComplaintInboxCreate, sealer: Sealer, links: Links) -> NewInbox:
    """Open an inbox. Raises ``TooManyDoors``, ``AlreadyExists``, 422 for a team that is not there."""
    values = new.model_dump(exclude_none=True)
    inbox_id = values.setdefault("id", new.id or await new_id(access))
    link = _address(access, links, inbox_id)
    secret = new_secret()
    values |= {"token_hash": link.token_hash, "secret": _sealed(access, sealer, inbox_id, secret)}
    return NewInbox(await _create(access, INBOXES, values), secret, link.token)


async def rotate_secret(access: Access, inbox_id: UUID, sealer: Sealer, links: Links) -> NewInbox:
    """Give an inbox a new secret; the old one is good for 24 hours more. Raises ``NotFound``, ``Stale``."""
    secret = new_secret()
    sealed = _sealed(access, sealer, inbox_id, secret)
    rotated = await record(
        access, events.INBOX_ROTATED, _rotate_secret(access.actor.sight), id=inbox_id, new_secret=sealed
    )
    return NewInbox(rotated or await explain(access, INBOX, inbox_id), secret, _address(access, links, inbox_id).token)


async def update(
    access: Access, door: Door, door_id: UUID, change: ComplaintFormUpdate | ComplaintInboxUpdate
) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, 422 for a team that is not there."""
    values = change.model_dump(exclude_unset=True)
    wanted = _update(door, access.actor.sight, frozenset(values))
    changed = await record(access, door.updated, wanted, id=door_id, **renamed(values))
    return changed or await explain(access, door.noun, door_id)


async def disable(access: Access, door: Door, door_id: UUID) -> Answer:
    """Let nothing in any more; twice is once. Links to see how a complaint stands go on."""
    disabled = await record(access, door.disabled, _disable(door, access.actor.sight), id=door_id)
    return disabled or await explain(access, door.noun, door_id)


async def enable(access: Access, door: Door, door_id: UUID) -> Answer:
    """Open the door again, with the link it had; twice is once. Raises ``TooManyDoors``."""
    enabled = await record(access, door.enabled, _enable(door, access.actor.sight), id=door_id)
    if enabled is None:
        answer = await explain(access, door.noun, door_id)
        if await access.value(_state(door), id=door_id) == "disabled":
            raise TooManyDoors
        return answer
    return enabled


def place_of_secret(workspace_id: UUID, inbox_id: UUID) -> Place:
    """Where an inbox's secret is sealed for; the previous one keeps the seal it had."""
    return Place("complaint_inboxes", "secret", workspace_id, inbox_id)


async def _create(access: Access, door: Door, values: dict[str, Any]) -> Answer:
    created = await record(access, door.created, _insert(door, frozenset(values)), **renamed(values))
    if created is None:
        raise TooManyDoors
    return created


def _address(access: Access, links: Links, inbox_id: UUID) -> Any:
    return links.of(Purpose.COMPLAINT_INBOX, access.actor.workspace_id, inbox_id)


def _sealed(access: Access, sealer: Sealer, inbox_id: UUID, secret: str) -> bytes:
    return sealer.seal(secret.encode(), place_of_secret(access.actor.workspace_id, inbox_id))


def _has_room(door: Door) -> ColumnElement[bool]:
    other = door.noun.table.alias("others").c
    at_home = other.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(func.count()).where(at_home, other.state == "active").scalar_subquery() < MOST


@statement
def _insert(door: Door, columns: frozenset[str]) -> Insert:
    return creating(door.noun, columns, only_if=_has_room(door))


@statement
def _update(door: Door, sight: Sight, columns: frozenset[str]) -> Insert:
    return changing(door.noun, sight, columns)


@statement
def _disable(door: Door, sight: Sight) -> Insert:
    return changing(door.noun, sight, (), values={"state": "disabled"})


@statement
def _enable(door: Door, sight: Sight) -> Insert:
    return changing(door.noun, sight, (), _has_room(door), values={"state": "active"})


@statement
def _rotate_link(sight: Sight) -> Insert:
    return changing(FORM, sight, ("token_hash",), values={"link_made_at": func.now()})


@statement
def _rotate_secret(sight: Sight) -> Insert:
    c = INBOX.table.c
    previous = {"previous_secret": c.secret, "previous_secret_until": func.now() + literal(SECRET_OVERLAP)}
    return changing(INBOX, sight, ("secret",), values=previous)


@statement
def _state(door: Door) -> Selected[Any]:
    c = door.noun.table.c
    return select(c.state).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id == bindparam("id", type_=Uuid)
    )
