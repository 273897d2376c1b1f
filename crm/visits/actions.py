"""Everything that changes visits. What a visit does to warmth is a reaction to its fact, in the worker.

Each move is guarded by the table in ``rules`` inside its own statement: of two people who complete a visit at the
same moment one does, and the other is told the state as it is by then.
"""

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import orjson

from crm import clock
from crm.actor import Actor
from crm.customers.queries import out_of_reach
from crm.database import Access, Transaction
from crm.errors import Unavailable, invalid
from crm.nouns import Answer
from crm.recording import record, renamed
from crm.tasks.actions import Owed, owe
from crm.visits import events, moving
from crm.visits.errors import VisitNotPlanned
from crm.visits.schemas import (
    Checked,
    NextStepSent,
    VisitCancel,
    VisitPlan,
    VisitReport,
    VisitReschedule,
    VisitUpdate,
)


async def plan(access: Access, new: VisitPlan) -> Answer:
    """Plan a visit to a customer whom the actor sees.

    Raises 422 for a customer, contact or owner who is not there, ``CustomerArchived``, ``AlreadyExists``.
    """
    values = new.model_dump(exclude_none=True)
    if access.actor.user_id is not None:
        values.setdefault("owner_id", access.actor.user_id)
    if "owner_id" not in values:
        raise invalid("owner_id", "A key makes no visits itself: say who does.", "required")
    insert = moving.planned(access.actor.sight, frozenset(values))
    planned = await record(access, events.PLANNED, insert, **renamed(values))
    if planned is None:
        if problem := await out_of_reach(access, new.customer_id):
            raise problem
        await moving.must_be_active(access, "owner_id", values["owner_id"])
        await moving.must_belong(access, "contact_ids", new.customer_id, new.contact_ids, current=True)
        raise Unavailable
    return planned


async def update(access: Access, visit_id: UUID, change: VisitUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``VisitNotPlanned``, 422 for a contact who is not there."""
    values = change.model_dump(exclude_unset=True)
    changed = await moving.make(access, "update", events.UPDATED, visit_id, values)
    if changed:
        return changed
    answer, visit = await moving.as_it_is(access, "update", visit_id)
    if change.contact_ids is not None:
        await moving.must_belong(access, "contact_ids", UUID(visit["customer_id"]), change.contact_ids, current=True)
    return answer


async def reschedule(access: Access, visit_id: UUID, wanted: VisitReschedule) -> Answer:
    """Move a visit to another time; it keeps its id and counts its moves. Raises as ``update`` does."""
    values = {
        "planned_start": wanted.planned_start,
        "planned_end": wanted.planned_end,
        "reschedule_reason": wanted.reason,
    }
    moved = await moving.make(access, "reschedule", events.RESCHEDULED, visit_id, values)
    return moved or (await moving.as_it_is(access, "reschedule", visit_id))[0]


async def start(access: Access, visit_id: UUID, arrival: Checked) -> Answer:
    """Begin a visit now, and say how far from the customer. Raises ``NotFound``, ``Stale``, ``VisitNotPlanned``."""
    started = await moving.make(access, "start", events.STARTED, visit_id, {}, arrival)
    if started:
        return started
    await moving.as_it_is(access, "start", visit_id)
    raise Unavailable


async def complete(tx: Transaction, visit_id: UUID, report: VisitReport) -> Answer:
    """Close a visit with its result, whom one met and what comes next; the next step becomes a task.

    A visit that nobody started can be completed too: people forget to press start. It began when the report says, or
    else as planned, or just now where the planned start is still to come; then how long it took is not known.

    The answer has the next step as it was reported and not its task: the task is made after the visit's fact, and the
    fact must not differ from what is read later. The task has the visit as its subject.

    Raises ``NotFound``, ``Stale``, ``VisitClosed``; ``VisitNotPlanned`` for a given start of a visit that was
    started; 422 for contacts or an assignee who are not there, and for a start in the future.
    """
    if report.started_at is not None and report.started_at > datetime.now(UTC):
        raise invalid("started_at", "This has not happened yet.", "in_the_future")
    values: dict[str, Any] = {
        "result": report.result,
        "met_contact_ids": report.met_contact_ids,
        "customer_feedback": report.customer_feedback,
        "own_needs_shared": report.own_needs_shared,
        "next_step": _next_step(report.next_step, tx.actor),
    }
    assignee_id = report.next_step.assignee_id if report.next_step else None
    guarded = {"given_start": report.started_at, "assignee_id": assignee_id}
    completed = await moving.make(tx, "complete", events.COMPLETED, visit_id, values, report, **guarded)
    if completed is None:
        await _refuse_completion(tx, visit_id, report)
        raise Unavailable
    if report.next_step is not None:
        visit = orjson.loads(completed.body)
        await owe(
            tx,
            Owed(
                kind="next_step",
                title=report.next_step.title,
                subject_type="visit",
                subject_id=visit_id,
                customer_id=UUID(visit["customer_id"]),
                assignee_id=assignee_id or UUID(visit["owner_id"]),
                due_at=_due_at(report.next_step, tx.actor),
                dedupe_key=f"visit:{visit_id}:next_step",
            ),
        )
    return completed


async def cancel(access: Access, visit_id: UUID, why: VisitCancel) -> Answer:
    """Say that a visit does not take place. Raises ``NotFound``, ``Stale``, ``VisitClosed``."""
    cancelled = await moving.make(access, "cancel", events.CANCELLED, visit_id, {"cancel_reason": why.reason})
    if cancelled:
        return cancelled
    await moving.as_it_is(access, "cancel", visit_id)
    raise Unavailable


async def _refuse_completion(tx: Transaction, visit_id: UUID, report: VisitReport) -> None:
    """Raise whichever guard held the completion back."""
    _, visit = await moving.as_it_is(tx, "complete", visit_id)
    if report.started_at is not None and visit["started_at"] is not None:
        raise VisitNotPlanned("The visit was started before; leave started_at out.", state=visit["state"])
    customer_id = UUID(visit["customer_id"])
    await moving.must_belong(tx, "met_contact_ids", customer_id, report.met_contact_ids, current=False)
    if report.next_step is not None and report.next_step.assignee_id is not None:
        await moving.must_be_active(tx, "next_step/assignee_id", report.next_step.assignee_id)


def _due_at(step: NextStepSent, actor: Actor) -> datetime:
    """When a next step is due, in UTC: a day means the workspace's reminder time on that day, in its zone."""
    if step.due_on is not None:
        return clock.moment_of(step.due_on, time.fromisoformat(actor.settings["reminder_time"]), actor.timezone)
    return (step.due_at or datetime.now(UTC)).astimezone(UTC)


def _next_step(step: NextStepSent | None, actor: Actor) -> dict[str, Any] | None:
    """A next step as it was reported, with the moment it is due."""
    if step is None:
        return None
    due_at = _due_at(step, actor).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return step.model_dump(mode="json") | {"due_at": due_at}
