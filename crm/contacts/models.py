"""Tables of contacts."""

from typing import get_args

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.contacts.vocabulary import LegalBasis, Level, Role, Style
from crm.customers.vocabulary import ErasedBecause
from crm.finding import held_table, tokens_table
from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of, secret

ROLES_ARE_KNOWN = (
    "jsonb_typeof(roles) = 'array' AND NOT jsonb_path_exists(roles, '$[*] ? (!("
    + " || ".join(f'@.role == "{role}"' for role in get_args(Role))
    + "))')"
)
"""Each element names one of the six roles; that its influence and stance can be is held by ``schemas``."""

contacts = noun(
    "contacts",
    Column("customer_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text(collation="C"), nullable=False, info={UNRECORDED: True}),
    Column("title", Text),
    Column("department", Text),
    Column("level", Text),
    Column("phones", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("emails", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("wechat", Text),
    Column("birthday", JSONB),
    Column("next_birthday_on", Date),
    Column("communication_style", Text),
    Column("preferences", Text),
    Column("roles", JSONB, nullable=False, server_default=text("'[]'")),
    Column("custom", JSONB, nullable=False, server_default=text("'{}'")),
    Column("do_not_contact", Boolean, nullable=False, server_default=text("false")),
    Column("legal_basis", Text),
    moment("last_contact_at"),
    Column("left_on", Date),
    Column("left_note", Text),
    moment("archived_at"),
    moment("erased_at"),
    Column("erased_because", Text),
    # What names a contact names its customer too, so that the two cannot disagree.
    UniqueConstraint("workspace_id", "customer_id", "id"),
    one_of("level", Level),
    one_of("legal_basis", LegalBasis),
    one_of("erased_because", ErasedBecause),
    CheckConstraint(ROLES_ARE_KNOWN, name="roles_are_known"),
    CheckConstraint("left_note IS NULL OR left_on IS NOT NULL", name="left_with_a_note"),
    one_of("communication_style", Style),
    link("customer_id", "customers"),
)
newest_first(contacts)
Index(None, contacts.c.workspace_id, contacts.c.name_key, contacts.c.id)

next_birthday_key = func.least(contacts.c.next_birthday_on, text("'9999-12-31'\\:\\:date"), type_=Date)
"""No birthday known sorts after every date. LEAST because row-level security takes COALESCE for leaky."""

Index("ix_contacts_next_birthday", contacts.c.workspace_id, next_birthday_key, contacts.c.id)
Index(
    "ix_contacts_undated_birthdays",
    contacts.c.workspace_id,
    contacts.c.id,
    postgresql_where=contacts.c.birthday.is_not(None) & contacts.c.next_birthday_on.is_(None),
)

Index("ix_contacts_objecting", contacts.c.workspace_id, postgresql_where=contacts.c.do_not_contact)

contact_tokens, contact_found_by = tokens_table("contact"), held_table("contact")

contact_taboos = noun(
    "contact_taboos",
    secret("sealed", LargeBinary),
    link("id", "contacts"),
)
"""What must not be said or done with a contact, under the contact's id; sealed, and apart so that no shape has it."""

birthday_rounds = Table(
    "birthday_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    moment("done_at"),
)
"""``done_for``: the local day of a workspace on which the birthdays that had passed were turned to the next."""
