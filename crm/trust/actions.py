"""Judging how much a customer trusts us."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import Insert, func

from crm.actor import Sight
from crm.customers import events as customer_events
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER, out_of_reach
from crm.database import Transaction, statement
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.trust import events, rules
from crm.trust.queries import TRUST_RATING
from crm.trust.schemas import TrustRate


async def rate(tx: Transaction, customer_id: UUID, new: TrustRate) -> Answer:
    """Keep a judgement, and make it the customer's present one; two facts, since two things changed.

    Raises ``NotFound``, ``Stale`` (of the customer), ``CustomerArchived``.
    """
    found = rules.trust(**new.model_dump(exclude={"note"}))
    present = {"trust_score": found.score, "trust_index": found.index}
    changed = await record(tx, customer_events.TRUST_CHANGED, _keep(tx.actor.sight), id=customer_id, **renamed(present))
    if changed is None:
        await explain(tx, CUSTOMER, customer_id)
        raise await out_of_reach(tx, customer_id) or Unavailable()
    values = {**new.model_dump(), **asdict(found), "customer_id": customer_id, "user_id": tx.actor.user_id}
    rated = await record(tx, events.CREATED, _insert(frozenset(values)), **renamed(values))
    if rated is None:
        raise Unavailable
    return rated


@statement
def _keep(sight: Sight) -> Insert:
    columns = ("trust_score", "trust_index")
    return changing(CUSTOMER, sight, columns, customers.c.archived_at.is_(None), values={"trust_rated_at": func.now()})


@statement
def _insert(columns: frozenset[str]) -> Insert:
    return creating(TRUST_RATING, columns)
