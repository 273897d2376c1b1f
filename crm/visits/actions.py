"""Everything that changes visits. What a visit does to warmth is a reaction to its fact, in the worker.

Each move is guarded by the table in ``rules`` inside its own statement: of two people who complete a visit at the
same moment one does, and the other is told the state as it is by then.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm.database import Access
from crm.errors import Unavailable, invalid
from crm.nouns import Answer
from crm.sealing import Sealer
from crm.visits import beginning, events, guarding, moving, people, sales
from crm.visits.locating import must_say_why
from crm.visits.reports import Checked, VisitReview, VisitStart
from crm.visits.schemas import VisitCancel, VisitPlan, VisitReschedule, VisitUpdate
from crm.visits.vocabulary import Move
from crm.workspaces.ids import new_id

FROM_THE_DEVICE = {"location", "device_time", "out_of_range_reason"}


async def plan(access: Access, new: VisitPlan) -> Answer:
    """Plan a visit to a customer whom the actor sees.

    Raises 422 for a customer, contact, owner or colleague who is not there, ``CustomerArchived``, ``AlreadyExists``,
    ``OwnerDoubleBooked``.
    """
    values = new.model_dump(exclude_none=True, exclude={"allow_overlap"})
    values["overlap_allowed"] = new.allow_overlap
    if not new.participant_ids:
        del values["participant_ids"]
    return await beginning.begin(access, "plan", events.PLANNED, with_owner(access, values), {})


async def start_unplanned(access: Access, sealer: Sealer, new: VisitStart) -> Answer:
    """Begin a visit that nobody planned. Raises as ``plan`` does, and ``AnotherVisitInProgress``."""
    values = with_owner(access, new.model_dump(exclude_none=True, exclude=FROM_THE_DEVICE))
    values.setdefault("id", await new_id(access))
    device = moving.device("start", new, sealer, access, values["id"])
    return await beginning.begin(access, "start_unplanned", events.STARTED, values, device)


async def update(access: Access, visit_id: UUID, change: VisitUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``VisitNotPlanned``, 422 for whoever is not there."""
    values = change.model_dump(exclude_unset=True)
    changed = await moving.make(access, "update", events.UPDATED, visit_id, values)
    if changed:
        return changed
    answer, visit = await guarding.as_it_is(access, "update", visit_id)
    if change.contact_ids is not None:
        await people.must_belong(access, "contact_ids", UUID(visit["customer_id"]), change.contact_ids, current=True)
    if change.participant_ids is not None:
        await people.must_all_be_active(access, change.participant_ids)
    if change.supervisor_id is not None:
        await people.must_supervise(access, change.supervisor_id, UUID(visit["owner_id"]))
    if change.opportunity_id is not None:
        await sales.must_be_of(access, UUID(visit["customer_id"]), change.opportunity_id)
    return answer


async def reschedule(access: Access, visit_id: UUID, wanted: VisitReschedule) -> Answer:
    """Move a visit to another time; it keeps its id, counts its moves and is to be confirmed anew.

    Raises as ``update`` does, and ``OwnerDoubleBooked``.
    """
    values = {
        "planned_start": wanted.planned_start,
        "planned_end": wanted.planned_end,
        "reschedule_reason": wanted.reason,
        "overlap_allowed": wanted.allow_overlap,
    }
    moved = await moving.make(access, "reschedule", events.RESCHEDULED, visit_id, values)
    return moved or (await guarding.as_it_is(access, "reschedule", visit_id))[0]


async def confirm(access: Access, visit_id: UUID) -> Answer:
    """The customer expects the visit. Raises ``NotFound``, ``Stale``, ``VisitNotPlanned``, ``OwnerDoubleBooked``."""
    return await _simply(access, "confirm", events.CONFIRMED, visit_id, {})


async def start(access: Access, sealer: Sealer, visit_id: UUID, arrival: Checked) -> Answer:
    """Begin a visit now, and say how far from the customer.

    Raises ``NotFound``, ``Stale``, ``VisitNotPlanned``, ``NotOnThisDay``, ``AnotherVisitInProgress``.
    """
    device = moving.device("start", arrival, sealer, access, visit_id)
    return await _simply(access, "start", events.STARTED, visit_id, {}, device)


async def cancel(access: Access, visit_id: UUID, why: VisitCancel) -> Answer:
    """Say that a visit does not take place. Raises ``NotFound``, ``Stale``, ``VisitClosed``."""
    values = {"cancel_reason": why.reason, "cancelled_by": why.by}
    return await _simply(access, "cancel", events.CANCELLED, visit_id, values)


async def review(access: Access, visit_id: UUID, said: VisitReview) -> Answer:
    """What the supervisor has to say. Raises ``NotFound``, ``Stale``, ``VisitNotCompleted``, ``VisitNotJoint``,
    ``NotTheSupervisor``.
    """
    return await _simply(access, "review", events.REVIEWED, visit_id, {"review": said.review})


async def _simply(
    access: Access, move: Move, event_type: str, visit_id: UUID, values: Mapping[str, Any], device: Any = None
) -> Answer:
    """A move that either happens or is refused."""
    device = device or {}
    moved = await moving.make(access, move, event_type, visit_id, values, **device)
    if moved:
        return moved
    _, visit = await guarding.as_it_is(access, move, visit_id)
    await guarding.refuse_by_guard(access, move, visit)
    if device:
        await must_say_why(access, UUID(visit["customer_id"]), device)
    raise Unavailable


def with_owner(access: Access, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a new visit with its owner: the caller, unless they name another."""
    if access.actor.user_id is not None:
        values.setdefault("owner_id", access.actor.user_id)
    if "owner_id" not in values:
        raise invalid("owner_id", "A key makes no visits itself: say who does.", "required")
    return values
