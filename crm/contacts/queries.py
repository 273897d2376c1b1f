"""How a contact looks, and everything that reads contacts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, FromClause, Select, Text, and_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm import reading
from crm.contacts.models import contact_found_by, contact_tokens, contacts, next_birthday_key
from crm.contacts.schemas import ContactFilter
from crm.contacts.styles import advised
from crm.customers.models import customers
from crm.customers.queries import with_its_customer
from crm.database import Access
from crm.finding import Finding, asked, words
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.search import tokens_of_name, tokens_of_phone
from crm.tables import stamps, utc
from crm.workspaces.custom_filters import custom_filters, custom_forks, custom_values


def _tokens_of_phones(phones: Iterable[str]) -> frozenset[str]:
    return frozenset(token for phone in phones for token in tokens_of_phone(phone))


FINDING = Finding(contacts, contact_tokens, contact_found_by, {"name": tokens_of_name, "phones": _tokens_of_phones})
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
        c.next_birthday_on,
        advised(c.communication_style).label("communication_style"),
        c.preferences,
        c.roles,
        c.custom,
        c.do_not_contact,
        c.legal_basis,
        utc(c.last_contact_at).label("last_contact_at"),
        c.left_on,
        c.left_note,
        utc(c.archived_at).label("archived_at"),
        utc(c.erased_at).label("erased_at"),
        c.erased_because,
        *stamps(contact),
    ).select_from(
        contact.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
    )


CONTACT = Noun("contact", contacts, shape, with_its_customer(contacts))

_has_birthday = contacts.c.next_birthday_on.is_not(None)

LIST = Listing(
    CONTACT,
    sorts={"created_at": contacts.c.created_at, "name": contacts.c.name_key, "next_birthday_on": next_birthday_key},
    filters={
        **among(contacts, ["customer_id", "level", "communication_style"]),
        **between(contacts, ["created_at"]),
        "next_birthday_on_gte": _has_birthday & (next_birthday_key >= bindparam("next_birthday_on_gte", type_=Date)),
        "next_birthday_on_lte": _has_birthday & (next_birthday_key <= bindparam("next_birthday_on_lte", type_=Date)),
        **words(FINDING),
        **custom_filters(contacts),
        "role": func.jsonb_path_query_array(contacts.c.roles, literal_column("'$[*].role'"), type_=JSONB).has_any(
            bindparam("role", type_=ARRAY(Text))
        ),
        "left": contacts.c.left_on.is_not(None) == bindparam("left", type_=Boolean),
        "archived": contacts.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
    forks=custom_forks(contacts, "contact"),
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
