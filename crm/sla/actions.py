"""Everything that changes a promise. What is open is worked out anew for it, in the background (``recounts``)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Uuid, any_, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.calendars.choosing import check_choice
from crm.calendars.errors import CalendarArchived
from crm.calendars.models import calendars
from crm.database import Access, statement
from crm.errors import FieldError, Unprocessable
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.sla import events
from crm.sla.errors import PolicyArchived, PolicyTaken
from crm.sla.models import ONE_POLICY_PER_CASE, sla_policies
from crm.sla.queries import SLA_POLICY
from crm.sla.recounts import asking_for_policies
from crm.sla.schemas import Escalation, SlaPolicyCreate, SlaPolicyUpdate
from crm.workspaces.models import users

TAKEN = {ONE_POLICY_PER_CASE: PolicyTaken}


async def create(access: Access, new: SlaPolicyCreate) -> Answer:
    """Promise something. Raises ``PolicyTaken``, ``AlreadyExists``, 422 for people and calendars that are not there."""
    values = new.model_dump(exclude_none=True) | {"escalation": _kept(new.escalation)}
    await _check(access, values)
    wanted = _create(frozenset(values))
    created = await record(access, events.CREATED, wanted, refusals=TAKEN, **renamed(values))
    if created is None:
        raise LookupError("an insert without a condition gave no row")
    return created


async def update(access: Access, policy_id: UUID, change: SlaPolicyUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``PolicyArchived``, 422 as ``create`` does."""
    values = change.model_dump(exclude_unset=True)
    if "escalation" in values:
        values["escalation"] = _kept(change.escalation)
    # The one way of being acknowledged takes the place of the other.
    if values.get("acknowledge_minutes") is not None:
        values["acknowledge_same_day"] = False
    elif values.get("acknowledge_same_day"):
        values["acknowledge_minutes"] = None
    await _check(access, values)
    wanted = _update(frozenset(values))
    changed = await record(access, events.UPDATED, wanted, id=policy_id, **renamed(values))
    if changed is not None:
        return changed
    answer = await explain(access, SLA_POLICY, policy_id)
    if '"archived_at":null' not in answer.body:
        raise PolicyArchived
    return answer


async def archive(access: Access, policy_id: UUID) -> Answer:
    """Promise it no more; a less particular policy takes its place. Archiving twice is once. Raises ``NotFound``."""
    archived = await record(access, events.ARCHIVED, _archive(), id=policy_id)
    return archived or await explain(access, SLA_POLICY, policy_id)


async def restore(access: Access, policy_id: UUID) -> Answer:
    """Promise it again. Raises ``NotFound``, ``PolicyTaken``; ``CalendarArchived`` where its calendar was put aside."""
    restored = await record(access, events.RESTORED, _restore(), refusals=TAKEN, id=policy_id)
    if restored is not None:
        return restored
    answer = await explain(access, SLA_POLICY, policy_id)
    if '"archived_at":null' not in answer.body:
        raise CalendarArchived
    return answer


def _kept(escalation: Sequence[Escalation]) -> list[dict[str, Any]]:
    """Who is told, as it is kept."""
    return [one.model_dump(mode="json", exclude_none=True) for one in escalation]


async def _check(access: Access, values: Mapping[str, Any]) -> None:
    await check_choice(access, values)
    named = {one["user_id"]: place for place, one in enumerate(values.get("escalation", ())) if "user_id" in one}
    if not named:
        return
    there = {str(row["id"]) for row in await access.rows(_active(), user_ids=[UUID(one) for one in named])}
    if missing := [place for user_id, place in named.items() if user_id not in there]:
        wrong = "There is no such person, or they no longer work here."
        raise Unprocessable(
            errors=tuple(FieldError(f"#/escalation/{place}/user_id", wrong, "not_found") for place in missing)
        )


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(SLA_POLICY, columns, also=asking_for_policies)


@statement
def _update(columns: frozenset[str]) -> Insert:
    anew = partial(asking_for_policies, unless_only=columns == {"name"})
    return changing(SLA_POLICY, Sight.ALL, columns, sla_policies.c.archived_at.is_(None), also=anew)


@statement
def _archive() -> Insert:
    in_use = sla_policies.c.archived_at.is_(None)
    return changing(SLA_POLICY, Sight.ALL, (), in_use, values={"archived_at": func.now()}, also=asking_for_policies)


@statement
def _restore() -> Insert:
    p, k = sla_policies.c, calendars.c
    gone = exists().where(k.workspace_id == p.workspace_id, k.id == p.calendar_id, k.archived_at.is_not(None))
    aside = (p.archived_at.is_not(None), ~gone)
    return changing(SLA_POLICY, Sight.ALL, (), *aside, values={"archived_at": None}, also=asking_for_policies)


@statement
def _active() -> Select[Any]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    wanted = users.c.id == any_(bindparam("user_ids", type_=ARRAY(Uuid)))
    return select(users.c.id).where(at_home, wanted, users.c.state == "active")
