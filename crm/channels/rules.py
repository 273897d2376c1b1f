"""When somebody may be told, when to try again, and how often. Pure functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from crm.actor import Role
from crm.channels.vocabulary import ChannelKind, Digest
from crm.clock import is_weekday, local_date, moment_of

GATHER = timedelta(seconds=10)
"""What comes so soon after another goes in one message with it, even where everything is to be told immediately."""

PER_MINUTE: Mapping[ChannelKind, int] = MappingProxyType(
    # domain.md B13: WeCom and DingTalk 20 messages a minute, Feishu 100. The others are ours.
    {"email": 10, "wecom": 20, "dingtalk": 20, "feishu": 100, "webhook": 60}
)
"""At most so many attempts in any 60 seconds; a channel can be set lower."""

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480))
"""Nine attempts over 16 hours: what nobody could be told by then, nobody wants to be told any more."""
MOST_ATTEMPTS = len(WAITS) + 1
LONGEST_HOLD = timedelta(minutes=15)
"""So long at most another's ``Retry-After`` stretches a short step: DingTalk shuts us out for ten minutes."""
OPEN_AFTER = 3
"""After so many failures in a row a channel is only probed: new messages wait behind the one that fails."""
HOPELESS_AFTER = timedelta(hours=120)
"""A channel that has only failed for so long is disabled."""

MOST_OWN = 10
MOST_SHARED = 50
MOST_IN_A_MESSAGE = 1_000

CODE_LASTS = timedelta(minutes=30)
CODE_GUESSES = 5
CODE_AGAIN = timedelta(minutes=1)
MOST_CODES = 10
"""To so many unproven addresses of one person in an hour: whoever adds and removes them must not write to strangers."""

SHARERS = frozenset({Role.ADMIN, Role.MANAGER})

FAR = 400
"""So many days are looked through for a moment that is not quiet."""


class Verdict(StrEnum):
    """What an attempt came to: it arrived; try again; never this message; never anything over this channel."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Ways:
    """How a channel is to be used: its zone, its quiet hours, and when it is told.

    ``is_working_day`` tells the days that are not quiet under ``quiet_weekends``: those of the calendar that whoever is
    told goes by, holidays and made-up working days included.
    """

    kind: ChannelKind
    timezone: str
    digest: Digest = "immediately"
    digest_times: Sequence[time] = ()
    quiet_from: time | None = None
    quiet_until: time | None = None
    quiet_weekends: bool = False
    is_working_day: Callable[[date], bool] = is_weekday


def due_at(ways: Ways, channel_id: UUID, now: datetime) -> datetime:
    """When something that is said now is told over the channel: by its digest, never in its quiet hours."""
    if ways.digest == "hourly":
        found = _next_hour(ways, now)
    elif ways.digest == "daily" and ways.digest_times:
        found = _next_time(ways, now)
    else:
        found = now + GATHER
    return next_chance(ways, channel_id, found)


def next_chance(ways: Ways, channel_id: UUID, moment: datetime) -> datetime:
    """The first moment from this one on at which the channel may be told."""
    return _aside(ways, channel_id, after_quiet(ways, moment))


def is_quiet(ways: Ways, moment: datetime) -> bool:
    """Whether nobody is to be disturbed at this moment. An end before the beginning is on the next day."""
    local = moment.astimezone(ZoneInfo(ways.timezone))
    if ways.quiet_weekends and not ways.is_working_day(local.date()):
        return True
    if ways.quiet_from is None or ways.quiet_until is None:
        return False
    at = local.time()
    if ways.quiet_from <= ways.quiet_until:
        return ways.quiet_from <= at < ways.quiet_until
    return at >= ways.quiet_from or at < ways.quiet_until


def after_quiet(ways: Ways, moment: datetime) -> datetime:
    """This moment, or the end of the quiet hours that it falls into. Zones and clock changes are those of ``clock``."""
    day = local_date(moment, ways.timezone)
    for _ in range(FAR):
        if not is_quiet(ways, moment):
            return moment
        ends = [_moment(ways, day, time(0)), _moment(ways, day + timedelta(days=1), time(0))]
        if ways.quiet_until is not None:
            ends += [_moment(ways, each, ways.quiet_until) for each in (day, day + timedelta(days=1))]
        later = [end for end in ends if end > moment]
        moment = min(later, default=moment + timedelta(days=1))
        day = local_date(moment, ways.timezone)
    return moment


def next_try(attempt: int, random: Random, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after the given failed attempt (the first is 1); None when it was the last.

    Never sooner than the step, so that attempts within a minute are as many as messages; up to a fifth later, so that
    what failed together does not come back together.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    if attempt > len(WAITS):
        return None
    step = WAITS[attempt - 1]
    wanted = step if retry_after is None else max(step, min(retry_after, max(2 * step, LONGEST_HOLD)))
    return wanted * random.uniform(1, 1.2)


def _next_hour(ways: Ways, now: datetime) -> datetime:
    # By the zone's own clock: some are half an hour beside the others.
    local = now.astimezone(ZoneInfo(ways.timezone))
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now - past + timedelta(hours=1)


def _next_time(ways: Ways, now: datetime) -> datetime:
    day = local_date(now, ways.timezone)
    moments = [_moment(ways, day + timedelta(days=ahead), at) for ahead in range(3) for at in sorted(ways.digest_times)]
    return min((moment for moment in moments if moment > now), default=now + timedelta(days=1))


def _moment(ways: Ways, day: date, at: time) -> datetime:
    return moment_of(day, at, ways.timezone)


def _aside(ways: Ways, channel_id: UUID, moment: datetime) -> datetime:
    """Feishu asks not to be called at full and half hours (its error 11232): a minute to four later, each its own."""
    if ways.kind != "feishu" or moment.astimezone(UTC).minute not in {0, 30}:
        return moment
    return moment + timedelta(seconds=60 + channel_id.int % 180)
