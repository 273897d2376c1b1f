"""Tables of interactions."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Text, Uuid, func, text

from crm.interactions.vocabulary import Channel, Direction, Outcome, Subject
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
    # What it was about, where that is known; not shown, since whoever sees the customer may not see the complaint.
    Column("subject_type", Text),
    Column("subject_id", Uuid),
    one_of("channel", Channel),
    one_of("direction", Direction),
    one_of("outcome", Outcome),
    one_of("subject_type", Subject),
    CheckConstraint("(subject_type IS NULL) = (subject_id IS NULL)", name="subject"),
    link("customer_id", "customers"),
    link(["customer_id", "contact_id"], "contacts"),
    link("user_id", "users"),
)
newest_first(interactions)
latest_first = interactions.c.occurred_at.desc(), interactions.c.id.desc()
Index(None, interactions.c.workspace_id, *latest_first)
Index(None, interactions.c.workspace_id, interactions.c.customer_id, *latest_first)
Index(
    None,
    interactions.c.workspace_id,
    interactions.c.subject_id,
    postgresql_where=interactions.c.subject_id.is_not(None),
)
# What we began and what reached them: touches that count for contact pressure (``crm.care.pressure``).
Index(
    "ix_interactions_touches",
    interactions.c.workspace_id,
    interactions.c.customer_id,
    interactions.c.occurred_at.desc(),
    postgresql_include=["contact_id"],
    postgresql_where=text("direction = 'outbound' AND outcome <> 'no_answer'"),
)
