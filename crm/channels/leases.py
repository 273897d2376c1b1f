"""Whose turn it is to be told: channels with something to do, leased a bounded share per workspace.

Leasing the channel and not the message keeps one message under way to it, in order, and makes its limits exact.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.channels.models import notification_channels
from crm.channels.vocabulary import ChannelKind
from crm.database import Access, Transaction, statement
from crm.turns import taken_in_turns

LEASE = timedelta(seconds=90)
"""Longer than a mail server may take (``services.worker.channels.email``: 30 s) and settling after it."""

_c = notification_channels.c


class Lease(NamedTuple):
    """The right to send what a channel is owed, once."""

    workspace_id: UUID
    channel_id: UUID
    lease_id: UUID
    kind: ChannelKind


async def claim(access: Access, *, kinds: Collection[ChannelKind], after: UUID, share: int, most: int) -> list[Lease]:
    """Lease channels of these kinds that have something to do, over all workspaces (``Database.scanning``)."""
    if not kinds or not await access.value(_anything_due()):
        return []
    rows = await access.rows(_claim(), kinds=list(kinds), after=after, share=share, most=most)
    return [Lease(*row) for row in rows]


@statement
def _anything_due() -> Select[Any]:
    """By one probe of an index: however many wait for tomorrow, nobody reads them."""
    first = select(_c.next_at).where(_c.next_at.is_not(None)).order_by(_c.next_at).limit(1)
    return select(first.scalar_subquery() <= func.now())


@statement
def _claim() -> Update:
    taken = taken_in_turns(notification_channels, _waits, ["id"], ["next_at"])
    return (
        update(notification_channels)
        .where(_c.workspace_id == taken.c.workspace_id, _c.id == taken.c.id)
        .values(lease_id=func.gen_random_uuid(), leased_until=func.clock_timestamp() + literal(LEASE))
        .returning(_c.workspace_id, _c.id, _c.lease_id, _c.kind)
    )


def _waits(channel: FromClause) -> ColumnElement[bool]:
    c = channel.c
    free = or_(c.lease_id.is_(None), c.leased_until < func.now())
    return and_(c.next_at <= func.now(), free, c.kind == any_(bindparam("kinds", type_=ARRAY(Text))))


async def give_back(tx: Transaction, lease: Lease) -> None:
    """Let go of a channel that nothing was sent over."""
    await tx.rows(_give_back(), channel_id=lease.channel_id, lease_id=lease.lease_id)


@statement
def _give_back() -> Update:
    mine = (
        _c.workspace_id == bindparam("workspace_id", type_=Uuid),
        _c.id == bindparam("channel_id", type_=Uuid),
        _c.lease_id == bindparam("lease_id", type_=Uuid),
    )
    return update(notification_channels).where(*mine).values(lease_id=null(), leased_until=null())
