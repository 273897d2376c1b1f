"""Who is to be told of what: notifications become what channels are owed, over all workspaces.

A notification is taken once (``dispatched_at``), in turns by workspace; what a channel is owed of it, and the moment at
which the channel looks after it, are written in the same transaction. When is worked out by ``rules``, in Python: the
clocks of a zone are read in one place only.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.channels.models import notification_channels, notification_items
from crm.channels.planning import WAYS, ways_but_days_off
from crm.channels.rules import due_at
from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.reminders import due
from crm.tables import Moment
from crm.turns import taken_in_turns

_c, _n = notification_channels.c, notifications.c

Taken = list[asyncpg.Record]


async def take(tx: Transaction, *, after: UUID, share: int, most: int) -> Taken:
    """Notifications nobody has looked after yet, locked: ``share`` of each workspace. ``Database.scanning``."""
    return await tx.rows(_take(), after=after, share=share, most=most)


async def is_firing_behind(tx: Transaction) -> bool:
    """Whether there are reminders whose moment has come and that are not fired yet."""
    return bool(await tx.value(_anything_due(), now=None))


def has_channels(workspace_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether this workspace has any channel that is told of anything now."""
    channel = notification_channels.alias("told_channel").c
    return exists().where(channel.workspace_id == workspace_id, channel.state == "active")


async def owe(tx: Transaction, taken: Taken, now: datetime | None = None) -> int:
    """Write down what the channels of these people are owed of these notifications; how much that is.

    Whoever is no longer active is owed nothing. Owing something twice is owing it once.
    """
    if not taken:
        return 0
    columns = {name: [row[name] for row in taken] for name in ("workspace_id", "id", "user_id", "kind")}
    owed = await tx.rows(
        _owed(),
        workspace_ids=columns["workspace_id"],
        ids=columns["id"],
        user_ids=columns["user_id"],
        kinds=columns["kind"],
    )
    if owed:
        await _write(tx, owed, now or datetime.now(UTC))
    await tx.rows(_dispatched(), workspace_ids=columns["workspace_id"], ids=columns["id"])
    return len(owed)


async def _write(tx: Transaction, owed: Sequence[asyncpg.Record], now: datetime) -> None:
    moments: dict[tuple[UUID, UUID], datetime] = {}
    for row in owed:
        channel = row["workspace_id"], row["channel_id"]
        if channel not in moments:
            moments[channel] = due_at(ways_but_days_off(dict(row)), row["channel_id"], now)
    # In order, so that two rounds beside each other wait for each other instead of for ever.
    channels = sorted(moments)
    homes, ids = [home for home, _ in channels], [channel_id for _, channel_id in channels]
    await tx.rows(_lock(), workspace_ids=homes, ids=ids)
    await tx.rows(
        _insert(),
        workspace_ids=[row["workspace_id"] for row in owed],
        channel_ids=[row["channel_id"] for row in owed],
        ids=[row["id"] for row in owed],
        moments=[moments[row["workspace_id"], row["channel_id"]] for row in owed],
    )
    await tx.rows(_wake(), workspace_ids=homes, ids=ids, moments=[moments[channel] for channel in channels])


def _side_by_side(name: str, **columns: Any) -> Any:
    arrays = [bindparam(column, type_=ARRAY(type_)) for column, (_, type_) in columns.items()]
    return func.unnest(*arrays).table_valued(*(called for called, _ in columns.values()), name=name).render_derived().c


@statement
def _anything_due() -> Select[Any]:
    return due.anything_due()


@statement
def _take() -> Select[Any]:
    taken = taken_in_turns(notifications, lambda row: row.c.dispatched_at.is_(None), ["id", "user_id", "kind"], ["id"])
    return select(*taken.c)


@statement
def _owed() -> Select[Any]:
    arrays: dict[str, Any] = {"workspace_ids": Uuid, "ids": Uuid, "user_ids": Uuid, "kinds": Text}
    given: list[Any] = [bindparam(name, type_=ARRAY(type_)) for name, type_ in arrays.items()]
    said = func.unnest(*given).table_valued("workspace_id", "id", "user_id", "kind", name="said").render_derived().c
    asked = func.recipients_among(given[0], given[2]).table_valued("workspace_id", "user_id", "team_id", name="asked")
    person = select(asked.c.workspace_id, asked.c.user_id, asked.c.team_id).cte("person").prefix_with("MATERIALIZED").c
    shared = and_(_c.user_id.is_(None), or_(_c.team_id.is_(None), _c.team_id == person.team_id))
    return select(said.workspace_id, said.id, _c.id.label("channel_id"), *(_c[name] for name in WAYS)).where(
        person.workspace_id == said.workspace_id,
        person.user_id == said.user_id,
        _c.workspace_id == said.workspace_id,
        _c.state == "active",
        or_(_c.user_id == said.user_id, shared),
        or_(_c.notification_kinds.is_(None), said.kind == any_(_c.notification_kinds)),
    )


@statement
def _lock() -> Select[Any]:
    wanted = _side_by_side("wanted", workspace_ids=("workspace_id", Uuid), ids=("id", Uuid))
    return (
        select(_c.id)
        .where(_c.workspace_id == wanted.workspace_id, _c.id == wanted.id)
        .order_by(_c.workspace_id, _c.id)
        .with_for_update(of=notification_channels)
    )


@statement
def _insert() -> Any:
    new = _side_by_side(
        "new",
        workspace_ids=("workspace_id", Uuid),
        channel_ids=("channel_id", Uuid),
        ids=("notification_id", Uuid),
        moments=("due_at", Moment),
    )
    columns = ["workspace_id", "channel_id", "notification_id", "due_at"]
    rows = select(new.workspace_id, new.channel_id, new.notification_id, new.due_at)
    return insert(notification_items).from_select(columns, rows).on_conflict_do_nothing()


@statement
def _wake() -> Update:
    told = _side_by_side("told", workspace_ids=("workspace_id", Uuid), ids=("id", Uuid), moments=("due_at", Moment))
    soonest = func.least(_c.next_at, told.due_at)
    return (
        update(notification_channels)
        .where(_c.workspace_id == told.workspace_id, _c.id == told.id, _c.state == "active")
        .values(next_at=soonest)
    )


@statement
def _dispatched() -> Update:
    taken = _side_by_side("taken", workspace_ids=("workspace_id", Uuid), ids=("id", Uuid))
    this = tuple_(_n.workspace_id, _n.id) == tuple_(taken.workspace_id, taken.id)
    return update(notifications).where(this).values(dispatched_at=func.now())
