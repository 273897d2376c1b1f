"""What a rule would do now, without doing it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, Select, Text, Uuid, bindparam, select

from crm import clock
from crm.actor import NOBODY
from crm.database import Access, statement
from crm.errors import invalid
from crm.events.reacting import Fact
from crm.facts import events
from crm.task_rules import carrying, finding, keeping
from crm.task_rules.errors import BrokenRule
from crm.task_rules.following import plan
from crm.task_rules.making import Planned
from crm.task_rules.matching import matches

LATELY = 10_000
"""So many of the latest facts of the workspace are looked through for those of an event."""

MOST_FACTS = 200


async def dry_run(
    access: Access, rule_id: UUID, trigger: Mapping[str, Any], action: Mapping[str, Any], show: int
) -> bytes:
    """How many tasks it would make, the first ``show`` of them, and how many it leaves out and why.

    Raises 422 for what a rule cannot be, a named user who is not active among it.
    """
    try:
        await carrying.must_be_there(access, action)
    except BrokenRule:
        raise invalid("action/user_id", "There is no such active user.", "not_found") from None
    found = await (_of_event if trigger["kind"] == "event" else _of_night)(access, rule_id, trigger, action, show)
    return orjson.dumps(found, option=orjson.OPT_UTC_Z, default=str)


async def _of_night(
    access: Access, rule_id: UUID, trigger: Mapping[str, Any], action: Mapping[str, Any], show: int
) -> dict[str, Any]:
    look = await carrying.look_for(access, rule_id, trigger, action, clock.today(access.actor.timezone))
    counts = await finding.counted(access, look)
    first: list[Planned] = []
    after = NOBODY
    while len(first) < show:
        batch = await finding.candidates(access, look, after=after, most=200)
        first += carrying.plan(access, look, action, batch)
        if len(batch) < 200:
            break
        after = batch[-1].id
    would_make = counts.pop(None, 0)
    looked_at = would_make + sum(counts.values())
    return _told(would_make, {str(reason): n for reason, n in counts.items()}, first[:show], looked_at, complete=True)


async def _of_event(
    access: Access, rule_id: UUID, trigger: Mapping[str, Any], action: Mapping[str, Any], show: int
) -> dict[str, Any]:
    rows = await access.rows(_facts(), event_type=trigger["event"], lately=LATELY, most=MOST_FACTS)
    facts = [Fact(*row) for row in rows]
    fitting = [fact for fact in facts if matches(trigger.get("where") or (), fact.payload, fact.changes)]
    planned = [await plan(access, rule_id, action, fact) for fact in fitting]
    made = [one for one in planned if not isinstance(one, str)]
    _, skipped = keeping.tally([one for one in planned if isinstance(one, str)])
    return _told(len(made), skipped, made[:show], len(facts), complete=len(facts) < MOST_FACTS)


def _told(
    would_make: int, skipped: Mapping[str, int], first: list[Planned], looked_at: int, *, complete: bool
) -> dict[str, Any]:
    shown = ("title", "note", "subject_type", "subject_id", "customer_id", "assignee_id", "due_at")
    return {
        "would_make": would_make,
        "skipped": skipped,
        "tasks": [{name: getattr(one, name) for name in shown} for one in first],
        "looked_at": looked_at,
        "complete": complete,
    }


@statement
def _facts() -> Select[Any]:
    e = events.c
    home = e.workspace_id == bindparam("workspace_id", type_=Uuid)
    lately = select(*(e[name] for name in Fact._fields)).where(home).order_by(e.id.desc())
    latest = lately.limit(bindparam("lately", type_=Integer)).subquery("latest")
    wanted = select(latest).where(latest.c.type == bindparam("event_type", type_=Text)).order_by(latest.c.id.desc())
    return wanted.limit(bindparam("most", type_=Integer))
