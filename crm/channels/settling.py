"""What an attempt came to, written down behind the lease: for the message, and for the channel's health."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from crm.channels import events
from crm.channels.letters import Draft
from crm.channels.models import notification_channels, notification_messages
from crm.channels.planning import wake
from crm.channels.queries import CHANNEL
from crm.channels.rules import HOPELESS_AFTER, Verdict, after_quiet, next_try
from crm.channels.vocabulary import DisabledBecause, MessageState
from crm.channels.words import words_for
from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.recording import record, recorded
from crm.tables import Moment

_c, _m = notification_channels.c, notification_messages.c


@dataclass(frozen=True, slots=True)
class Report:
    """What an attempt came to. Never holds an address, a key, or anything the other side wrote but its code."""

    verdict: Verdict
    status: int | None = None
    code: str | None = None
    error: str | None = None
    retry_after: timedelta | None = None


async def settle(tx: Transaction, sent: Draft, report: Report, random: Random) -> MessageState | None:
    """Write down what an attempt came to, and let the channel go; None, and nothing is written, when the lease is lost.

    Gives what has become of the message. A channel that is gone, or has only failed for five days, is turned off.
    """
    lease = sent.lease
    now: datetime | None = await tx.value(_lock(), channel_id=lease.channel_id, lease_id=lease.lease_id)
    if now is None:
        return None
    wait = next_try(sent.attempt, random, report.retry_after) if report.verdict is Verdict.RETRY else None
    state: MessageState = "sent" if report.verdict is Verdict.SENT else "dead" if wait is None else "pending"
    next_at = now + (wait or timedelta(0))
    if state == "pending" and sent.occasion == "notifications":
        next_at = after_quiet(sent.ways, next_at)
    await tx.rows(
        _settle(),
        message_id=sent.message_id,
        state=state,
        next_at=next_at,
        status=report.status,
        code=report.code,
        error=report.error,
    )
    hopeless = await tx.value(
        _released(), channel_id=lease.channel_id, lease_id=lease.lease_id, well=report.verdict is Verdict.SENT
    )
    if report.verdict is Verdict.GONE:
        await turn_off(tx, lease.channel_id, "gone")
    elif hopeless:
        await turn_off(tx, lease.channel_id, "failing")
    await wake(tx, lease.channel_id)
    return state


async def turn_off(tx: Transaction, channel_id: UUID, because: DisabledBecause) -> bool:
    """Have the product itself disable a channel, and its owner told in the inbox; False where it was not in use."""
    title = words_for(tx.actor.language).turned_off
    done = await record(tx, events.DISABLED, _turn_off(), channel_id=channel_id, because=because, title=title)
    return done is not None


@statement
def _lock() -> Select[Any]:
    return select(func.now()).where(*_leased()).with_for_update(of=notification_channels)


def _leased() -> tuple[Any, Any, Any]:
    return *_this(), _c.lease_id == bindparam("lease_id", type_=Uuid)


def _this() -> tuple[Any, Any]:
    return _c.workspace_id == bindparam("workspace_id", type_=Uuid), _c.id == bindparam("channel_id", type_=Uuid)


@statement
def _settle() -> Update:
    state = bindparam("state", type_=Text)
    this = (
        _m.workspace_id == bindparam("workspace_id", type_=Uuid),
        _m.id == bindparam("message_id", type_=Uuid),
        _m.state == "pending",
    )
    values = {
        "state": state,
        "next_attempt_at": bindparam("next_at", type_=Moment),
        "last_status": bindparam("status", type_=Integer),
        "last_code": bindparam("code", type_=Text),
        "last_error": bindparam("error", type_=Text),
        "settled_at": case((state != "pending", func.now())),
        "version": _m.version + 1,
        "updated_at": func.now(),
    }
    return update(notification_messages).where(*this).values(values)


@statement
def _released() -> Update:
    """The lease is over; one success and all is forgiven."""
    well = bindparam("well", type_=notification_channels.c.quiet_weekends.type)
    values = {
        "lease_id": null(),
        "leased_until": null(),
        "failures": case((well, 0), else_=_c.failures + 1),
        "failing_since": case((~well, func.coalesce(_c.failing_since, func.now()))),
    }
    freed = update(notification_channels).where(*_leased()).values(values)
    return freed.returning(_c.failing_since <= func.now() - literal(HOPELESS_AFTER))


@statement
def _turn_off() -> Insert:
    values = {"state": "disabled", "disabled_because": bindparam("because", type_=Text), "next_at": null()}
    change = update(notification_channels).where(*_this(), _c.state == "active").values(values)
    return recorded(CHANNEL, change, also=lambda changed: [_told(changed)])


def _told(channel: CTE) -> Insert:
    """The owner's inbox says so, and so do their other channels."""
    new = {
        "workspace_id": channel.c.workspace_id,
        "user_id": channel.c.user_id,
        "kind": literal("channel_disabled", Text),
        "title": func.concat(bindparam("title", type_=Text), channel.c.name),
        "subject_type": literal("notification_channel", Text),
        "subject_id": channel.c.id,
        "dedupe_key": func.concat("channel:", cast(channel.c.id, Text), ":", cast(channel.c.version, Text)),
    }
    rows = select(*new.values()).where(channel.c.user_id.is_not(None))
    return insert(notifications).from_select(list(new), rows).on_conflict_do_nothing()
