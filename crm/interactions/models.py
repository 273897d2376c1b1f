"""Tables of interactions."""

from sqlalchemy import Boolean, Column, Index, Text, Uuid, func, text

from crm.interactions.vocabulary import Channel, Direction, Outcome
from crm.tables import link, moment, newest_first, noun, one_of

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
    one_of("channel", Channel),
    one_of("direction", Direction),
    one_of("outcome", Outcome),
    link("customer_id", "customers"),
    link(["customer_id", "contact_id"], "contacts"),
    link("user_id", "users"),
)
newest_first(interactions)
latest_first = interactions.c.occurred_at.desc(), interactions.c.id.desc()
Index(None, interactions.c.workspace_id, *latest_first)
Index(None, interactions.c.workspace_id, interactions.c.customer_id, *latest_first)
# What we began and what reached them: touches that count for contact pressure (``crm.care.pressure``).
Index(
    "ix_interactions_touches",
    interactions.c.workspace_id,
    interactions.c.customer_id,
    interactions.c.occurred_at.desc(),
    postgresql_include=["contact_id"],
    postgresql_where=text("direction = 'outbound' AND outcome <> 'no_answer'"),
)
