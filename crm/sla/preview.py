"""What a policy would mean: when a complaint that came in at some moment would have to be dealt with."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Uuid, bindparam, select

from crm.calendars.prepared import working_times, workspace_calendar
from crm.calendars.working_time import WorkingTime, around_the_clock
from crm.database import Access, statement
from crm.errors import NotFound, invalid
from crm.sla import clock, ledger
from crm.sla.clock import Clock
from crm.sla.models import sla_policies
from crm.sla.policies import KINDS, PAUSED, percents_of, promises_of
from crm.sla.promises import whole_minutes
from crm.sla.queries import PROMISED
from crm.sla.schemas import PreviewQuery

LONGEST_LEDGER_DAYS = 200


async def preview(access: Access, policy_id: UUID, wanted: PreviewQuery) -> bytes:
    """When each clock of a policy would be due. By its own calendar, else the workspace's.

    Raises ``NotFound``, and 422 for a pause that is none or for a ledger that would be too long.
    """
    row = await access.row(_policy(), policy_id=policy_id)
    if row is None:
        raise NotFound
    begins, ends = wanted.paused_at, wanted.resumed_at
    if (begins is None) != (ends is None) or (begins and ends and not wanted.received_at <= begins <= ends):
        raise invalid("query:resumed_at", "A pause begins after the complaint, and ends after that.", "no_pause")
    time = await _time(access, row)
    promises, percents = promises_of(dict(row)), percents_of(dict(row))
    found = []
    for kind in KINDS:
        if kind not in promises:
            continue
        one = clock.start(time, promises[kind], wanted.received_at, percents)
        if begins and ends and kind in PAUSED:
            one = clock.resume(time, clock.pause(one, begins), ends)
        found.append({"kind": kind, **_shown(time, one, wanted)})
    return orjson.dumps({"received_at": wanted.received_at, "promises": found}, option=orjson.OPT_UTC_Z)


def _shown(time: WorkingTime, one: Clock, wanted: PreviewQuery) -> dict[str, Any]:
    if wanted.explain and (one.due_at - wanted.received_at).days > LONGEST_LEDGER_DAYS:
        raise invalid("query:explain", "The ledger is given for deadlines within 200 days.", "too_far")
    entries = ledger.entries(time, one, one.started_at, one.started_at) if wanted.explain else None
    return {
        "minutes": whole_minutes(one.promise.time_from(time, one.started_at)),
        "due_at": one.due_at,
        "thresholds": {str(threshold.percent): threshold.at for threshold in one.thresholds},
        "ledger": None if entries is None else [ledger.shown(entry) for entry in entries],
    }


async def _time(access: Access, row: Any) -> WorkingTime:
    if row["around_the_clock"]:
        return around_the_clock(access.actor.timezone)
    if row["calendar_id"] is not None:
        return (await working_times(access, [row["calendar_id"]]))[row["calendar_id"]]
    return await workspace_calendar(access)


@statement
def _policy() -> Select[Any]:
    p = sla_policies.c
    wanted = (*PROMISED, "calendar_id", "thresholds", "escalation")
    this = (p.workspace_id == bindparam("workspace_id", type_=Uuid)) & (p.id == bindparam("policy_id", type_=Uuid))
    return select(*(p[name] for name in wanted)).where(this)
