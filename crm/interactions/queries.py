"""How an interaction looks, and everything that reads interactions."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, FromClause, Select, Uuid, and_, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.customers.queries import with_its_customer
from crm.database import Access
from crm.interactions.models import interactions
from crm.interactions.schemas import InteractionFilter
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(interaction: FromClause) -> Select[Any]:
    """An interaction, once: the answer, the event, the export."""
    customer, contact, user = customers.alias("customer"), contacts.alias("contact"), users.alias("person")
    c = interaction.c
    return select(
        c.id,
        c.customer_id,
        mention(customer).label("customer"),
        c.contact_id,
        mention(contact).label("contact"),
        c.user_id,
        mention(user).label("user"),
        c.channel,
        c.direction,
        c.outcome,
        utc(c.occurred_at).label("occurred_at"),
        c.counts_as_contact,
        c.automated,
        c.note,
        *stamps(interaction),
    ).select_from(
        interaction.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
        .outerjoin(contact, and_(contact.c.workspace_id == c.workspace_id, contact.c.id == c.contact_id))
        .outerjoin(user, and_(user.c.workspace_id == c.workspace_id, user.c.id == c.user_id))
    )


INTERACTION = Noun("interaction", interactions, shape, with_its_customer(interactions))

LIST = Listing(
    INTERACTION,
    sorts={"occurred_at": interactions.c.occurred_at},
    filters={
        **among(interactions, ["customer_id", "contact_id", "channel", "user_id"]),
        **between(interactions, ["occurred_at"]),
        "complaint_id": interactions.c.subject_id == any_(bindparam("complaint_id", type_=ARRAY(Uuid))),
        "counts_as_contact": interactions.c.counts_as_contact == bindparam("counts_as_contact", type_=Boolean),
    },
)


async def get(access: Access, interaction_id: UUID) -> Answer:
    """One interaction. Raises ``NotFound``."""
    return await reading.one(access, INTERACTION, interaction_id)


async def page(access: Access, wanted: InteractionFilter) -> bytes:
    """A page of interactions."""
    return await reading.page(access, LIST, wanted)
