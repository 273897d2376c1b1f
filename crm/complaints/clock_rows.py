"""Clocks as rows: read with their pauses and locked, and written back as they have become."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from crm.calendars.working_time import WorkingTime
from crm.complaints.clock_cases import Goes
from crm.complaints.models import clock_pauses, sla_clocks
from crm.database import Access, Transaction, statement
from crm.sla import clock
from crm.sla.clock import Clock, Pause, Threshold
from crm.sla.promises import MINUTE, Promise, whole_minutes
from crm.sla.vocabulary import ClockKind
from crm.tables import Moment, home


@dataclass(frozen=True, slots=True)
class Row:
    """A clock of a complaint. ``id`` is none as long as it is not written."""

    complaint_id: UUID
    kind: ClockKind
    cycle: int
    turn: int
    policy_id: UUID | None
    goes: Goes
    clock: Clock
    id: UUID | None = None

    def turned(self, clock_: Clock) -> "Row":
        """The same with its clock as it has become."""
        return self if clock_ is self.clock else replace(self, clock=clock_)

    def going(self, clock_: Clock, goes: Goes, policy_id: UUID) -> "Row":
        """The same by another policy or calendar, or itself where it makes no difference."""
        anew = replace(self, clock=clock_, goes=goes, policy_id=policy_id)
        return self if anew == self else anew


async def clocks_of(tx: Transaction, complaint_ids: Sequence[UUID], *, ended: bool = False) -> list[Row]:
    """The open clocks of these complaints, locked, or with ``ended`` all of them. Lock the complaints first."""
    return [_read(row) for row in await tx.rows(_clocks(ended, True), complaint_ids=list(complaint_ids))]


async def all_clocks(access: Access, complaint_id: UUID) -> list[Row]:
    """Every clock of a complaint, to be looked at."""
    return [_read(row) for row in await access.rows(_clocks(True, False), complaint_ids=[complaint_id])]


async def add(tx: Transaction, rows: Iterable[Row], times: dict[Goes, WorkingTime]) -> None:
    """Write new clocks."""
    if new := [_written(row, times[row.goes]) for row in rows]:
        await tx.rows(_add(), rows=new)


async def keep(tx: Transaction, before: Iterable[Row], after: Iterable[Row], times: dict[Goes, WorkingTime]) -> int:
    """Write what has changed, with its pauses; how many clocks that were."""
    changed = [(was, now) for was, now in zip(before, after, strict=True) if was != now]
    if not changed:
        return 0
    await tx.rows(_change(), rows=[_written(now, times[now.goes]) for _, now in changed])
    begun, ended = [], []
    for was, now in changed:
        known = {one.begins: one for one in was.clock.pauses}
        for pause in now.clock.pauses:
            if pause.begins not in known:
                begun.append(_written_pause(now, pause, times[now.goes]))
            elif known[pause.begins] != pause:
                ended.append(_written_pause(now, pause, times[now.goes]))
    if begun:
        await tx.rows(_begin_pauses(), rows=begun)
    if ended:
        await tx.rows(_end_pauses(), rows=ended)
    return len(changed)


def earliest(rows: Iterable[Row]) -> datetime | None:
    """When a complaint with these clocks is due: at the first one that runs."""
    return min((row.clock.due_at for row in rows if row.clock.state in {"running", "breached"}), default=None)


def _read(row: Any) -> Row:
    marks = zip(row["paused"] or (), row["resumed"] or (), strict=True)
    kept = Clock(
        promise=Promise(0 if row["same_day"] else row["minutes"], row["same_day"]),
        state=row["state"],
        started_at=row["started_at"],
        due_at=row["due_at"],
        stopped_at=row["stopped_at"],
        pauses=tuple(Pause(begins, ends) for begins, ends in marks),
        thresholds=tuple(
            Threshold(one["percent"], _moment(one["at"]), _moment(one["crossed_at"])) for one in row["thresholds"]
        ),
    )
    goes = Goes(row["around_the_clock"], row["calendar_id"])
    return Row(row["complaint_id"], row["kind"], row["cycle"], row["turn"], row["policy_id"], goes, kept, id=row["id"])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _written(row: Row, time: WorkingTime) -> dict[str, Any]:
    kept = row.clock
    whole = kept.promise.time_from(time, kept.started_at) if kept.promise.same_day else kept.promise.minutes * MINUTE
    stood = clock.paused(time, kept, kept.pauses[-1].ends or kept.pauses[-1].begins) if kept.pauses else timedelta()
    return {
        "id": _text(row.id),
        "complaint_id": _text(row.complaint_id),
        "kind": row.kind,
        "cycle": row.cycle,
        "turn": row.turn,
        "policy_id": _text(row.policy_id),
        "calendar_id": _text(row.goes.calendar_id),
        "around_the_clock": row.goes.around_the_clock,
        "minutes": whole_minutes(whole),
        "same_day": kept.promise.same_day,
        "state": kept.state,
        "started_at": kept.started_at,
        "due_at": kept.due_at,
        "paused_at": kept.paused_at,
        "stopped_at": kept.stopped_at,
        "paused_minutes": stood // MINUTE,
        "thresholds": [one._asdict() for one in kept.thresholds],
        "next_threshold_at": kept.next_threshold_at,
    }


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _written_pause(row: Row, pause: Pause, time: WorkingTime) -> dict[str, Any]:
    minutes = None if pause.ends is None else time.time_between(pause.begins, pause.ends) // MINUTE
    return {"clock_id": _text(row.id), "paused_at": pause.begins, "resumed_at": pause.ends, "minutes": minutes}


_COLUMNS: dict[str, Any] = {
    "id": Uuid, "complaint_id": Uuid, "kind": Text, "cycle": Integer, "turn": Integer, "policy_id": Uuid,
    "calendar_id": Uuid, "around_the_clock": Boolean, "minutes": Integer, "same_day": Boolean, "state": Text,
    "started_at": Moment, "due_at": Moment, "paused_at": Moment, "stopped_at": Moment, "paused_minutes": Integer,
    "thresholds": JSONB, "next_threshold_at": Moment,
}  # fmt: skip
_BORN_WITH = ("id", "complaint_id", "kind", "cycle", "turn")
_PAUSE: dict[str, Any] = {"clock_id": Uuid, "paused_at": Moment, "resumed_at": Moment, "minutes": Integer}


def _given(columns: dict[str, Any]) -> Any:
    sent = func.jsonb_to_recordset(bindparam("rows", type_=JSONB))
    return sent.table_valued(*(Column(name, type_) for name, type_ in columns.items()), name="given").render_derived(
        with_types=True
    )


@statement
def _clocks(ended: bool, locked: bool) -> Select[Any]:
    k, p = sla_clocks.c, clock_pauses.c

    def pauses(column: ColumnElement[Any]) -> ColumnElement[Any]:
        every = func.array_agg(column, type_=ARRAY(Moment)).aggregate_order_by(p.paused_at)
        mine = select(every).where(p.workspace_id == k.workspace_id, p.clock_id == k.id)
        return mine.correlate(sla_clocks).scalar_subquery()

    names = [name for name in _COLUMNS if name not in {"paused_at", "paused_minutes", "next_threshold_at"}]
    found = (
        select(*(k[name] for name in names), pauses(p.paused_at).label("paused"), pauses(p.resumed_at).label("resumed"))
        .where(k.workspace_id == home(), k.complaint_id == any_(bindparam("complaint_ids", type_=ARRAY(Uuid))))
        .order_by(k.id)
    )
    if not ended:
        found = found.where(k.stopped_at.is_(None))
    return found.with_for_update(of=sla_clocks) if locked else found


@statement
def _add() -> Insert:
    given = _given(_COLUMNS)
    new = {"workspace_id": home(), **{name: given.c[name] for name in _COLUMNS if name != "id"}}
    return insert(sla_clocks).from_select(list(new), select(*new.values()))


@statement
def _change() -> Update:
    given, k = _given(_COLUMNS), sla_clocks.c
    new = {name: given.c[name] for name in _COLUMNS if name not in _BORN_WITH}
    return (
        update(sla_clocks)
        .where(k.workspace_id == home(), k.id == given.c.id)
        .values(**new, version=k.version + 1, updated_at=func.now())
    )


@statement
def _begin_pauses() -> Insert:
    given = _given(_PAUSE)
    new = {"workspace_id": home(), **{name: given.c[name] for name in _PAUSE}}
    return insert(clock_pauses).from_select(list(new), select(*new.values()))


@statement
def _end_pauses() -> Update:
    given, p = _given(_PAUSE), clock_pauses.c
    this = (p.workspace_id == home()) & (p.clock_id == given.c.clock_id) & (p.paused_at == given.c.paused_at)
    return (
        update(clock_pauses)
        .where(this)
        .values(resumed_at=given.c.resumed_at, minutes=given.c.minutes, version=p.version + 1, updated_at=func.now())
    )
