"""Whose address this is: the one customer, or the one person at one, who is known to have it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, Uuid, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.contacts.models import contacts
from crm.customers.likeness import email_key, is_shared
from crm.customers.models import customer_tokens, customers
from crm.database import Access, statement


async def known_by(access: Access, address: str) -> dict[str, UUID]:
    """``customer_id``, and ``contact_id`` where it is a person's; empty where nobody has it, or more than one customer.

    A mailbox that many share (``info@``) is a customer's only where it is written down as the customer's own.
    """
    spellings = sorted({address, address.lower()})
    people = [] if is_shared(address) else await access.rows(_people(), spellings=spellings)
    customer_ids = {row["customer_id"] for row in people}
    if not people:
        rows = await access.rows(_customers(), token=min(email_key(address)), address=address.lower())
        customer_ids = {row["id"] for row in rows}
    if len(customer_ids) != 1:
        return {}
    found = {"customer_id": customer_ids.pop()}
    if len(people) == 1:
        found["contact_id"] = people[0]["id"]
    return found


@statement
def _people() -> Select[Any]:
    c = contacts.c
    whose = and_(customers.c.workspace_id == c.workspace_id, customers.c.id == c.customer_id)
    return (
        select(c.id, c.customer_id)
        .join(customers, whose)
        .where(
            c.workspace_id == bindparam("workspace_id", type_=Uuid),
            c.emails.overlap(bindparam("spellings", type_=ARRAY(Text))),
            c.archived_at.is_(None),
            customers.c.archived_at.is_(None),
        )
        .limit(3)
    )


@statement
def _customers() -> Select[Any]:
    c, t = customers.c, customer_tokens.c
    having = select(t.customer_id).where(
        t.workspace_id == bindparam("workspace_id", type_=Uuid), t.token == bindparam("token", type_=Text)
    )
    return (
        select(c.id)
        .where(
            c.workspace_id == bindparam("workspace_id", type_=Uuid),
            c.id.in_(having),
            func.lower(c.email) == bindparam("address", type_=Text),
            c.archived_at.is_(None),
        )
        .limit(3)
    )
