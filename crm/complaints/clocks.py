"""What the steps of a complaint do to its clocks (``domain.md`` B8, C2).

Called in the transaction of the step, once it is certain that the step is taken and before the complaint is written:
so the fact of the step shows the clocks as they are, and either both happen or none. Whoever calls holds the
complaint; its clocks are locked after it, and whoever else locks both must keep to that order.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from crm.calendars.working_time import WorkingTime
from crm.complaints.clock_cases import Case, Goes, Timed, case_of, times
from crm.complaints.clock_rows import Row, add, clocks_of, earliest, keep
from crm.complaints.vocabulary import Step
from crm.database import Transaction
from crm.sla import clock
from crm.sla.clock import Clock
from crm.sla.policies import KINDS, PAUSED
from crm.sla.vocabulary import ClockKind

__all__ = ["Timed", "judged", "turn"]

Turn = Callable[[WorkingTime, Row, datetime], Clock]
"""What becomes of a clock."""

NEXT_CYCLE: tuple[ClockKind, ...] = ("response", "update", "resolution")
"""What is promised again when a complaint is reopened late: that it came was acknowledged the first time."""
BEGUN_LATE: tuple[ClockKind, ...] = ("update", "resolution")
"""What may be promised only once it is known how severe a complaint is."""


async def turn(tx: Transaction, step: Step, now: Timed, was: Timed | None) -> datetime | None:
    """Start, stop, pause or move the clocks of a complaint for a step; when the earliest that runs is due, if any.

    ``now`` is the complaint as the step leaves it, ``was`` as it was before; None where it is received, before its row
    is there. A changed severity, category, customer or assignee chooses promise and calendar anew, whatever the step;
    so it is for a change without one, which comes as ``assess``.
    """
    case = await case_of(tx, now)
    every = await clocks_of(tx, [now.id], ended=True) if was is not None else []
    rows = [row for row in every if row.cycle == case.cycle]
    time = await times(tx, case.timezone, {case.goes, *(row.goes for row in rows)})
    after = rows
    if was is not None and was != now:
        after = [judged(case, row, time) for row in after]
    if act := TURNS.get(step):
        after = [row.turned(act(time[row.goes], row, case.now)) for row in after]
    # While it is the customer's turn nothing is promised to them; that begins when it is ours again.
    waits = step != "resume" and any(row.clock.state == "paused" for row in rows)
    begun = [] if waits else _begun(case, step, was, now, after, time[case.goes])
    await keep(tx, rows, after, time)
    await add(tx, begun, time)
    return earliest([*after, *begun])


def judged(case: Case, row: Row, time: Mapping[Goes, WorkingTime]) -> Row:
    """A clock by what holds for its complaint now. What ran out or ended stays as it is (``clock.judge``).

    What is promised no more is asked for no more; where no policy holds at all, what was promised stays promised.
    """
    if case.policy is None or row.clock.state not in {"running", "paused"}:
        return row
    promise = case.policy.promises.get(row.kind)
    if promise is None:
        return row.turned(clock.cancel(row.clock, case.now))
    anew = clock.judge(time[case.goes], row.clock, promise, case.policy.percents)
    return row.going(anew, case.goes, case.policy.id)


def _begun(case: Case, step: Step, was: Timed | None, now: Timed, rows: Sequence[Row], time: WorkingTime) -> list[Row]:
    """The clocks that begin with this step."""
    if was is None:
        return _start(case, KINDS, now.received_at, time)
    if now.cycle != was.cycle:
        return _start(case, NEXT_CYCLE, case.now, time)
    begun = []
    updates = [row for row in rows if row.kind == "update"]
    if step in UPDATED and not any(row.clock.is_open for row in updates):
        begun = _start(case, ("update",), case.now, time, turn=1 + max((row.turn for row in updates), default=0))
    if now != was and now.cycle == 1 and any(row.clock.is_open for row in rows):
        there = {row.kind for row in (*rows, *begun)}
        begun += _start(case, [kind for kind in BEGUN_LATE if kind not in there], now.received_at, time)
    return begun


def _start(case: Case, kinds: Sequence[ClockKind], at: datetime, time: WorkingTime, *, turn: int = 1) -> list[Row]:
    """Those of these clocks that are promised, begun at a moment."""
    policy = case.policy
    if policy is None:
        return []
    return [
        Row(case.id, kind, case.cycle, turn, policy.id, case.goes, clock.start(time, promise, at, policy.percents))
        for kind in kinds
        if (promise := policy.promises.get(kind)) is not None
    ]


def _stop(*kinds: ClockKind) -> Turn:
    """What was promised is done."""
    return lambda _, row, at: clock.stop(row.clock, at) if row.kind in kinds else row.clock


def _pause(_: WorkingTime, row: Row, at: datetime) -> Clock:
    return clock.pause(row.clock, at) if row.kind in PAUSED else row.clock


def _resume(time: WorkingTime, row: Row, at: datetime) -> Clock:
    return clock.resume(time, row.clock, at)


def _cancel(_: WorkingTime, row: Row, at: datetime) -> Clock:
    return clock.cancel(row.clock, at)


def _reopen(time: WorkingTime, row: Row, at: datetime) -> Clock:
    """Reopened soon, the resolution goes on; reopened late, it belongs to a cycle that is over and is not here."""
    return clock.reopen(time, row.clock, at) if row.kind == "resolution" else row.clock


TURNS: Mapping[Step, Turn] = MappingProxyType(
    {
        "acknowledge": _stop("acknowledge"),
        "inform": _stop("response", "update"),
        "communicate": _stop("response", "update"),
        "wait_customer": _pause,
        "resume": _resume,
        "resolve": _stop(*KINDS),
        "close": _stop(*KINDS),
        "withdraw": _cancel,
        "reopen": _reopen,
    }
)
"""What each step does to clocks; the others do nothing to them but by what they change."""

UPDATED: frozenset[Step] = frozenset({"inform", "communicate", "resume", "reopen"})
"""After these the next update is due from now on."""
