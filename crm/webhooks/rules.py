"""What an endpoint's answer means, when to try again, and who wants to hear of what. Pure functions."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random

# The schedule that Standard Webhooks gives as its example: eleven attempts over 75 h 36 min.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2
OVERLOADED_WAIT = timedelta(seconds=60)
MOST_ATTEMPTS = len(WAITS) + 1

OPEN_AFTER = 5
"""After so many failures in a row an endpoint is only probed: one delivery at a time."""

MOST_AT_ONCE = 2
MOST_AT_ONCE_IN_A_WORKSPACE = 10

HOPELESS_AFTER = timedelta(hours=120)
"""An endpoint that has only failed for so long is disabled."""

SECRET_OVERLAP = timedelta(hours=24)
"""How long a secret goes on signing beside the one that replaced it."""

RECOVERABLE = timedelta(days=14)
MOST_ENDPOINTS = 20

OWN_AFFAIRS = ("webhook", "webhook_endpoint", "webhook_delivery")
"""The families of events that are about webhooks themselves."""

_SECONDS = re.compile(r"[0-9]{1,9}")


class Verdict(StrEnum):
    """What an attempt came to: it arrived; the endpoint asks never to be called again; or it must be tried again."""

    DELIVERED = "delivered"
    GONE = "gone"
    RETRY = "retry"


def judge(status: int | None) -> Verdict:
    """2xx has arrived, 410 disables the endpoint, everything else is tried again: redirects, which are not followed,
    refusals (an operator may yet mend them), and no answer at all (``None``).
    """
    if status is not None and 200 <= status <= 299:
        return Verdict.DELIVERED
    return Verdict.GONE if status == 410 else Verdict.RETRY


def next_try(
    attempt: int, random: Random, retry_after: timedelta | None = None, *, overloaded: bool = False
) -> timedelta | None:
    """How long to wait after the given failed attempt (the first is 1); ``None`` when it was the last.

    The step is spread by ±20 %, so that what failed together does not come back together. A ``retry_after`` is obeyed
    between one and two steps, so that no endpoint can hurry us or hold us for days. ``overloaded`` (429, or no answer
    in time) makes the step at least a minute.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    if attempt > len(WAITS):
        return None
    least = OVERLOADED_WAIT if overloaded else timedelta(0)
    step = max(WAITS[attempt - 1], least)
    if retry_after is None:
        return max(step * random.uniform(1 - JITTER, 1 + JITTER), least)
    wanted = min(max(retry_after, step), 2 * step)
    return min(wanted * random.uniform(1, 1 + JITTER), 2 * step)


def parse_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """A ``Retry-After`` header as a time to wait from now, never negative; ``None`` when it says nothing readable."""
    if text is None:
        return None
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta(0))


def matches(event_type: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern names the event: ``*`` all, ``visit.*`` all of visits, ``visit.completed`` that one."""
    return any(
        pattern in ("*", event_type) or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))
        for pattern in patterns
    )


def is_deliverable(event_type: str) -> bool:
    """Whether endpoints can be told of it at all. Not of what happens to endpoints themselves: that would be a loop."""
    return event_type.partition(".")[0] not in OWN_AFFAIRS


def unknown_pattern(patterns: Iterable[str], known: Iterable[str]) -> int | None:
    """The place of the first pattern that names nothing among the known types of events; ``None`` when all do."""
    deliverable = [event_type for event_type in known if is_deliverable(event_type)]
    for place, pattern in enumerate(patterns):
        if pattern != "*" and not any(matches(event_type, [pattern]) for event_type in deliverable):
            return place
    return None
