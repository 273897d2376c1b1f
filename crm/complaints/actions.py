"""Everything people do with a complaint once it is there: each step of its path, and changing what is known of it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crm.complaints import learning, pointing, standing, talking
from crm.complaints.columns import as_columns
from crm.complaints.holding import hold_customers
from crm.complaints.receiving import CLOCKS_DIFFER
from crm.complaints.step_schemas import (
    ComplaintAssess,
    ComplaintAssign,
    ComplaintAttempt,
    ComplaintClose,
    ComplaintCommunicate,
    ComplaintInform,
    ComplaintNoted,
    ComplaintPropose,
    ComplaintRefuse,
    ComplaintReject,
    ComplaintReopen,
    ComplaintSendBack,
    ComplaintWait,
    ComplaintWithdraw,
)
from crm.complaints.taking import Sent, take
from crm.complaints.vocabulary import Step
from crm.database import Transaction
from crm.errors import invalid
from crm.nouns import Answer


async def simply(tx: Transaction, step: Step, complaint_id: UUID, said: ComplaintNoted | None) -> Answer:
    """A step with nothing but a note: acknowledge, investigate, resume, approve, accept, implement, resolve."""
    return await take(tx, step, complaint_id, Sent(note=said.note if said else None))


async def assess(tx: Transaction, complaint_id: UUID, judged: ComplaintAssess) -> Answer:
    """How bad, and about what. Raises as ``taking.take`` does; a new severity is a fact of its own."""
    return await take(tx, "assess", complaint_id, Sent(_values(judged), judged.note))


async def assign(tx: Transaction, complaint_id: UUID, wanted: ComplaintAssign) -> Answer:
    """Who looks into it. Raises as ``taking.take`` does, 422 for who is not there."""
    values = _values(wanted)
    if "responsible_id" in wanted.model_fields_set:
        values["responsible_id"] = wanted.responsible_id
    await pointing.must_be_there(tx, values)
    return await take(tx, "assign", complaint_id, Sent(values, wanted.note))


async def wait_customer(tx: Transaction, complaint_id: UUID, why: ComplaintWait) -> Answer:
    """The customer's turn. Raises as ``taking.take`` does."""
    return await take(tx, "wait_customer", complaint_id, Sent(note=why.reason))


async def propose(tx: Transaction, complaint_id: UUID, wanted: ComplaintPropose) -> Answer:
    """A solution, to be approved by somebody else. Raises as ``taking.take`` does."""
    return await take(tx, "propose", complaint_id, Sent(_values(wanted), wanted.note))


async def send_back(tx: Transaction, complaint_id: UUID, why: ComplaintSendBack) -> Answer:
    """What was proposed is not approved. Raises as ``taking.take`` does."""
    return await take(tx, "send_back", complaint_id, Sent(note=why.reason))


async def communicate(tx: Transaction, complaint_id: UUID, told: ComplaintCommunicate) -> Answer:
    """The customer knows the decision, and somebody was in touch with them. Raises as ``taking.take`` does."""
    await hold_customers(tx, complaint_id)
    communicated = await take(tx, "communicate", complaint_id, Sent(note=told.note, reached=told.reached))
    await talking.keep(tx, complaint_id, told.channel)
    return communicated


async def refuse(tx: Transaction, complaint_id: UUID, why: ComplaintRefuse) -> Answer:
    """The customer wants something else. Raises as ``taking.take`` does."""
    return await take(tx, "refuse", complaint_id, Sent(note=why.reason))


async def attempt(tx: Transaction, complaint_id: UUID, made: ComplaintAttempt) -> Answer:
    """The customer was not reached.

    Raises as ``taking.take`` does, 422 for a moment to come or before it was resolved.
    """
    _, row = await standing.locked(tx, complaint_id)
    now = datetime.now(UTC)
    at = made.at or now
    if at - now > CLOCKS_DIFFER:
        raise invalid("at", "This has not happened yet.", "in_the_future")
    if row["resolved_at"] is not None and at < row["resolved_at"]:
        if made.at is not None:
            raise invalid("at", "This was before it was resolved.", "too_early")
        at = row["resolved_at"]
    one = {"at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "by_id": tx.actor.user_id, "note": made.note}
    return await take(tx, "attempt", complaint_id, Sent({"close_attempts": [*row["close_attempts"], one]}, made.note))


async def close(tx: Transaction, complaint_id: UUID, ended: ComplaintClose) -> Answer:
    """The end. Raises as ``taking.take`` does."""
    now, row = await standing.locked(tx, complaint_id)
    values = _values(ended, "confirmed")
    values["closed_because"] = (
        "rejected" if now.state == "rejected" else "confirmed" if ended.confirmed else "not_reached"
    )
    learnt = now.state != "rejected" and bool(values.get("corrective_action") or now.corrective_action)
    day = await learning.check_on(tx) if learnt else None
    if day is not None:
        values["check_effect_on"] = day
    closed = await take(tx, "close", complaint_id, Sent(values, ended.note, confirmed=ended.confirmed))
    if day is not None:
        await learning.owe_check(tx, row, day)
    return closed


async def reject(tx: Transaction, complaint_id: UUID, why: ComplaintReject) -> Answer:
    """The complaint is not justified, where somebody else approves that. Raises as ``taking.take`` does."""
    values = {
        "validity": "rejected",
        "rejection_reason": why.reason,
        "alternatives_told": why.alternatives_told,
    }
    return await take(tx, "reject", complaint_id, Sent(values, why.reason))


async def withdraw(tx: Transaction, complaint_id: UUID, why: ComplaintWithdraw) -> Answer:
    """The customer takes it back. Raises as ``taking.take`` does."""
    gone = await take(tx, "withdraw", complaint_id, Sent({"withdrawn_reason": why.reason}, why.reason))
    await learning.drop_tasks(tx, complaint_id, "withdrawn")
    return gone


async def reopen(tx: Transaction, complaint_id: UUID, why: ComplaintReopen) -> Answer:
    """It is not over. Raises as ``taking.take`` does."""
    opened = await take(tx, "reopen", complaint_id, Sent(note=why.reason))
    await learning.drop_tasks(tx, complaint_id, "reopened")
    return opened


async def inform(tx: Transaction, complaint_id: UUID, told: ComplaintInform) -> Answer:
    """The customer was told how far it is. Raises as ``taking.take`` does."""
    return await take(tx, "inform", complaint_id, Sent(note=told.note))


def _values(sent: Any, *but: str) -> dict[str, Any]:
    """What was sent, as columns."""
    return as_columns(sent.model_dump(exclude={"note", *but}, exclude_none=True))
