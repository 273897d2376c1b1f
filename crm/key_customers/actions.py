"""Deciding about proposals: what is confirmed becomes so at once, in the same transaction."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Insert, Text, Uuid, bindparam, func

from crm.actor import Sight
from crm.customers import events as customer_events
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER, out_of_reach
from crm.database import Access, Transaction, statement
from crm.errors import Unavailable
from crm.key_customers import events
from crm.key_customers.errors import ProposalDecided
from crm.key_customers.models import key_proposals
from crm.key_customers.queries import KEY_PROPOSAL
from crm.key_customers.vocabulary import ProposalState
from crm.nouns import Answer
from crm.recording import changing, explain, record, renamed


async def confirm(tx: Transaction, proposal_id: UUID) -> Answer:
    """Make the customer what is proposed. Raises ``NotFound``, ``Stale``, ``ProposalDecided``, ``CustomerArchived``."""
    confirmed = await record(tx, events.CONFIRMED, _decide(tx.actor.sight, "confirmed"), id=proposal_id)
    if confirmed is None:
        raise await _why_not(tx, proposal_id)
    proposal = orjson.loads(confirmed.body)
    customer_id = UUID(proposal["customer_id"])
    if problem := await out_of_reach(tx, customer_id):
        raise problem
    class_ = "ordinary" if proposal["kind"] == "demote" else "key"
    for event_type, column, value in (
        (customer_events.CLASS_CHANGED, "class", class_),
        (customer_events.KEY_STATUS_CHANGED, "key_kind", proposal["key_kind"]),
    ):
        # If-Match, where it was sent, is about the proposal.
        new = renamed({column: value})
        await record(tx, event_type, _become(tx.actor.sight, column), id=customer_id, if_match=None, **new)
    return confirmed


async def reject(access: Access, proposal_id: UUID, reason: str) -> Answer:
    """Leave the customer what it is. Raises ``NotFound``, ``Stale``, ``ProposalDecided``."""
    decide = _decide(access.actor.sight, "rejected")
    rejected = await record(access, events.REJECTED, decide, id=proposal_id, reason=reason)
    if rejected is None:
        raise await _why_not(access, proposal_id)
    return rejected


async def _why_not(access: Access, proposal_id: UUID) -> Exception:
    state = orjson.loads((await explain(access, KEY_PROPOSAL, proposal_id)).body)["state"]
    return Unavailable() if state == "open" else ProposalDecided(state=state)


@statement
def _decide(sight: Sight, state: ProposalState) -> Insert:
    values: dict[str, ColumnElement[Any] | str] = {
        "state": state,
        "decided_at": func.now(),
        "decided_by_id": bindparam("user_id", type_=Uuid),
    }
    if state == "rejected":
        values["reject_reason"] = bindparam("reason", type_=Text)
    return changing(KEY_PROPOSAL, sight, (), key_proposals.c.state == "open", values=values)


@statement
def _become(sight: Sight, column: str) -> Insert:
    return changing(CUSTOMER, sight, (column,), customers.c.archived_at.is_(None))
