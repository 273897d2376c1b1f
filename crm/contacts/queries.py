"""How a contact looks, and everything that reads contacts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, FromClause, Select, Text, and_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.contacts.models import contact_tokens, contacts
from crm.contacts.schemas import ContactFilter
from crm.customers.models import customers
from crm.customers.queries import with_its_customer
from crm.database import Access
from crm.finding import Finding, asked, words
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.search import tokens_of_name, tokens_of_phone
from crm.tables import stamps, utc
from crm.workspaces.custom_filters import custom_filters, custom_values


def _tokens_of_phones(phones: Iterable[str]) -> frozenset[str]:
    return frozenset(token for phone in phones for token in tokens_of_phone(phone))


FINDING = Finding(contacts, contact_tokens, {"name": tokens_of_name, "phones": _tokens_of_phones})
"""The fields a contact is found by, and what each leaves in the index."""


def shape(contact: FromClause) -> Select[Any]:
    """A contact, once: the answer, the event, the export."""
    customer = customers.alias("customer")
    c = contact.c
    return select(
        c.id,
        c.customer_id,
        mention(customer).label("customer"),
        c.name,
        c.title,
        c.department,
        c.level,
        c.phones,
        c.emails,
        c.wechat,
        c.birthday,
        c.preferences,
        c.roles,
        c.custom,
        c.do_not_contact,
        utc(c.archived_at).label("archived_at"),
        *stamps(contact),
    ).select_from(
        contact.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
    )


CONTACT = Noun("contact", contacts, shape, with_its_customer(contacts))

LIST = Listing(
    CONTACT,
    sorts={"created_at": contacts.c.created_at, "name": contacts.c.name_key},
    filters={
        **among(contacts, ["customer_id", "level"]),
        **between(contacts, ["created_at"]),
        **words(FINDING),
        **custom_filters(contacts),
        "role": contacts.c.roles.overlap(bindparam("role", type_=ARRAY(Text))),
        "archived": contacts.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def get(access: Access, contact_id: UUID) -> Answer:
    """One contact. Raises ``NotFound``."""
    return await reading.one(access, CONTACT, contact_id)


async def page(access: Access, wanted: ContactFilter) -> bytes:
    """A page of contacts, without the archived ones unless they are asked for."""
    given, present = asked(wanted.given() | {"archived": wanted.archived})
    if fields := wanted.custom():
        values, names = await custom_values(access, "contact", fields)
        given, present = given | values, present | names
    return await reading.page(access, LIST, wanted, given, present)
