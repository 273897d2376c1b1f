"""Tables of interactions."""

from sqlalchemy import Boolean, Column, Index, Text, Uuid, func, text

from crm.tables import link, moment, newest_first, noun, one_of

CHANNELS = ("call", "message", "email", "wechat", "meeting", "visit", "other")
DIRECTIONS = ("outbound", "inbound")
OUTCOMES = ("reached", "no_answer", "left_message", "refused")

interactions = noun(
    "interactions",
    Column("customer_id", Uuid, nullable=False),
    Column("contact_id", Uuid),
    Column("user_id", Uuid),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    moment("occurred_at", nullable=False, server_default=func.now()),
    Column("counts_as_contact", Boolean, nullable=False),
    Column("automated", Boolean, nullable=False, server_default=text("false")),
    Column("note", Text),
    one_of("channel", CHANNELS),
    one_of("direction", DIRECTIONS),
    one_of("outcome", OUTCOMES),
    link("customer_id", "customers"),
    link("contact_id", "contacts"),
    link("user_id", "users"),
)
newest_first(interactions)
Index(None, interactions.c.workspace_id, interactions.c.customer_id, interactions.c.occurred_at.desc())
