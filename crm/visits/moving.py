"""The statements that move a visit, with their guards, and the questions asked when a guard held one back.

Which guards and columns a statement has depends on the move and on what was sent; each combination is compiled once.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Float,
    Insert,
    Integer,
    Select,
    Uuid,
    any_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.contacts.models import contacts
from crm.customers.queries import in_reach
from crm.database import Access, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.tables import Moment
from crm.visits.errors import VisitClosed, VisitNotPlanned
from crm.visits.models import visits
from crm.visits.queries import VISIT, metres_to_customer
from crm.visits.rules import MOVES, after, before
from crm.visits.schemas import Checked
from crm.visits.vocabulary import Move
from crm.workspaces.models import users

CHECK_OF: Mapping[Move, str] = {"start": "start", "complete": "completion"}
"""The moves that say where the visitor is, and what the columns for it begin with."""


async def make(
    access: Access,
    move: Move,
    event_type: str,
    visit_id: UUID,
    values: Mapping[str, Any],
    checked: Checked | None = None,
    **more: Any,
) -> Answer | None:
    """Make this move with these new values; None where a guard held it back or there was nothing to change.

    ``checked`` is what the visitor's device said, for the moves that ask for it.
    """
    new = {**values, **_said(move, checked)}
    location = checked.location if checked else None
    where = {f"location_{name}": value for name, value in location.model_dump().items()} if location else {}
    wanted = _moved(access.actor.sight, move, frozenset(new), location is not None)
    return await record(access, event_type, wanted, id=visit_id, **renamed(new), **where, **more)


async def as_it_is(access: Access, move: Move, visit_id: UUID) -> tuple[Answer, dict[str, Any]]:
    """The visit, where its state allows the move, as the answer and as a dictionary.

    Raises ``NotFound``, ``Stale``, and ``VisitNotPlanned`` or ``VisitClosed`` with the present state.
    """
    answer = await explain(access, VISIT, visit_id)
    visit: dict[str, Any] = orjson.loads(answer.body)
    if (visit["state"], move) not in MOVES:
        refused = VisitNotPlanned if before(move) == ("planned",) else VisitClosed
        raise refused(state=visit["state"])
    return answer, visit


async def must_be_active(access: Access, field: str, user_id: UUID) -> None:
    """Raise 422 at the field unless the user is there and active."""
    if not await access.value(_someone_is_active(), user_id=user_id):
        raise invalid(field, "There is no such active user.", "not_found")


async def must_belong(
    access: Access, field: str, customer_id: UUID, contact_ids: Sequence[UUID], *, current: bool
) -> None:
    """Raise 422 naming each element of the field that is no contact of the customer, or where ``current`` no more."""
    rows = await access.rows(_belonging(current), customer_id=customer_id, contact_ids=contact_ids)
    known = {row["id"] for row in rows}
    errors = tuple(
        FieldError(f"#/{field}/{place}", "There is no such contact at this customer.", "not_found")
        for place, contact_id in enumerate(contact_ids)
        if contact_id not in known
    )
    if errors:
        raise Unprocessable(errors=errors)


@statement
def planned(sight: Sight, columns: frozenset[str]) -> Insert:
    """A new visit, where the customer is in reach, its contacts are the customer's and its owner is active."""
    customer_id, owner_id = bindparam("new_customer_id", type_=Uuid), bindparam("new_owner_id", type_=Uuid)
    team = {}
    if "team_id" not in columns:
        at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
        team["team_id"] = select(users.c.team_id).where(at_home, users.c.id == owner_id).scalar_subquery()
    may = (
        in_reach(sight, customer_id)
        & _is_active(owner_id)
        & _all_belong(customer_id, _ids("new_contact_ids"), current=True)
    )
    return creating(VISIT, columns, values=team, only_if=may)


@statement
def _moved(sight: Sight, move: Move, columns: frozenset[str], located: bool) -> Insert:
    """A visit that has made this move."""
    guards: list[ColumnElement[bool]] = [visits.c.state.in_(before(move))]
    values: dict[str, Any] = {"state": after(move)}
    if "contact_ids" in columns:
        guards.append(_all_belong(visits.c.customer_id, _ids("new_contact_ids"), current=True))
    if move == "reschedule":
        times = ("planned_start", "planned_end")
        new = {name: bindparam(f"new_{name}", type_=Moment) for name in times}
        guards.append(or_(*(visits.c[name] != new[name] for name in times)))
        values["reschedule_count"] = visits.c.reschedule_count + 1
    if move == "start":
        values["started_at"] = func.now()
    if move == "complete":
        given_start = bindparam("given_start", type_=Moment)
        assignee_id = bindparam("assignee_id", type_=Uuid)
        guards += [
            or_(given_start.is_(None), visits.c.started_at.is_(None)),
            or_(assignee_id.is_(None), _is_active(assignee_id)),
            _all_belong(visits.c.customer_id, _ids("new_met_contact_ids"), current=False),
        ]
        planned_or_now = func.least(visits.c.planned_start, func.now())
        values["started_at"] = func.coalesce(visits.c.started_at, given_start, planned_or_now)
        # Whoever waited for the start to commit began before it: the end is never before the start.
        values["completed_at"] = func.greatest(func.now(), visits.c.started_at, given_start)
    if located:
        at = CHECK_OF[move]
        latitude, longitude, accuracy = (
            bindparam(f"location_{name}", type_=Float) for name in ("latitude", "longitude", "accuracy_m")
        )
        metres = metres_to_customer(latitude, longitude)
        allowed = bindparam("visits_range_m", type_=Integer) + func.coalesce(accuracy, 0)
        values[f"{at}_distance_m"] = cast(func.round(metres), Integer)
        values[f"{at}_out_of_range"] = metres > allowed
    return changing(VISIT, sight, columns, *guards, values=values)


def _said(move: Move, checked: Checked | None) -> dict[str, Any]:
    """The columns of what the device said."""
    if checked is None:
        return {}
    at = CHECK_OF[move]
    location = checked.location.model_dump() if checked.location else None
    said = {f"{at}_location": location, f"{at}_device_time": checked.device_time}
    return {name: value for name, value in said.items() if value is not None}


@statement
def _someone_is_active() -> Select[Any]:
    return select(_is_active(bindparam("user_id", type_=Uuid)))


@statement
def _belonging(current: bool) -> Select[Any]:
    return _of_customer(bindparam("customer_id", type_=Uuid), _ids("contact_ids"), current=current)


def _is_active(user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return exists().where(at_home, users.c.id == user_id, users.c.state == "active")


def _ids(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Uuid))


def _of_customer(customer_id: ColumnElement[Any], ids: ColumnElement[Any], *, current: bool) -> Select[Any]:
    found = select(contacts.c.id).where(
        contacts.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        contacts.c.customer_id == customer_id,
        contacts.c.id == any_(ids),
    )
    return found.where(contacts.c.archived_at.is_(None), contacts.c.left_on.is_(None)) if current else found


def _all_belong(customer_id: ColumnElement[Any], ids: ColumnElement[Any], *, current: bool) -> ColumnElement[bool]:
    """Each of these ids, none of them twice, is a contact of the customer."""
    found = _of_customer(customer_id, ids, current=current).with_only_columns(func.count())
    many: ColumnElement[bool] = found.correlate(visits).scalar_subquery() == func.cardinality(ids)
    return many
