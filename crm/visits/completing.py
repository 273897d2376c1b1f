"""Completing visits: the report, and with it, in one transaction, the next step's task and the next visit."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import orjson

from crm import clock
from crm.actor import Actor
from crm.database import Transaction
from crm.errors import Unavailable, invalid
from crm.nouns import Answer
from crm.sealing import Sealer
from crm.tasks.actions import Owed, owe
from crm.visits import beginning, events, guarding, moving, people
from crm.visits.actions import with_owner
from crm.visits.errors import VisitNotPlanned
from crm.visits.locating import must_say_why
from crm.visits.reports import NextStepSent, NextVisitSent, Reported, VisitLog, VisitReport
from crm.workspaces.colleagues import must_be_active
from crm.workspaces.ids import new_id


async def complete(tx: Transaction, sealer: Sealer, visit_id: UUID, report: VisitReport) -> Answer:
    """Close a visit with its result, whom one met and what comes next; the next step becomes a task.

    A visit that nobody started can be completed too: people forget to press start. It began when the report says, or
    else as planned, or just now where the planned start is still to come; then how long it took is not known.

    The answer has the next step as it was reported and not its task: the task is made after the visit's fact, and the
    fact must not differ from what is read later. The task has the visit as its subject.

    Raises ``NotFound``, ``Stale``, ``VisitClosed``, ``NotOnThisDay``, ``TooLateToReport``; ``VisitNotPlanned`` for a
    given start of a visit that was started; 422 for contacts or an assignee who are not there, and for a start or an
    end in the future; what ``plan`` raises for the next visit.
    """
    _must_be_past(tx.actor, started_at=report.started_at, ended_at=report.ended_at)
    values = _told(report, tx.actor)
    if report.next_visit is not None:
        _, visit = await guarding.as_it_is(tx, "complete", visit_id)
        values["next_visit_id"] = await _plan_next(tx, report.next_visit, visit)
    more: dict[str, Any] = {"given_start": report.started_at, "given_end": report.ended_at}
    more["assignee_id"] = report.next_step.assignee_id if report.next_step else None
    device = moving.device("complete", report, sealer, tx, visit_id)
    completed = await moving.make(tx, "complete", events.COMPLETED, visit_id, values, **more, **device)
    if completed is None:
        await _refuse(tx, visit_id, report, device)
        raise Unavailable
    await _owe_next_step(tx, visit_id, report, orjson.loads(completed.body))
    return completed


async def log(tx: Transaction, sealer: Sealer, new: VisitLog) -> Answer:
    """Write down a visit that nobody planned and that is over.

    Raises 422 and 409 as ``plan`` does, ``TooLateToReport``, 422 for an end in the future.
    """
    _must_be_past(tx.actor, started_at=new.started_at, ended_at=new.ended_at)
    if new.next_step is not None and new.next_step.assignee_id is not None:
        await must_be_active(tx, "next_step/assignee_id", new.next_step.assignee_id)
    own = ("id", "customer_id", "owner_id", "team_id", "kind", "purpose", "subject", "opportunity_id", "started_at")
    values = with_owner(tx, new.model_dump(include=set(own), exclude_none=True))
    values |= {name: value for name, value in _told(new, tx.actor).items() if value is not None}
    values["completed_at"] = new.ended_at
    values.setdefault("id", await new_id(tx))
    if new.next_visit is not None:
        this = {name: values.get(name) for name in ("customer_id", "owner_id", "purpose", "kind", "subject")}
        values["next_visit_id"] = await _plan_next(tx, new.next_visit, this)
    device = moving.device("complete", new, sealer, tx, values["id"])
    logged = await beginning.begin(tx, "log", events.COMPLETED, values, device)
    await _owe_next_step(tx, values["id"], new, orjson.loads(logged.body))
    return logged


async def _plan_next(tx: Transaction, wanted: NextVisitSent, this: dict[str, Any]) -> UUID:
    """Plan the next visit; what was not said is as it was this time. Its id."""
    values = wanted.model_dump(exclude_none=True, exclude={"allow_overlap"})
    values["overlap_allowed"] = wanted.allow_overlap
    for name in ("purpose", "kind", "subject"):
        if this[name] is not None:
            values.setdefault(name, this[name])
    values |= {name: UUID(str(this[name])) for name in ("customer_id", "owner_id")}
    values.setdefault("contact_ids", [])
    planned = await beginning.begin(tx, "plan", events.PLANNED, values, {})
    return planned.id


async def _owe_next_step(tx: Transaction, visit_id: UUID, report: Reported, visit: dict[str, Any]) -> None:
    step = report.next_step
    if step is None:
        return
    owed = Owed(
        kind="next_step",
        title=step.title,
        subject_type="visit",
        subject_id=visit_id,
        customer_id=UUID(visit["customer_id"]),
        assignee_id=step.assignee_id or UUID(visit["owner_id"]),
        due_at=_due_at(step, tx.actor),
        dedupe_key=f"visit:{visit_id}:next_step",
    )
    await owe(tx, owed)


async def _refuse(tx: Transaction, visit_id: UUID, report: VisitReport, device: dict[str, Any]) -> None:
    """Raise whichever guard held the completion back."""
    _, visit = await guarding.as_it_is(tx, "complete", visit_id)
    await guarding.refuse_by_guard(tx, "complete", visit)
    if report.started_at is not None and visit["started_at"] is not None:
        raise VisitNotPlanned("The visit was started before; leave started_at out.", state=visit["state"])
    customer_id = UUID(visit["customer_id"])
    await people.must_belong(tx, "met_contact_ids", customer_id, report.met_contact_ids, current=False)
    if report.next_step is not None and report.next_step.assignee_id is not None:
        await must_be_active(tx, "next_step/assignee_id", report.next_step.assignee_id)
    if device:
        await must_say_why(tx, customer_id, device)
    if report.ended_at is not None:
        raise invalid("ended_at", "A visit ends after it began.", "too_early")


def _must_be_past(actor: Actor, **moments: datetime | None) -> None:
    """Raise 422 for what has not happened yet; a clock may run ahead by the workspace's tolerance."""
    ahead = timedelta(minutes=actor.settings["visits"]["clock_tolerance_minutes"])
    for name, moment in moments.items():
        allowance = ahead if name == "ended_at" else timedelta()
        if moment is not None and moment > datetime.now(UTC) + allowance:
            raise invalid(name, "This has not happened yet.", "in_the_future")


def _told(report: Reported, actor: Actor) -> dict[str, Any]:
    """What came of a visit, as columns."""
    return {
        "result": report.result,
        "met_contact_ids": report.met_contact_ids,
        "customer_feedback": report.customer_feedback,
        "own_needs_shared": True if report.own_needs and report.own_needs_shared is None else report.own_needs_shared,
        "own_needs": report.own_needs,
        "next_step": _next_step(report.next_step, actor),
    }


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
