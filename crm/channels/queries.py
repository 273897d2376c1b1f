"""How channels and messages look, and everything that reads them: one's own, and shared ones as far as one sees."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.channels.models import notification_channels, notification_messages
from crm.channels.schemas import NotificationChannelFilter, NotificationMessageFilter
from crm.database import Access
from crm.nouns import Answer, Noun, Visible
from crm.reading import Listing, among
from crm.tables import stamps, utc

HOUR_AND_MINUTE = text("'HH24:MI'")


def shape(channel: FromClause) -> Select[Any]:
    """A channel, without its secrets."""
    c = channel.c
    at = func.unnest(c.digest_times).table_valued("at", name="time_of_digest").render_derived()
    times = select(func.coalesce(func.array_agg(func.to_char(at.c.at, HOUR_AND_MINUTE)), _no_times())).select_from(at)
    return select(
        c.id,
        c.kind,
        c.name,
        c.user_id,
        c.team_id,
        c.user_id.is_(None).label("shared"),
        c.address,
        c.hint,
        c.state,
        c.disabled_because,
        c.notification_kinds,
        c.language,
        c.timezone,
        c.digest,
        times.correlate(channel).scalar_subquery().label("digest_times"),
        func.to_char(c.quiet_from, HOUR_AND_MINUTE).label("quiet_from"),
        func.to_char(c.quiet_until, HOUR_AND_MINUTE).label("quiet_until"),
        c.quiet_weekends,
        c.per_minute,
        c.failures,
        utc(c.failing_since).label("failing_since"),
        utc(c.next_at).label("next_at"),
        *stamps(channel),
    ).select_from(channel)


def message_shape(message: FromClause) -> Select[Any]:
    """A message, without what it says: that is its reader's."""
    c = message.c
    return select(
        c.id,
        c.channel_id,
        c.occasion,
        c.state,
        c.notification_count,
        c.attempts.label("attempt_count"),
        case((c.state == "pending", utc(c.next_attempt_at))).label("next_attempt_at"),
        utc(c.last_attempt_at).label("last_attempt_at"),
        c.last_status,
        c.last_code,
        c.last_error,
        utc(c.settled_at).label("settled_at"),
        *stamps(message),
    ).select_from(message)


def whose(table: Table) -> Visible:
    """One's own; shared ones of the teams one sees; those for everybody where one sees everything."""

    @cache
    def visible(sight: Sight) -> ColumnElement[bool]:
        own: ColumnElement[bool] = table.c.user_id == bindparam("user_id", type_=Uuid)
        shared: ColumnElement[bool] = false()
        if sight is Sight.TEAM:
            shared = table.c.team_id == any_(bindparam("team_ids", type_=ARRAY(Uuid)))
        elif sight is Sight.ALL:
            shared = true()
        return or_(own, and_(table.c.user_id.is_(None), shared))

    return visible


def _visible(sight: Sight) -> ColumnElement[bool]:
    return and_(notification_channels.c.state != "removed", whose(notification_channels)(sight))


def _no_times() -> ColumnElement[Any]:
    return func.string_to_array("", ",")


CHANNEL = Noun("notification_channel", notification_channels, shape, _visible, customer=None)
MESSAGE = Noun(
    "notification_message", notification_messages, message_shape, whose(notification_messages), customer=None
)

CHANNELS = Listing(
    CHANNEL,
    {"created_at": notification_channels.c.created_at},
    {
        **among(notification_channels, ["kind", "state"]),
        "shared": notification_channels.c.user_id.is_(None) == bindparam("shared", type_=Boolean),
    },
)
MESSAGES = Listing(
    MESSAGE,
    {"created_at": notification_messages.c.created_at},
    among(notification_messages, ["state", "channel_id"]),
)


async def get(access: Access, channel_id: UUID) -> Answer:
    """One channel. Raises ``NotFound``."""
    return await reading.one(access, CHANNEL, channel_id)


async def page(access: Access, wanted: NotificationChannelFilter) -> bytes:
    """A page of channels."""
    return await reading.page(access, CHANNELS, wanted)


async def get_message(access: Access, message_id: UUID) -> Answer:
    """One message. Raises ``NotFound``."""
    return await reading.one(access, MESSAGE, message_id)


async def page_of_messages(access: Access, wanted: NotificationMessageFilter) -> bytes:
    """A page of messages."""
    return await reading.page(access, MESSAGES, wanted)
