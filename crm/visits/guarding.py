"""The guards of ``rules`` as conditions in the statement of a move, and which problem says that one did not hold."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Integer, Select, Text, Uuid, and_, bindparam, case, cast, func, or_, select, true

from crm.actor import Role, Sight
from crm.database import Access, statement
from crm.days import local_date
from crm.errors import Problem
from crm.nouns import Answer
from crm.recording import explain
from crm.tables import Moment, utc
from crm.visits.errors import (
    AnotherVisitInProgress,
    NotOnThisDay,
    NotTheSupervisor,
    OwnerDoubleBooked,
    TooLateToReport,
    VisitClosed,
    VisitNotCompleted,
    VisitNotJoint,
    VisitNotPlanned,
)
from crm.visits.models import visits
from crm.visits.people import SUPERVISORS, all_belong, ids
from crm.visits.queries import VISIT
from crm.visits.rules import MOVES, before, rows_of
from crm.visits.vocabulary import Guard, Move

BY_CONSTRAINT: frozenset[Guard] = frozenset({"time_free", "none_in_progress"})
"""What the table itself refuses, whoever comes first: ``no_double_booking``, ``one_visit_in_progress``."""


def conditions(*, free_of_day: bool, any_review: bool) -> dict[Guard, ColumnElement[bool]]:
    """Each guard as a condition on a visit. ``free_of_day``: a supervisor is not bound to the planned day."""
    v = visits.c
    today = local_date(func.now())
    grace = func.make_interval(0, 0, 0, 0, bindparam("visits_missed_after_hours", type_=Integer))
    mine = v.supervisor_id == bindparam("user_id", type_=Uuid)
    on_its_day = and_(local_date(v.planned_start) <= today, today <= local_date(v.planned_end))
    return {
        "time_free": true(),
        "none_in_progress": true(),
        "on_its_day": true() if free_of_day else on_its_day,
        "not_before_its_day": true() if free_of_day else local_date(v.planned_start) <= today,
        "reported_in_time": in_time(v.planned_end),
        "contacts_met": all_belong(v.customer_id, ids("new_met_contact_ids"), current=False),
        "grace_over": v.planned_end + grace < func.now(),
        "joint": v.supervisor_id.is_not(None) if any_review else mine,
    }


def in_time(ended_at: ColumnElement[Any]) -> ColumnElement[bool]:
    """The workspace still takes a report of a visit that ended then."""
    days = func.make_interval(0, 0, 0, bindparam("visits_report_days", type_=Integer))
    still: ColumnElement[bool] = ended_at + days >= func.now()
    return still


def allowed(move: Move, *, free_of_day: bool = False, any_review: bool = False) -> ColumnElement[bool]:
    """The visit is in a state from which this move leads somewhere, and the guards of that row hold."""
    holds = conditions(free_of_day=free_of_day, any_review=any_review)
    return or_(*(and_(visits.c.state == row.source, *(holds[guard] for guard in row.guards)) for row in rows_of(move)))


def freedoms(access: Access) -> dict[str, bool]:
    """What the actor is free of, by role."""
    role = access.actor.role
    return {"free_of_day": role in SUPERVISORS, "any_review": role is Role.ADMIN}


async def as_it_is(access: Access, move: Move, visit_id: UUID) -> tuple[Answer, dict[str, Any]]:
    """The visit, where its state allows the move, as the answer and as a dictionary.

    Raises ``NotFound``, ``Stale``, and ``VisitNotPlanned``, ``VisitClosed`` or ``VisitNotCompleted`` with its state.
    """
    answer = await explain(access, VISIT, visit_id)
    visit: dict[str, Any] = orjson.loads(answer.body)
    if (visit["state"], move) not in MOVES:
        raise _impossible(move)(state=visit["state"])
    return answer, visit


async def refuse_by_guard(access: Access, move: Move, visit: dict[str, Any]) -> None:
    """Raise the problem of the first guard that does not hold for a visit whose state allows the move."""
    guards: list[Guard] = [guard for guard in MOVES[visit["state"], move].guards if guard in _PROBLEMS]
    if not guards:
        return
    unmet = await access.row(_unmet(tuple(guards), **freedoms(access)), id=visit["id"])
    for guard in guards:
        if unmet is not None and not unmet[guard]:
            problem = VisitNotJoint if guard == "joint" and visit["supervisor_id"] is None else _PROBLEMS[guard]
            raise problem(state=visit["state"], planned_start=visit["planned_start"])


async def double_booked(access: Access, owner_id: UUID, start: Any, end: Any, but: UUID | None) -> OwnerDoubleBooked:
    """The problem that the owner is busy then; it names the other visit where the actor sees it."""
    found = await access.value(_other(access.actor.sight), owner_id=owner_id, start=start, end=end, but=but)
    return OwnerDoubleBooked(**_named(found))


async def another_in_progress(access: Access, owner_id: UUID) -> AnotherVisitInProgress:
    """The problem that the owner is still at another visit; it names it where the actor sees it."""
    found = await access.value(_in_progress(access.actor.sight), owner_id=owner_id)
    return AnotherVisitInProgress(**_named(found))


_PROBLEMS: dict[Guard, type[Problem]] = {
    "on_its_day": NotOnThisDay,
    "not_before_its_day": NotOnThisDay,
    "reported_in_time": TooLateToReport,
    "joint": NotTheSupervisor,
}


def _impossible(move: Move) -> type[Problem]:
    if move == "review":
        return VisitNotCompleted
    return VisitClosed if "in_progress" in before(move) else VisitNotPlanned


def _named(found: str | None) -> dict[str, Any]:
    return {"other": orjson.loads(found)} if found else {}


@statement
def _unmet(guards: tuple[Guard, ...], *, free_of_day: bool, any_review: bool) -> Select[Any]:
    holds = conditions(free_of_day=free_of_day, any_review=any_review)
    wanted: list[ColumnElement[Any]] = [holds[guard].label(guard) for guard in guards]
    at_home = visits.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(*wanted).where(at_home, visits.c.id == bindparam("id", type_=Uuid))


def _of_owner(sight: Sight) -> Select[Any]:
    """What may be told of another visit of the owner: nothing of one that the actor does not see."""
    v = visits.c
    told = func.json_build_object(
        "id", v.id, "state", v.state, "planned_start", utc(v.planned_start), "planned_end", utc(v.planned_end)
    )
    seen = case((VISIT.visible(sight), cast(told, Text)))
    at_home = v.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(seen).where(at_home, v.owner_id == bindparam("owner_id", type_=Uuid)).limit(1)


@statement
def _other(sight: Sight) -> Select[Any]:
    v, but = visits.c, bindparam("but", type_=Uuid)
    return (
        _of_owner(sight)
        .where(
            v.state.in_(("planned", "confirmed", "in_progress")),
            ~v.overlap_allowed,
            ~v.unplanned,
            v.planned_start < bindparam("end", type_=Moment),
            v.planned_end > bindparam("start", type_=Moment),
            or_(but.is_(None), v.id != but),
        )
        .order_by(v.planned_start)
    )


@statement
def _in_progress(sight: Sight) -> Select[Any]:
    return _of_owner(sight).where(visits.c.state == "in_progress")
