"""When a channel is next looked at: the moment of what it is owed, kept in ``next_at``.

Whoever adds to what a channel is owed moves ``next_at`` forward; whoever has sent works it out anew, having locked the
channel's row in a statement before: what was added meanwhile is seen by the second, and nothing is forgotten.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    select,
    update,
)

from crm.channels.models import notification_channels, notification_items, notification_messages
from crm.channels.rules import OPEN_AFTER, Ways, due_at
from crm.database import Transaction, statement
from crm.tables import Moment

WAYS = ("kind", "timezone", "digest", "digest_times", "quiet_from", "quiet_until", "quiet_weekends")

_c, _i, _m = notification_channels.c, notification_items.c, notification_messages.c


def ways_from(row: Mapping[str, Any], is_working_day: Callable[[date], bool]) -> Ways:
    """The ways of a channel, from a row with its columns, by these working days."""
    return Ways(**{name: row[name] for name in WAYS}, is_working_day=is_working_day)


def ways_but_days_off(row: Mapping[str, Any]) -> Ways:
    """The same as if every day were worked: when to look at a channel, which then goes by its calendar.

    Whoever looks after all workspaces at once has no calendar at hand.
    """
    return Ways(**{name: row[name] for name in WAYS if name != "quiet_weekends"})


async def ways_of(tx: Transaction, channel_id: UUID) -> dict[str, Any] | None:
    """The columns that say how a channel is used, its row locked; None where there is none."""
    row = await tx.row(_ways(), channel_id=channel_id)
    return None if row is None else dict(row)


async def plan_anew(tx: Transaction, channel_id: UUID) -> None:
    """What waits is told when the channel's present ways say so."""
    row = await ways_of(tx, channel_id)
    if row is not None:
        due = due_at(ways_but_days_off(row), channel_id, datetime.now(UTC))
        await tx.rows(_move_items(), channel_id=channel_id, due=due)
        await wake(tx, channel_id)


async def wake(tx: Transaction, channel_id: UUID) -> None:
    """Work out when there is next something to do; the channel's row has been locked by a statement before."""
    await tx.rows(_ways(), channel_id=channel_id)
    await tx.rows(_wake(), channel_id=channel_id)


def next_moment() -> ColumnElement[Any]:
    """When a channel has next something to do. While it only fails, what waits waits longer."""
    message = select(func.min(_m.next_attempt_at)).where(
        _m.workspace_id == _c.workspace_id, _m.channel_id == _c.id, _m.state == "pending"
    )
    item = select(func.min(_i.due_at)).where(
        _i.workspace_id == _c.workspace_id,
        _i.channel_id == _c.id,
        _i.message_id.is_(None),
        _i.dropped_because.is_(None),
    )
    is_told = _c.state.in_(("active", "unverified"))
    pending = message.correlate(notification_channels).scalar_subquery()
    waiting = item.correlate(notification_channels).scalar_subquery()
    fails = _c.failures >= OPEN_AFTER
    return case((and_(is_told, fails), func.coalesce(pending, waiting)), (is_told, func.least(pending, waiting)))


def this_channel() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The channel named as ``channel_id``."""
    return _c.workspace_id == bindparam("workspace_id", type_=Uuid), _c.id == bindparam("channel_id", type_=Uuid)


@statement
def _ways() -> Select[Any]:
    return select(*(_c[name] for name in WAYS)).where(*this_channel()).with_for_update()


@statement
def _move_items() -> Update:
    mine = (
        _i.workspace_id == bindparam("workspace_id", type_=Uuid),
        _i.channel_id == bindparam("channel_id", type_=Uuid),
    )
    waiting = _i.message_id.is_(None), _i.dropped_because.is_(None)
    return update(notification_items).where(*mine, *waiting).values(due_at=bindparam("due", type_=Moment))


@statement
def _wake() -> Update:
    return update(notification_channels).where(*this_channel()).values(next_at=next_moment())
