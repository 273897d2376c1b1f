"""What is to be sent over a leased channel: put together, looked through once more, and counted as an attempt.

In two short transactions; between them it is asked, of each person, whether they may still see what they are told of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    bindparam,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.calendars.prepared import calendar_of, calendar_of_team, workspace_calendar
from crm.channels.leases import Lease, give_back
from crm.channels.models import notification_channels, notification_items, notification_messages
from crm.channels.planning import WAYS, wake, ways_from
from crm.channels.rules import MOST_IN_A_MESSAGE, OPEN_AFTER, Ways, is_quiet, next_chance
from crm.channels.vocabulary import ChannelKind, DroppedBecause, Occasion
from crm.clock import is_weekday
from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.tables import Moment
from crm.workspaces.models import users, workspaces

MINUTE = timedelta(seconds=60)

_c, _m, _i = notification_channels.c, notification_messages.c, notification_items.c


class Item(NamedTuple):
    """A notification in a message."""

    id: UUID
    user_id: UUID
    user_name: str
    kind: str
    title: str
    subject_type: str
    subject_id: UUID
    customer_id: UUID | None
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is about to be sent."""

    lease: Lease
    message_id: UUID
    occasion: Occasion
    attempt: int
    """Which attempt of the present schedule this will be, counted from 1."""
    ways: Ways
    shared: bool
    name: str
    address: str | None
    sealed: bytes | None
    code_sent_at: datetime | None
    language: str
    items: Sequence[Item]

    @property
    def kind(self) -> ChannelKind:
        """What kind of channel it goes over."""
        return self.ways.kind


async def draft(tx: Transaction, lease: Lease) -> Draft | None:
    """The message whose turn it is; None where there is none just now, and then the channel is let go.

    In quiet hours, and on days off where those are quiet, only tests and codes are sent; at the limit of attempts in a
    minute nothing is.
    """
    channel = await tx.row(_lock(), channel_id=lease.channel_id, lease_id=lease.lease_id)
    if channel is None:
        return None
    now, ways = channel["now"], ways_from(dict(channel), await _working_days(tx, dict(channel)))
    recent = await tx.row(_recent(), channel_id=lease.channel_id, since=now - MINUTE)
    if recent is not None and recent["attempts"] >= channel["per_minute"]:
        return await _later(tx, lease, recent["oldest"] + MINUTE)
    message = await tx.row(_next_message(), channel_id=lease.channel_id)
    if message is not None and message["next_attempt_at"] > now:
        if channel["failures"] >= OPEN_AFTER:
            return await _later(tx, lease, message["next_attempt_at"])
        message = None
    if (message is None or message["occasion"] == "notifications") and is_quiet(ways, now):
        return await _later(tx, lease, next_chance(ways, lease.channel_id, now))
    if message is None:
        message = await tx.row(_bundle(MOST_IN_A_MESSAGE), channel_id=lease.channel_id)
    if message is None:
        await give_back(tx, lease)
        await wake(tx, lease.channel_id)
        return None
    return Draft(
        lease=lease,
        message_id=message["id"],
        occasion=message["occasion"],
        attempt=message["attempts"] - message["earlier_attempts"] + 1,
        ways=ways,
        shared=channel["user_id"] is None,
        name=channel["name"],
        address=channel["address"],
        sealed=channel["sealed"],
        code_sent_at=channel["code_sent_at"],
        language=channel["told_in"],
        items=[Item(*row) for row in await tx.rows(_items(), message_id=message["id"])],
    )


async def begin(tx: Transaction, sent: Draft, dropped: Mapping[UUID, DroppedBecause]) -> bool:
    """Count the attempt. What is ``dropped`` is left out for good; False where nothing is left to say, or the lease."""
    lease = sent.lease
    if await tx.row(_lock(), channel_id=lease.channel_id, lease_id=lease.lease_id) is None:
        return False
    if dropped:
        whys = list(dropped.values())
        await tx.rows(_drop(), channel_id=lease.channel_id, ids=list(dropped), whys=whys)
    left = len(sent.items) - len(dropped)
    if sent.occasion == "notifications" and left == 0:
        await tx.rows(_dropped(), message_id=sent.message_id)
        await give_back(tx, lease)
        await wake(tx, lease.channel_id)
        return False
    return await tx.row(_attempt(), message_id=sent.message_id, count=left) is not None


async def _working_days(tx: Transaction, channel: Mapping[str, Any]) -> Callable[[date], bool]:
    """The working days of whom a channel tells: a person's, a team's, or the workspace's."""
    if not channel["quiet_weekends"]:
        return is_weekday
    if channel["user_id"] is not None:
        calendar = await calendar_of(tx, channel["user_id"])
    elif channel["team_id"] is not None:
        calendar = await calendar_of_team(tx, channel["team_id"])
    else:
        calendar = await workspace_calendar(tx)
    return calendar.is_working_day


async def _later(tx: Transaction, lease: Lease, moment: datetime) -> Draft | None:
    """Let the channel go until then."""
    await tx.rows(_postpone(), channel_id=lease.channel_id, lease_id=lease.lease_id, moment=moment)
    return None


