"""Tables of surveys."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from crm.surveys.vocabulary import SkippedBecause, State, Via
from crm.tables import link, metadata, moment, newest_first, noun, one_of, secret

ONE_SURVEY_PER_CLOSING = "one_survey_per_closing"

surveys = noun(
    "surveys",
    Column("complaint_id", Uuid, nullable=False),
    # How often the complaint had been opened again when it was closed: each closing is asked about once.
    Column("closing", Integer, nullable=False),
    Column("customer_id", Uuid),
    Column("contact_id", Uuid),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("skipped_because", Text),
    Column("via", Text),
    # The name of the error that kept it from being mailed.
    Column("error", Text),
    # Of the link; null until it was told to anybody.
    secret("token_hash", LargeBinary),
    # The last moment at which the person was asked; what the period between two counts from.
    moment("asked_at"),
    moment("expires_at"),
    moment("answered_at"),
    Column("csat", Integer),
    Column("nps", Integer),
    Column("comment", Text),
    one_of("state", State),
    one_of("skipped_because", SkippedBecause),
    one_of("via", Via),
    UniqueConstraint("workspace_id", "token_hash"),
    CheckConstraint("csat BETWEEN 1 AND 5", name="csat"),
    CheckConstraint("nps BETWEEN 0 AND 10", name="nps"),
    CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered_at"),
    CheckConstraint("(answered_at IS NULL) = (csat IS NULL)", name="answered_with_a_mark"),
    CheckConstraint("(state = 'skipped') = (skipped_because IS NOT NULL)", name="said_why_skipped"),
    CheckConstraint("state <> 'sent' OR (asked_at IS NOT NULL AND expires_at IS NOT NULL)", name="sent_until"),
    UniqueConstraint("workspace_id", "complaint_id", "closing", name=ONE_SURVEY_PER_CLOSING),
    link("complaint_id", "complaints"),
    link("customer_id", "customers"),
    link(("customer_id", "contact_id"), "contacts"),
)
newest_first(surveys)
Index(None, surveys.c.workspace_id, surveys.c.contact_id, surveys.c.asked_at)
Index(None, surveys.c.workspace_id, surveys.c.customer_id)

owed_surveys = Table(
    "owed_surveys",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("survey_id", Uuid, nullable=False),
    moment("next_at", nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_id", Uuid),
    moment("leased_until"),
    PrimaryKeyConstraint("workspace_id", "survey_id"),
    link("survey_id", "surveys"),
)
"""What is still to be mailed, and when it is tried next; a row goes when there is nothing more to try."""
Index(None, owed_surveys.c.workspace_id, owed_surveys.c.next_at)
Index(None, owed_surveys.c.next_at)
