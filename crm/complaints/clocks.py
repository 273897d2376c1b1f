"""The clocks of a complaint, as its steps turn them (``domain.md`` B8, C2).

Every step calls one of these before it writes the complaint, in the same transaction: so what the complaint shows of
its clocks, and ``due_at``, which each of these gives for it, is as the step leaves them. They lock the complaint
first and then its clocks; whoever else does must keep to that order. Each runs a few short statements.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from crm.complaints.clock_cases import Case, Goes, New, cases, new_case, times
from crm.complaints.clock_rows import Row, add, clocks_of, earliest, keep
from crm.database import Transaction
from crm.errors import NotFound
from crm.sla import clock
from crm.sla.clock import Clock
from crm.sla.vocabulary import ClockKind

PAUSED_BY_WAITING: frozenset[ClockKind] = frozenset({"update", "resolution"})
NEXT_CYCLE: tuple[ClockKind, ...] = ("response", "update", "resolution")
"""What is promised again when a complaint is reopened late: that it came was acknowledged the first time."""

BEGUN_LATE: tuple[ClockKind, ...] = ("update", "resolution")
"""What may be promised only once it is known how severe a complaint is."""

Turn = Callable[[Row], Clock]


class Reopened(NamedTuple):
    """When the complaint is due now, and the round of clocks that holds for it."""

    due_at: datetime | None
    cycle: int


async def start(tx: Transaction, new: New) -> datetime | None:
    """Start the clocks of a complaint that is about to be written. Nothing where no policy holds for it."""
    case = await new_case(tx, new)
    kinds: tuple[ClockKind, ...] = ("acknowledge", "response", "update", "resolution")
    return earliest(await _begin(tx, case, kinds, case.received_at, case.cycle))


async def acknowledge(tx: Transaction, complaint_id: UUID) -> datetime | None:
    """That it came was acknowledged."""
    case = await _case(tx, complaint_id)
    return await _turn(tx, case, lambda row: _stop_if(row, row.kind == "acknowledge", case.now))


async def answer(tx: Transaction, complaint_id: UUID) -> datetime | None:
    """The customer was told something: the first response is given, and the next update is due from now on."""
    case = await _case(tx, complaint_id)
    rows = await clocks_of(tx, [complaint_id], ended=True)
    after = [row.turned(_stop_if(row, row.kind in {"response", "update"}, case.now)) for row in rows]
    await _keep(tx, case, rows, after)
    waiting = any(row.clock.state == "paused" for row in rows)
    return earliest([*after, *([] if waiting else await _next_update(tx, case, after))])


async def pause(tx: Transaction, complaint_id: UUID) -> datetime | None:
    """It is the customer's turn."""
    case = await _case(tx, complaint_id)
    return await _turn(
        tx, case, lambda row: clock.pause(row.clock, case.now) if row.kind in PAUSED_BY_WAITING else row.clock
    )


async def resume(tx: Transaction, complaint_id: UUID) -> datetime | None:
    """It is ours again."""
    case = await _case(tx, complaint_id)
    rows = await clocks_of(tx, [complaint_id], ended=True)
    time = await times(tx, case.timezone, (row.goes for row in rows))
    after = [row.turned(clock.resume(time[row.goes], row.clock, case.now)) for row in rows]
    await keep(tx, rows, after, time)
    return earliest([*after, *await _next_update(tx, case, after)])


async def resolve(tx: Transaction, complaint_id: UUID) -> datetime | None:
    """All that was promised is done; or it was decided that there is nothing to do."""
    case = await _case(tx, complaint_id)
    return await _turn(tx, case, lambda row: clock.stop(row.clock, case.now))


async def withdraw(tx: Transaction, complaint_id: UUID) -> datetime | None:
    """Nobody asks for it any more."""
    case = await _case(tx, complaint_id)
    return await _turn(tx, case, lambda row: clock.cancel(row.clock, case.now))


async def reopen(tx: Transaction, complaint_id: UUID) -> Reopened:
    """Within ``complaints.continue_days`` the resolution goes on where it was stopped; later a new round begins."""
    case = await _case(tx, complaint_id)
    soon = timedelta(days=tx.actor.settings["complaints"]["continue_days"])
    rows = [row for row in await clocks_of(tx, [complaint_id], ended=True) if row.cycle == case.cycle]
    resolution = next((row for row in rows if row.kind == "resolution"), None)
    ended = resolution.clock.stopped_at if resolution else None
    if resolution is None or ended is None or case.now - ended > soon:
        begun = await _begin(tx, case, NEXT_CYCLE, case.now, case.cycle + 1)
        return Reopened(earliest(begun), case.cycle + 1)
    time = await times(tx, case.timezone, [resolution.goes])
    after = resolution.turned(clock.reopen(time[resolution.goes], resolution.clock, case.now))
    await keep(tx, [resolution], [after], time)
    begun = await _next_update(tx, case, rows)
    return Reopened(earliest([after, *begun]), case.cycle)