def _channel() -> tuple[Any, Any, Any]:
    return (
        _c.workspace_id == bindparam("workspace_id", type_=Uuid),
        _c.id == bindparam("channel_id", type_=Uuid),
        _c.lease_id == bindparam("lease_id", type_=Uuid),
    )


def _message() -> tuple[Any, Any]:
    return _m.workspace_id == bindparam("workspace_id", type_=Uuid), _m.id == bindparam("message_id", type_=Uuid)


def _of_channel() -> tuple[Any, Any]:
    home = _m.workspace_id == bindparam("workspace_id", type_=Uuid)
    return home, _m.channel_id == bindparam("channel_id", type_=Uuid)


@statement
def _lock() -> Select[Any]:
    home = bindparam("workspace_id", type_=Uuid)
    persons = select(users.c.language).where(users.c.workspace_id == home, users.c.id == _c.user_id).scalar_subquery()
    houses = select(workspaces.c.language).where(workspaces.c.workspace_id == home).scalar_subquery()
    told_in = func.coalesce(_c.language, persons, houses).label("told_in")
    shown = ("user_id", "team_id", "name", "address", "sealed", "code_sent_at", "per_minute", "failures", *WAYS)
    locked = select(*(_c[name] for name in shown), told_in, func.now().label("now"))
    return locked.where(*_channel()).with_for_update(of=notification_channels)


@statement
def _recent() -> Select[Any]:
    found: list[ColumnElement[Any]] = [func.count().label("attempts"), func.min(_m.last_attempt_at).label("oldest")]
    return select(*found).where(*_of_channel(), _m.last_attempt_at > bindparam("since", type_=Moment))


@statement
def _next_message() -> Select[Any]:
    found = select(_m.id, _m.occasion, _m.attempts, _m.earlier_attempts, _m.next_attempt_at)
    return found.where(*_of_channel(), _m.state == "pending").order_by(_m.next_attempt_at, _m.id).limit(1)


@statement
def _bundle(most: int) -> Select[Any]:
    """Everything that is due, in one message."""
    home, channel_id = bindparam("workspace_id", type_=Uuid), bindparam("channel_id", type_=Uuid)
    waiting = and_(
        _i.workspace_id == home,
        _i.channel_id == channel_id,
        _i.message_id.is_(None),
        _i.dropped_because.is_(None),
        _i.due_at <= func.now(),
    )
    chosen = select(_i.notification_id).where(waiting).order_by(_i.due_at, _i.notification_id).limit(most).cte("chosen")
    anything = select(chosen.c.notification_id).exists()
    new = select(_c.workspace_id, _c.id, _c.user_id, _c.team_id, literal("notifications", Text)).where(
        _c.workspace_id == home, _c.id == channel_id, anything
    )
    columns = ["workspace_id", "channel_id", "user_id", "team_id", "occasion"]
    made = insert(notification_messages).from_select(columns, new)
    message = made.returning(_m.id, _m.occasion, _m.attempts, _m.earlier_attempts, _m.next_attempt_at).cte("made")
    put = (
        update(notification_items)
        .where(
            _i.workspace_id == home,
            _i.channel_id == channel_id,
            _i.notification_id == chosen.c.notification_id,
        )
        .values(message_id=select(message.c.id).scalar_subquery())
    )
    return select(*message.c).add_cte(put.cte("put"))


@statement
def _items() -> Select[Any]:
    n = notifications.c
    home = bindparam("workspace_id", type_=Uuid)
    return (
        select(
            n.id,
            n.user_id,
            users.c.name,
            n.kind,
            n.title,
            n.subject_type,
            n.subject_id,
            n.customer_id,
            n.created_at,
            n.read_at,
        )
        .where(
            _i.workspace_id == home,
            _i.message_id == bindparam("message_id", type_=Uuid),
            _i.dropped_because.is_(None),
            n.workspace_id == home,
            n.id == _i.notification_id,
            users.c.workspace_id == home,
            users.c.id == n.user_id,
        )
        .order_by(n.created_at, n.id)
    )


@statement
def _drop() -> Update:
    given = [bindparam("ids", type_=ARRAY(Uuid)), bindparam("whys", type_=ARRAY(Text))]
    gone = func.unnest(*given).table_valued("id", "why", name="gone").render_derived().c
    home, channel = bindparam("workspace_id", type_=Uuid), bindparam("channel_id", type_=Uuid)
    this = and_(_i.workspace_id == home, _i.channel_id == channel, _i.notification_id == gone.id)
    return update(notification_items).where(this).values(dropped_because=gone.why)


@statement
def _dropped() -> Update:
    values = {"state": "dropped", "settled_at": func.now(), "notification_count": 0}
    return update(notification_messages).where(*_message()).values(values | _touched())


@statement
def _attempt() -> Update:
    values = {
        "attempts": _m.attempts + 1,
        "last_attempt_at": func.now(),
        "notification_count": bindparam("count", type_=Integer),
    }
    counted = update(notification_messages).where(*_message(), _m.state == "pending").values(values | _touched())
    return counted.returning(_m.id)


def _touched() -> dict[str, Any]:
    return {"version": _m.version + 1, "updated_at": func.now()}


@statement
def _postpone() -> Update:
    values = {"next_at": bindparam("moment", type_=Moment), "lease_id": null(), "leased_until": null()}
    return update(notification_channels).where(*_channel()).values(values)
