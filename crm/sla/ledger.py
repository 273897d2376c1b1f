"""The ledger of a clock: every stretch from when the complaint came, whether it counts, and why (``domain.md`` B8)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from crm.calendars.working_time import WorkingTime
from crm.sla.clock import Clock
from crm.sla.promises import MINUTE
from crm.sla.vocabulary import Why


class Entry(NamedTuple):
    """A part of the way of a clock. ``name`` is the holiday's; ``to_come``: it is not over yet."""

    begins: datetime
    ends: datetime
    counted: bool
    reason: Why
    name: str | None
    to_come: bool

    @property
    def length(self) -> timedelta:
        """How long it lasts by the clock on the wall."""
        return self.ends - self.begins


def entries(time: WorkingTime, clock: Clock, since: datetime, now: datetime) -> list[Entry]:
    """From ``since`` to the clock's end, or, while it runs, to whichever is later: now, or when it is due.

    What counts adds up to what the clock has counted, and what is still to come to what is left; working time in which
    it stood still has the reason ``paused``, and other time in a pause keeps its own.
    """
    end = clock.stopped_at or max(now, clock.started_at if clock.state == "paused" else clock.due_at)
    marks = {since, clock.started_at, end, now}
    for one in clock.pauses:
        marks |= {one.begins, one.ends or end}
    at = sorted(mark for mark in marks if since <= mark <= end)
    return list(_joined(_between(time, clock, now, pairwise(at))))


def sums(ledger: Iterable[Entry]) -> dict[str, timedelta]:
    """What was counted, what stood still, and what is left, by the ledger alone."""
    found = {"used": timedelta(), "paused": timedelta(), "left": timedelta()}
    for one in ledger:
        if one.counted:
            found["left" if one.to_come else "used"] += one.length
        elif one.reason == "paused":
            found["paused"] += one.length
    return found


def shown(entry: Entry) -> dict[str, Any]:
    """An entry as it is told."""
    return {**entry._asdict(), "minutes": entry.length / MINUTE}


def _between(
    time: WorkingTime, clock: Clock, now: datetime, spans: Iterable[tuple[datetime, datetime]]
) -> Iterator[Entry]:
    for begins, ends in spans:
        to_come = begins >= now
        if begins < clock.started_at:
            yield Entry(begins, ends, False, "before_start", None, to_come)
            continue
        stands = any(one.begins <= begins and (one.ends is None or ends <= one.ends) for one in clock.pauses)
        for part in time.intervals(begins, ends):
            if part.counted and stands:
                yield Entry(part.begins, part.ends, False, "paused", None, to_come)
            else:
                yield Entry(*part, to_come)


def _joined(parts: Iterable[Entry]) -> Iterator[Entry]:
    """What follows on another for the same reason is one."""
    last: Entry | None = None
    for part in parts:
        if last is not None and last.ends == part.begins and last[2:] == part[2:]:
            last = last._replace(ends=part.ends)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last
