"""Planning and cancelling absences: one's own, and for managers, administrators and programs those they see."""

from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Insert, Uuid, any_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.absences import events
from crm.absences.errors import AbsenceOfAnother, AbsenceOverlaps
from crm.absences.models import NO_OVERLAPPING_ABSENCES, absences
from crm.absences.queries import ABSENCE
from crm.absences.schemas import AbsenceCreate
from crm.actor import Actor, Role, Sight
from crm.database import Access, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.workspaces.models import users

TAKEN = {NO_OVERLAPPING_ABSENCES: AbsenceOverlaps}


async def plan(access: Access, new: AbsenceCreate) -> Answer:
    """Say when somebody is away.

    Raises ``AbsenceOverlaps``, ``AlreadyExists``, 422 for somebody who is not there or not the caller's to speak for.
    """
    values = new.model_dump(exclude_none=True)
    if access.actor.user_id is not None:
        values.setdefault("user_id", access.actor.user_id)
    if "user_id" not in values:
        raise invalid("user_id", "Say whose; a key is never away.", "required")
    wanted = _create(access.actor.sight, frozenset(values), leads(access.actor))
    planned = await record(access, events.PLANNED, wanted, refusals=TAKEN, **renamed(values))
    if planned is None:
        raise invalid("user_id", "There is no such active user whom you lead.", "not_found")
    return planned


async def cancel(access: Access, absence_id: UUID) -> Answer:
    """They are there after all; twice is once. Raises ``NotFound``, ``Stale``, ``AbsenceOfAnother``."""
    cancelled = await record(access, events.CANCELLED, _cancel(access.actor.sight, leads(access.actor)), id=absence_id)
    if cancelled is not None:
        return cancelled
    answer = await explain(access, ABSENCE, absence_id)
    if orjson.loads(answer.body)["cancelled_at"] is None:
        raise AbsenceOfAnother
    return answer


def leads(actor: Actor) -> bool:
    """Whether they may speak for those whom they see: managers, administrators, and programs by their scope."""
    return actor.role in {None, Role.ADMIN, Role.MANAGER}


@cache
def _theirs(sight: Sight, leads: bool) -> Any:
    """People for whom the actor may speak, as a condition on the table of users."""
    c = users.c
    own: ColumnElement[bool] = c.id == bindparam("actor_id", type_=Uuid)
    if not leads or sight is Sight.OWN:
        return own
    return or_(own, literal(sight is Sight.ALL), c.team_id == any_(bindparam("team_ids", type_=ARRAY(Uuid))))


@statement
def _create(sight: Sight, columns: frozenset[str], leads: bool) -> Insert:
    c = users.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    whose = c.id == bindparam("new_user_id", type_=Uuid), c.state == "active"
    return creating(ABSENCE, columns, only_if=select(c.id).where(at_home, *whose, _theirs(sight, leads)).exists())


@statement
def _cancel(sight: Sight, leads: bool) -> Insert:
    own = absences.c.user_id == bindparam("actor_id", type_=Uuid)
    still = absences.c.cancelled_at.is_(None)
    return changing(ABSENCE, sight, (), still, or_(own, literal(leads)), values={"cancelled_at": func.now()})
