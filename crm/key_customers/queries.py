"""How a proposal looks, and everything that reads proposals."""

from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Select, and_, select

from crm import reading
from crm.customers.models import customers
from crm.customers.parts import money
from crm.customers.queries import with_its_customer
from crm.database import Access
from crm.key_customers.models import key_proposals
from crm.key_customers.schemas import KeyProposalFilter
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(proposal: FromClause) -> Select[Any]:
    """A proposal, once: the answer and the event."""
    customer, decider = customers.alias("customer"), users.alias("decider")
    c = proposal.c
    return select(
        c.id,
        c.customer_id,
        mention(customer).label("customer"),
        c.kind,
        c.key_kind,
        c.former_class,
        c.former_key_kind,
        c.place,
        c.customers,
        money(c.value, c.currency).label("value"),
        c.influence,
        c.state,
        mention(decider).label("decided_by"),
        utc(c.decided_at).label("decided_at"),
        c.reject_reason,
        *stamps(proposal),
    ).select_from(
        proposal.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
        .outerjoin(decider, and_(decider.c.workspace_id == c.workspace_id, decider.c.id == c.decided_by_id))
    )  # fmt: skip


KEY_PROPOSAL = Noun("key_proposal", key_proposals, shape, with_its_customer(key_proposals))

LIST = Listing(
    KEY_PROPOSAL,
    sorts={"created_at": key_proposals.c.created_at},
    filters=among(key_proposals, ["state", "kind", "key_kind", "customer_id"]),
)


async def get(access: Access, proposal_id: UUID) -> Answer:
    """One proposal. Raises ``NotFound``."""
    return await reading.one(access, KEY_PROPOSAL, proposal_id)


async def page(access: Access, wanted: KeyProposalFilter) -> bytes:
    """A page of proposals about customers whom the actor sees."""
    return await reading.page(access, LIST, wanted)