async def judge_anew(tx: Transaction, complaint_id: UUID, **changing: Any) -> datetime | None:
    """Another severity, category, customer or assignee: another policy or calendar may hold from the start.

    ``changing`` says what will be written of these. What ran out runs out no second time, what ended stays ended, and
    what the new policy promises beyond the old one begins when the complaint came.
    """
    found = await cases(tx, [complaint_id], **changing)
    if not found:
        raise NotFound
    case = found[0]
    rows = [row for row in await clocks_of(tx, [complaint_id], ended=True) if row.cycle == case.cycle]
    after, _ = await judged(tx, found, rows)
    begun: list[Row] = []
    if case.cycle == 1 and any(row.clock.is_open for row in rows):
        missing = [kind for kind in BEGUN_LATE if all(row.kind != kind for row in rows)]
        begun = await _begin(tx, case, missing, case.received_at, case.cycle)
    return earliest([*after, *begun])


async def judged(tx: Transaction, found: Sequence[Case], rows: Sequence[Row]) -> tuple[list[Row], int]:
    """These clocks by what holds for their complaints now, written; and how many have become others."""
    by_id = {case.id: case for case in found}
    wanted = {row.goes for row in rows} | {case.goes for case in found}
    time = await times(tx, found[0].timezone, wanted) if found else {}

    def anew(row: Row) -> Row:
        case = by_id[row.complaint_id]
        if case.policy is None or row.clock.state not in {"running", "paused"}:
            return row
        promise = case.policy.promises.get(row.kind)
        if promise is None:
            return row.turned(clock.cancel(row.clock, case.now))
        clock_ = clock.judge(time[case.goes], row.clock, promise, case.policy.percents)
        if (clock_, case.policy.id, case.goes) == (row.clock, row.policy_id, row.goes):
            return row
        return Row(row.complaint_id, row.kind, row.cycle, row.turn, case.policy.id, case.goes, clock_, id=row.id)

    after = [anew(row) for row in rows]
    return after, await keep(tx, rows, after, time)


async def _case(tx: Transaction, complaint_id: UUID) -> Case:
    """The complaint, locked, and what holds for it. Whether the actor may see it is for the step to find out."""
    found = await cases(tx, [complaint_id])
    if not found:
        raise NotFound
    return found[0]


async def _turn(tx: Transaction, case: Case, turn: Turn) -> datetime | None:
    rows = await clocks_of(tx, [case.id])
    after = [row.turned(turn(row)) for row in rows]
    await _keep(tx, case, rows, after)
    return earliest(after)


async def _keep(tx: Transaction, case: Case, before: Sequence[Row], after: Sequence[Row]) -> None:
    changed = {now.goes for was, now in zip(before, after, strict=True) if was is not now}
    await keep(tx, before, after, await times(tx, case.timezone, changed))


async def _begin(
    tx: Transaction, case: Case, kinds: Sequence[ClockKind], at: datetime, cycle: int, turn: int = 1
) -> list[Row]:
    """Begin those of these clocks that the policy of the case promises."""
    policy = case.policy
    if policy is None or not policy.promises.keys() & set(kinds):
        return []
    time = await times(tx, case.timezone, [case.goes])
    new = [
        Row(
            case.id, kind, cycle, turn, policy.id, Goes(*case.goes),
            clock.start(time[case.goes], policy.promises[kind], at, policy.percents),
        )
        for kind in kinds
        if kind in policy.promises
    ]  # fmt: skip
    await add(tx, new, time)
    return new


async def _next_update(tx: Transaction, case: Case, rows: Sequence[Row]) -> list[Row]:
    """From now on the next update is due, unless one is due already or the case is over."""
    mine = [row for row in rows if row.cycle == case.cycle]
    updates = [row for row in mine if row.kind == "update"]
    if any(row.clock.is_open for row in updates):
        return []
    return await _begin(tx, case, ("update",), case.now, case.cycle, 1 + max((row.turn for row in updates), default=0))


def _stop_if(row: Row, is_done: bool, at: datetime) -> Clock:
    return clock.stop(row.clock, at) if is_done else row.clock
