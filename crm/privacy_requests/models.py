"""The table of requests about personal data."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Text, Uuid, func

from crm.privacy_requests.vocabulary import Kind, State
from crm.tables import link, moment, newest_first, noun, one_of

privacy_requests = noun(
    "privacy_requests",
    Column("contact_id", Uuid),
    Column("customer_id", Uuid),
    Column("person", Text),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="received"),
    moment("received_at", nullable=False, server_default=func.now()),
    Column("due_on", Date, nullable=False),
    moment("verified_at"),
    Column("verified_by", Uuid),
    moment("closed_at"),
    Column("refusal_reason", Text),
    one_of("kind", Kind),
    one_of("state", State),
    CheckConstraint("num_nonnulls(contact_id, customer_id, person) = 1", name="about_one_person"),
    CheckConstraint("(state = 'refused') = (refusal_reason IS NOT NULL)", name="refused_with_a_reason"),
    CheckConstraint("(state IN ('fulfilled', 'refused')) = (closed_at IS NOT NULL)", name="closed_at_a_moment"),
    link("contact_id", "contacts"),
    link("customer_id", "customers"),
    link("verified_by", "users"),
)
newest_first(privacy_requests)
Index(None, privacy_requests.c.workspace_id, privacy_requests.c.due_on, privacy_requests.c.id)
Index(None, privacy_requests.c.workspace_id, privacy_requests.c.received_at, privacy_requests.c.id)
