"""The statements by which a visit begins: planned, started without a plan, or written down when it was over."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Uuid, and_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from crm.actor import Sight
from crm.customers.queries import in_reach, out_of_reach
from crm.database import Access, statement
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.recording import record, recorded, renamed
from crm.tables import Moment
from crm.visits import people, sales
from crm.visits.errors import TooLateToReport
from crm.visits.guarding import another_in_progress, double_booked, in_time
from crm.visits.locating import CHECK_OF, columns_of, must_say_why, said_why
from crm.visits.models import NO_DOUBLE_BOOKING, visits
from crm.visits.moving import in_turn
from crm.visits.people import all_active, all_belong, ids, supervises
from crm.visits.queries import VISIT
from crm.visits.rules import BIRTHS
from crm.visits.vocabulary import Birth, Move
from crm.workspaces.colleagues import is_active, must_be_active, team_of

MOVE_OF: Mapping[Birth, Move] = {"start_unplanned": "start", "log": "complete"}
"""What a device says at a birth is what it says at this move."""


async def begin(
    access: Access, birth: Birth, event_type: str, values: Mapping[str, Any], device: Mapping[str, Any]
) -> Answer:
    """A new visit with these values.

    Raises 422 for whoever is not there, ``CustomerArchived``, ``AlreadyExists``, ``OwnerDoubleBooked``,
    ``AnotherVisitInProgress``.
    """
    new = _begun(access.actor.sight, birth, frozenset(values), bool(device))
    begun = await record(access, event_type, new, **renamed(values), **device)
    if begun is None:
        await _refuse(access, birth, values, device)
        raise Unavailable
    return begun


async def _refuse(access: Access, birth: Birth, values: Mapping[str, Any], device: Mapping[str, Any]) -> None:
    """Raise whatever held it back."""
    customer_id: UUID = values["customer_id"]
    owner_id: UUID = values["owner_id"]
    if problem := await out_of_reach(access, customer_id):
        raise problem
    await must_be_active(access, "owner_id", owner_id)
    for field, current in (("contact_ids", True), ("met_contact_ids", False)):
        if field in values:
            await people.must_belong(access, field, customer_id, values[field], current=current)
    if "participant_ids" in values:
        await people.must_all_be_active(access, values["participant_ids"])
    if "supervisor_id" in values:
        await people.must_supervise(access, values["supervisor_id"], owner_id)
    if "opportunity_id" in values:
        await sales.must_be_of(access, customer_id, values["opportunity_id"])
    if device:
        await must_say_why(access, customer_id, device)
    if birth == "plan" and not values["overlap_allowed"]:
        raise await double_booked(access, owner_id, values["planned_start"], values["planned_end"], None)
    if birth == "start_unplanned":
        raise await another_in_progress(access, owner_id)
    if birth == "log":
        raise TooLateToReport


@statement
def _begun(sight: Sight, birth: Birth, columns: frozenset[str], checked: bool) -> Insert:
    """A new visit, where the customer is in reach and everyone named is who they must be.

    Where the owner's time is taken, a constraint lets nothing happen: without an error, so that who comes second is
    told what is in the way, and without the deadlock that two errors can wait for.
    """
    new: dict[str, ColumnElement[Any]] = {"workspace_id": bindparam("workspace_id", type_=Uuid)}
    new |= {name: bindparam(f"new_{name}", type_=visits.c[name].type) for name in sorted(columns)}
    customer_id, owner_id = new["customer_id"], new["owner_id"]
    new |= _given_by(birth, new)
    if "team_id" not in columns:
        new["team_id"] = team_of(owner_id)
    may = [in_reach(sight, customer_id), is_active(owner_id), in_turn(owner_id)]
    if birth == "log":
        may.append(in_time(bindparam("new_completed_at", type_=Moment)))
    if "contact_ids" in columns:
        may.append(all_belong(customer_id, ids("new_contact_ids"), current=True))
    if "met_contact_ids" in columns:
        may.append(all_belong(customer_id, ids("new_met_contact_ids"), current=False))
    if "participant_ids" in columns:
        may.append(all_active(ids("new_participant_ids")))
    if "supervisor_id" in columns:
        may += [supervises(new["supervisor_id"]), new["supervisor_id"] != owner_id]
    if "opportunity_id" in columns:
        may.append(sales.is_of(customer_id, new["opportunity_id"], sight))
    if checked:
        may.append(said_why(customer_id))
        new |= columns_of(CHECK_OF[MOVE_OF[birth]], customer_id, owner_id)
    rows = select(*new.values()).where(and_(*may))
    begun = insert(visits).from_select(list(new), rows)
    if birth == "plan":
        begun = begun.on_conflict_do_nothing(constraint=NO_DOUBLE_BOOKING)
    if birth == "start_unplanned":
        whose, at_it = [visits.c.workspace_id, visits.c.owner_id], visits.c.state == "in_progress"
        begun = begun.on_conflict_do_nothing(index_elements=whose, index_where=at_it)
    return recorded(VISIT, begun)


def _given_by(birth: Birth, new: Mapping[str, ColumnElement[Any]]) -> dict[str, ColumnElement[Any]]:
    state, _ = BIRTHS[birth]
    given: dict[str, ColumnElement[Any]] = {"state": literal(state), "unplanned": literal(birth != "plan")}
    if birth == "start_unplanned":
        hour = func.make_interval(0, 0, 0, 0, 1)
        given |= {"started_at": func.now(), "planned_start": func.now(), "planned_end": func.now() + hour}
    if birth == "log":
        # A device whose clock runs a little ahead has ended now.
        ended_at = func.greatest(func.least(new["completed_at"], func.now()), new["started_at"])
        given |= {"planned_start": new["started_at"], "planned_end": new["completed_at"], "completed_at": ended_at}
        given["reported_at"] = func.now()
    return given
