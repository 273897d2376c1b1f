"""Tables of contacts."""

from sqlalchemy import Boolean, Column, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.contacts.vocabulary import Level
from crm.finding import tokens_table
from crm.tables import UNRECORDED, link, moment, newest_first, noun, one_of

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
    Column("preferences", Text),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("custom", JSONB, nullable=False, server_default=text("'{}'")),
    Column("do_not_contact", Boolean, nullable=False, server_default=text("false")),
    moment("archived_at"),
    # What names a contact names its customer too, so that the two cannot disagree.
    UniqueConstraint("workspace_id", "customer_id", "id"),
    one_of("level", Level),
    link("customer_id", "customers"),
)
newest_first(contacts)
Index(None, contacts.c.workspace_id, contacts.c.name_key, contacts.c.id)

contact_tokens = tokens_table("contact")
