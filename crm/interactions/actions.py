"""Everything that changes interactions. What they do to warmth is a reaction to their fact, in the worker."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Insert, Uuid, bindparam

from crm.actor import Sight
from crm.customers.queries import in_reach, out_of_reach
from crm.database import Access, statement
from crm.errors import Unavailable, invalid
from crm.interactions import events, rules
from crm.interactions.queries import INTERACTION
from crm.interactions.schemas import InteractionCreate, InteractionUpdate
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours."""


async def log(access: Access, new: InteractionCreate) -> Answer:
    """Write down a call, a message or a meeting; it counts as a contact only where two people took part.

    Raises 422 for a customer, contact or user who is not there, for a moment in the future and for a contact that
    cannot be one; ``CustomerArchived``; ``AlreadyExists`` for a taken id.
    """
    values = new.model_dump(exclude_none=True)
    if new.occurred_at is not None and new.occurred_at - datetime.now(UTC) > CLOCKS_DIFFER:
        raise invalid("occurred_at", "This has not happened yet.", "in_the_future")
    if new.counts_as_contact and not rules.can_count(new.outcome, automated=new.automated):
        raise invalid("counts_as_contact", "Nobody was reached, so it is no contact.", "not_a_contact")
    values.setdefault("counts_as_contact", rules.counts(new.outcome, automated=new.automated))
    if access.actor.user_id is not None:
        values.setdefault("user_id", access.actor.user_id)
    logged = await record(access, events.LOGGED, _insert(access.actor.sight, frozenset(values)), **renamed(values))
    if logged is None:
        raise await out_of_reach(access, new.customer_id) or Unavailable()
    return logged


async def update(access: Access, interaction_id: UUID, change: InteractionUpdate) -> Answer:
    """Change the note. Raises ``NotFound``, ``Stale``."""
    values = change.model_dump(exclude_unset=True)
    changed = await record(
        access,
        events.UPDATED,
        _update(access.actor.sight, frozenset(values)),
        id=interaction_id,
        **renamed(values),
    )
    return changed or await explain(access, INTERACTION, interaction_id)


@statement
def _insert(sight: Sight, columns: frozenset[str]) -> Insert:
    return creating(INTERACTION, columns, only_if=in_reach(sight, bindparam("new_customer_id", type_=Uuid)))


@statement
def _update(sight: Sight, columns: frozenset[str]) -> Insert:
    return changing(INTERACTION, sight, columns)
