"""The clocks of a complaint to be looked at: what is used, what is left, and every stretch of it (``domain.md`` B8)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.calendars.models import calendars
from crm.calendars.working_time import WorkingTime
from crm.complaints.clock_cases import times
from crm.complaints.clock_rows import Row, all_clocks
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import this_one
from crm.sla import clock, ledger
from crm.sla.models import sla_policies
from crm.sla.policies import KINDS
from crm.sla.promises import MINUTE, whole_minutes
from crm.sla.vocabulary import ClockKind
from crm.workspaces.models import workspaces

LONGEST_LEDGER = timedelta(days=400)


async def clocks(access: Access, complaint_id: UUID) -> bytes:
    """All clocks of a complaint as they stand now. Raises ``NotFound``."""
    return await _told(access, complaint_id, KINDS, explained=False)


async def explain(access: Access, complaint_id: UUID, kinds: Sequence[ClockKind] | None) -> bytes:
    """All clocks of a complaint with their ledgers. Raises ``NotFound``."""
    return await _told(access, complaint_id, kinds or KINDS, explained=True)


async def _told(access: Access, complaint_id: UUID, kinds: Sequence[ClockKind], *, explained: bool) -> bytes:
    complaint = await access.row(_seen(access.actor.sight), id=complaint_id)
    if complaint is None:
        raise NotFound
    rows = [row for row in await all_clocks(access, complaint_id) if row.kind in kinds]
    time = await times(access, complaint["timezone"], (row.goes for row in rows))
    names = await _names(access, rows)
    found = []
    for row in sorted(rows, key=lambda row: (row.cycle, KINDS.index(row.kind), row.turn)):
        one = _shown(row, time[row.goes], complaint, names)
        if explained:
            one["ledger"] = _ledger(row, time[row.goes], complaint)
        found.append(one)
    told = {name: complaint[name] for name in ("received_at", "now")}
    return orjson.dumps({"complaint_id": str(complaint_id), **told, "clocks": found}, option=orjson.OPT_UTC_Z)


def _shown(row: Row, time: WorkingTime, complaint: Any, names: Mapping[UUID, str]) -> dict[str, Any]:
    kept, goes, now = row.clock, row.goes, complaint["now"]
    whole, used = kept.promise.time_from(time, kept.started_at), clock.used(time, kept, now)
    return {
        "id": str(row.id),
        "kind": row.kind,
        "cycle": row.cycle,
        "turn": row.turn,
        "state": kept.state,
        "policy": _mention(row.policy_id, names),
        "calendar": _mention(goes.calendar_id, names),
        "around_the_clock": goes.around_the_clock,
        "same_day": kept.promise.same_day,
        "minutes": whole_minutes(whole),
        "started_at": kept.started_at,
        "due_at": kept.due_at,
        "paused_at": kept.paused_at,
        "stopped_at": kept.stopped_at,
        "used_minutes": used / MINUTE,
        "paused_minutes": clock.paused(time, kept, kept.stopped_at or now) / MINUTE,
        "left_minutes": (whole - used) / MINUTE,
        "thresholds": [one._asdict() for one in kept.thresholds],
    }


def _ledger(row: Row, time: WorkingTime, complaint: Any) -> list[dict[str, Any]] | None:
    since, now = min(complaint["received_at"], row.clock.started_at), complaint["now"]
    if max(row.clock.stopped_at or now, row.clock.due_at) - since > LONGEST_LEDGER:
        return None
    return [ledger.shown(entry) for entry in ledger.entries(time, row.clock, since, now)]


def _mention(id_: UUID | None, names: Mapping[UUID, str]) -> dict[str, Any] | None:
    return None if id_ is None else {"id": str(id_), "name": names[id_]}


async def _names(access: Access, rows: Sequence[Row]) -> dict[UUID, str]:
    wanted = {row.policy_id for row in rows} | {row.goes.calendar_id for row in rows}
    ids = [id_ for id_ in wanted if id_ is not None]
    return {row["id"]: row["name"] for row in await access.rows(_named(), ids=ids)} if ids else {}


@statement
def _seen(sight: Sight) -> Select[Any]:
    """A complaint that the actor sees, with what its clocks need beside themselves."""
    c, w = complaints.c, workspaces.c
    return (
        select(c.received_at, w.timezone, func.now().label("now"))
        .select_from(complaints.join(workspaces, w.workspace_id == c.workspace_id))
        .where(this_one(COMPLAINT, sight))
    )


@statement
def _named() -> Select[Any]:
    found = [
        select(table.c.id, table.c.name).where(
            table.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        )
        for table in (sla_policies, calendars)
    ]
    every = found[0].union_all(found[1]).subquery("named")
    return select(every.c.id, every.c.name)
