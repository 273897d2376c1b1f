"""Whose a channel is, and why somebody may not change it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Select, Uuid, bindparam, literal, or_, select

from crm.actor import Actor, Sight
from crm.channels.errors import OnlyManagersShare
from crm.channels.models import notification_channels
from crm.channels.queries import CHANNEL
from crm.channels.rules import SHARERS
from crm.database import Access, statement
from crm.nouns import Answer
from crm.recording import changing, explain

_c = notification_channels.c


def may_share(actor: Actor) -> bool:
    """Whether the actor may make and change shared channels."""
    return actor.role in SHARERS


async def why_not(access: Access, channel_id: UUID) -> Answer:
    """Give the channel, or raise why it is not theirs to change: ``NotFound``, ``Stale``, ``OnlyManagersShare``."""
    answer = await explain(access, CHANNEL, channel_id)
    if not may_share(access.actor) and await access.value(_is_shared(), id=channel_id):
        raise OnlyManagersShare
    return answer


def theirs(may_share: bool) -> ColumnElement[bool]:
    """One's own channel, or any that one may manage."""
    return or_(_c.user_id == bindparam("user_id", type_=Uuid), literal(may_share))


def this() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The channel named as ``id``."""
    return _c.workspace_id == bindparam("workspace_id", type_=Uuid), _c.id == bindparam("id", type_=Uuid)


@statement
def state_of() -> Select[Any]:
    """The state of the channel named as ``id``."""
    return select(_c.state).where(*this())


@statement
def _is_shared() -> Select[Any]:
    return select(_c.user_id.is_(None)).where(*this())


@statement
def moving(sight: Sight, to: str, since: str, may_share: bool) -> Insert:
    """From one state to another, with a clean record."""
    values = {"state": to, "disabled_because": None, "failures": 0, "failing_since": None}
    return changing(CHANNEL, sight, (), _c.state == since, theirs(may_share), values=values)
