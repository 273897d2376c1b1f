"""Sending what was given up once more."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, Uuid, bindparam, func, literal, null, or_, select, update

from crm.actor import Sight
from crm.channels.errors import ChannelDisabled, MessageNotDead, OnlyManagersShare
from crm.channels.holding import may_share
from crm.channels.models import notification_channels, notification_messages
from crm.channels.planning import wake
from crm.channels.queries import MESSAGE
from crm.database import Transaction, statement
from crm.nouns import Answer, as_answer, this_one
from crm.recording import explain

_c, _m = notification_channels.c, notification_messages.c


async def retry(tx: Transaction, message_id: UUID) -> Answer:
    """Send a dead message once more, with a whole schedule before it.

    Raises ``NotFound``, ``Stale``, ``OnlyManagersShare``, ``MessageNotDead``, ``ChannelDisabled``.
    """
    await explain(tx, MESSAGE, message_id)
    row = await tx.row(_about(), id=message_id)
    if row is not None and row["shared"] and not may_share(tx.actor):
        raise OnlyManagersShare
    if row is not None and row["channel_state"] not in {"active", "unverified"}:
        raise ChannelDisabled
    again = await tx.row(_retry(tx.actor.sight), id=message_id)
    if again is None or row is None:
        raise MessageNotDead
    await wake(tx, row["channel_id"])
    return Answer(*again)


@statement
def _about() -> Select[Any]:
    home = bindparam("workspace_id", type_=Uuid)
    return select(_m.channel_id, _c.state.label("channel_state"), _c.user_id.is_(None).label("shared")).where(
        _m.workspace_id == home, _m.id == bindparam("id", type_=Uuid), _c.workspace_id == home, _c.id == _m.channel_id
    )


@statement
def _retry(sight: Sight) -> Select[Any]:
    expected = bindparam("if_match", type_=BigInteger)
    changed = (
        update(notification_messages)
        .where(this_one(MESSAGE, sight), _m.state == literal("dead"), or_(expected.is_(None), _m.version == expected))
        .values(
            state="pending",
            next_attempt_at=func.now(),
            settled_at=null(),
            earlier_attempts=_m.attempts,
            version=_m.version + 1,
            updated_at=func.now(),
        )
        .returning(*_m)
    )
    return as_answer(MESSAGE, changed.cte("changed"))
