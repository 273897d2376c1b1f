"""Tables of contacts."""

from sqlalchemy import Boolean, Column, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.tables import link, moment, newest_first, noun, one_of

LEVELS = ("top", "middle", "base")
ROLES = ("user", "influencer", "decider", "approver", "buyer", "gatekeeper")

contacts = noun(
    "contacts",
    Column("customer_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("department", Text),
    Column("level", Text),
    Column("phones", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("emails", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("wechat", Text),
    Column("birthday", JSONB),
    Column("preferences", Text),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("do_not_contact", Boolean, nullable=False, server_default=text("false")),
    moment("archived_at"),
    one_of("level", LEVELS),
    link("customer_id", "customers"),
)
newest_first(contacts)
Index(None, contacts.c.workspace_id, contacts.c.customer_id)
