"""The statement that moves a visit, with its guards, and what is said when a guard held it back.

Which guards and columns a statement has depends on the move and on what was sent; each combination is compiled once.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Insert, Text, Uuid, bindparam, cast, func, literal, or_

from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.errors import Problem
from crm.nouns import Answer
from crm.recording import changing, record, renamed
from crm.sealing import Sealer
from crm.tables import Moment
from crm.visits import sales
from crm.visits.errors import AnotherVisitInProgress, OwnerDoubleBooked
from crm.visits.guarding import allowed, another_in_progress, double_booked, freedoms
from crm.visits.locating import CHECK_OF, columns_of, said, said_why
from crm.visits.models import NO_DOUBLE_BOOKING, ONE_VISIT_IN_PROGRESS, visits
from crm.visits.people import all_active, all_belong, ids, supervises
from crm.visits.queries import VISIT
from crm.visits.reports import Checked
from crm.visits.rules import after
from crm.visits.vocabulary import Move
from crm.workspaces.colleagues import is_active

REFUSALS: Mapping[str, type[Problem]] = {
    NO_DOUBLE_BOOKING: OwnerDoubleBooked,
    ONE_VISIT_IN_PROGRESS: AnotherVisitInProgress,
}


async def make(
    access: Access, move: Move, event_type: str, visit_id: UUID, values: Mapping[str, Any], **more: Any
) -> Answer | None:
    """Make this move with these new values; None where a guard held it back or there was nothing to change.

    Raises ``OwnerDoubleBooked`` and ``AnotherVisitInProgress``, naming the other visit where the actor sees it.
    """
    wanted = _moved(access.actor.sight, move, frozenset(values), "position" in more, **freedoms(access))
    try:
        async with _apart(access):
            return await record(access, event_type, wanted, id=visit_id, refusals=REFUSALS, **renamed(values), **more)
    except OwnerDoubleBooked as problem:
        owner_id, start, end = await _times_of(access, visit_id)
        start, end = values.get("planned_start", start), values.get("planned_end", end)
        raise await double_booked(access, owner_id, start, end, visit_id) from problem
    except AnotherVisitInProgress as problem:
        owner_id, *_ = await _times_of(access, visit_id)
        raise await another_in_progress(access, owner_id) from problem


def device(move: Move, checked: Checked, sealer: Sealer, access: Access, visit_id: UUID) -> dict[str, Any]:
    """What the device said, as parameters of a move; nothing where it said nothing."""
    if checked.location is None and checked.device_time is None and checked.out_of_range_reason is None:
        return {}
    return said(CHECK_OF[move], checked, sealer, access.actor, visit_id)


def _apart(access: Access) -> AbstractAsyncContextManager[None]:
    """A refusal by a constraint must not end the transaction: which visit is in the way is to be looked up."""
    return access.attempt() if isinstance(access, Transaction) else nullcontext()


async def _times_of(access: Access, visit_id: UUID) -> tuple[UUID, Any, Any]:
    row = await access.row(_times(), id=visit_id)
    assert row is not None  # noqa: S101  # a constraint has just spoken about it
    return row["owner_id"], row["planned_start"], row["planned_end"]


@statement
def _times() -> Any:
    v = visits.c
    at_home = v.workspace_id == bindparam("workspace_id", type_=Uuid)
    return (
        visits.select()
        .with_only_columns(v.owner_id, v.planned_start, v.planned_end)
        .where(at_home, v.id == bindparam("id", type_=Uuid))
    )


@statement
def _moved(
    sight: Sight, move: Move, columns: frozenset[str], checked: bool, *, free_of_day: bool, any_review: bool
) -> Insert:
    """A visit that has made this move."""
    guards: list[ColumnElement[bool]] = [allowed(move, free_of_day=free_of_day, any_review=any_review)]
    values: dict[str, Any] = {}
    if (state := after(move)) is not None:
        values["state"] = state
    _guard_people(columns, guards)
    if "opportunity_id" in columns:
        opportunity_id = bindparam("new_opportunity_id", type_=Uuid)
        guards.append(or_(opportunity_id.is_(None), sales.is_of(visits.c.customer_id, opportunity_id, sight)))
    if move == "reschedule":
        times = ("planned_start", "planned_end")
        new = {name: bindparam(f"new_{name}", type_=Moment) for name in times}
        guards += [or_(*(visits.c[name] != new[name] for name in times)), in_turn(visits.c.owner_id)]
        values["reschedule_count"] = visits.c.reschedule_count + 1
    if move == "confirm":
        guards.append(in_turn(visits.c.owner_id))
        values["overlap_allowed"] = False
    if move == "start":
        values["started_at"] = func.now()
    if move == "complete":
        _completing(guards, values)
    if move == "review":
        values |= {"reviewed_at": func.now(), "reviewed_by_id": bindparam("user_id", type_=Uuid)}
    if checked:
        guards.append(said_why(visits.c.customer_id))
        values |= columns_of(CHECK_OF[move], visits.c.customer_id, visits.c.owner_id)
    return changing(VISIT, sight, columns, *guards, values=values)


def _guard_people(columns: frozenset[str], guards: list[ColumnElement[bool]]) -> None:
    if "contact_ids" in columns:
        guards.append(all_belong(visits.c.customer_id, ids("new_contact_ids"), current=True))
    if "participant_ids" in columns:
        guards.append(all_active(ids("new_participant_ids")))
    if "supervisor_id" in columns:
        supervisor_id = bindparam("new_supervisor_id", type_=Uuid)
        may = supervises(supervisor_id) & (visits.c.owner_id != supervisor_id)
        guards.append(or_(supervisor_id.is_(None), may))


def _completing(guards: list[ColumnElement[bool]], values: dict[str, Any]) -> None:
    given_start, given_end = (bindparam(name, type_=Moment) for name in ("given_start", "given_end"))
    assignee_id = bindparam("assignee_id", type_=Uuid)
    planned_or_now = func.least(visits.c.planned_start, func.coalesce(given_end, func.now()), func.now())
    began = func.coalesce(visits.c.started_at, given_start, planned_or_now)
    guards += [
        or_(given_start.is_(None), visits.c.started_at.is_(None)),
        or_(assignee_id.is_(None), is_active(assignee_id)),
        or_(given_end.is_(None), given_end > began),
    ]
    values["started_at"] = began
    # Whoever waited for the start to commit began before it: the end is never before the start. A device whose clock
    # runs a little ahead has ended now.
    values["completed_at"] = func.greatest(func.least(given_end, func.now()), began)
    values["reported_at"] = func.now()


def in_turn(owner_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Wait for others who move visits of this owner. The constraint decides; in turn it does so without deadlocks."""
    name = literal("visits of ", Text).concat(cast(owner_id, Text))
    lock = func.pg_advisory_xact_lock(cast(func.hashtextextended(name, 0), BigInteger))
    return cast(lock, Text).is_not(None)
