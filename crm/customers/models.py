"""Tables of customers."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Numeric, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Date

from crm.customers.vocabulary import (
    Band,
    Class,
    ErasedBecause,
    IntermediateKind,
    KeyKind,
    Kind,
    Lifecycle,
    LossCause,
    Power,
    Size,
    Stage,
    Type,
)
from crm.finding import held_table, tokens_table
from crm.tables import UNRECORDED, Moment, link, moment, newest_first, noun, one_of

ONE_CUSTOMER_PER_REGISTRATION_CODE = "one_customer_per_registration_code"
NO_CUSTOMER_ABOVE_ITSELF = "no_customer_above_itself"
"""What the trigger on ``parent_id`` holds up: of two moves that close a circle together, the second is refused."""
GROUPS_ARE_OF_COMPANIES = "groups_are_of_companies"
"""What triggers on ``parent_id`` and ``kind`` hold up: of two changes that meet, the second sees the first."""
GROUP_CHECKS = (
    NO_CUSTOMER_ABOVE_ITSELF,
    GROUPS_ARE_OF_COMPANIES,
    "groups_stay_of_companies",
    "persons_are_no_groups",
)
"""The triggers that look at groups: what moves many may have them look at the end."""
LINKS_KEEP_THEIR_KINDS = "links_keep_their_kinds"
"""What a trigger on ``kind`` holds up, and one where links are made: they go from a company to a person."""

customers = noun(
    "customers",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text(collation="C"), nullable=False, info={UNRECORDED: True}),
    Column("registration_code", Text),
    Column("type", Text),
    Column("intermediate_kind", Text),
    Column("industry", Text),
    Column("region", Text),
    Column("size", Text),
    Column("purchasing_power", Text),
    Column("class", Text, nullable=False, server_default="ordinary"),
    Column("key_kind", Text),
    Column("lifecycle", Text, nullable=False, server_default="prospect"),
    Column("lifecycle_reason", Text),
    Column("lost_cause", Text),
    Column("lost_evidence", Text),
    moment("lost_at"),
    Column("relationship_stage", Text, nullable=False, server_default="awareness"),
    Column("stage_reason", Text),
    Column("stage_evidence", Text),
    # Null as long as the stage is the one that the customer was added with.
    moment("stage_entered_at", info={UNRECORDED: True}),
    Column("trust_score", Numeric(5, 2)),
    Column("trust_index", Numeric(4, 1)),
    moment("trust_rated_at"),
    Column("yearly_value", Numeric(18, 2)),
    Column("yearly_value_currency", Text),
    Column("influence", Integer),
    Column("owner_id", Uuid),
    Column("team_id", Uuid),
    Column("parent_id", Uuid),
    Column("source", Text),
    Column("phone", Text),
    Column("email", Text),
    Column("website", Text),
    Column("address", JSONB),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("custom", JSONB, nullable=False, server_default=text("'{}'")),
    Column("note", Text),
    Column("do_not_contact", Boolean, nullable=False, server_default=text("false")),
    moment("last_contact_at"),
    Column("next_contact_due_on", Date),
    Column("verified_on", Date),
    Column("warmth_band", Text, nullable=False, server_default="never"),
    moment("archived_at"),
    moment("erased_at"),
    Column("erased_because", Text),
    Column("merged_into_id", Uuid),
    one_of("kind", Kind),
    one_of("type", Type),
    one_of("intermediate_kind", IntermediateKind),
    one_of("size", Size),
    one_of("purchasing_power", Power),
    one_of("class", Class),
    one_of("key_kind", KeyKind),
    CheckConstraint("(yearly_value IS NULL) = (yearly_value_currency IS NULL)", name="yearly_value"),
    CheckConstraint("influence BETWEEN 1 AND 5", name="influence"),
    one_of("lifecycle", Lifecycle),
    one_of("lost_cause", LossCause),
    one_of("relationship_stage", Stage),
    one_of("warmth_band", Band),
    one_of("erased_because", ErasedBecause),
    link("owner_id", "users"),
    link("team_id", "teams"),
    link("parent_id", "customers"),
    link("merged_into_id", "customers"),
    CheckConstraint("merged_into_id IS NULL OR archived_at IS NOT NULL", name="merged_is_archived"),
    CheckConstraint("merged_into_id <> id", name="merged_into_another"),
)
newest_first(customers)
Index(None, customers.c.workspace_id, customers.c.name_key, customers.c.id)
Index(None, customers.c.workspace_id, customers.c.owner_id, customers.c.created_at.desc(), customers.c.id.desc())
Index(None, customers.c.workspace_id, customers.c.team_id)
Index(None, customers.c.workspace_id, customers.c.parent_id)
# GREATEST and LEAST pass over nulls. COALESCE would too, but row-level security takes it for leaky, so that no index
# would serve the next page.
last_contact_key = func.greatest(
    customers.c.last_contact_at, text("'0001-01-01 00:00:00+00'\\:\\:timestamptz"), type_=Moment
)
"""Never in touch sorts before every date."""

next_contact_key = func.least(customers.c.next_contact_due_on, text("'9999-12-31'\\:\\:date"), type_=Date)
"""Nothing due sorts after every date."""

verified_key = func.greatest(customers.c.verified_on, text("'0001-01-01'\\:\\:date"), type_=Date)
"""Never verified sorts before every date."""

Index("ix_customers_verified", customers.c.workspace_id, verified_key, customers.c.id)
Index("ix_customers_last_contact", customers.c.workspace_id, last_contact_key, customers.c.id)
Index("ix_customers_next_contact", customers.c.workspace_id, next_contact_key, customers.c.id)
Index(
    "ix_customers_objecting",
    customers.c.workspace_id,
    postgresql_where=customers.c.do_not_contact & (customers.c.kind == "person"),
)
Index(
    "ix_customers_merged",
    customers.c.workspace_id,
    customers.c.merged_into_id,
    postgresql_where=customers.c.merged_into_id.is_not(None),
)
Index(
    ONE_CUSTOMER_PER_REGISTRATION_CODE,
    customers.c.workspace_id,
    customers.c.registration_code,
    unique=True,
    postgresql_where=customers.c.archived_at.is_(None),
)

customer_tokens, customer_found_by = tokens_table("customer"), held_table("customer")

ONE_OPEN_MERGE_PER_LOSER = "one_open_merge_per_loser"

customer_merges = noun(
    "customer_merges",
    Column("winner_id", Uuid, nullable=False),
    Column("loser_id", Uuid, nullable=False),
    # What was moved, the ids of each table; and of the fields that changed, what the winner said and what it says now.
    Column("moved", JSONB, nullable=False),
    Column("winner_before", JSONB, nullable=False),
    Column("winner_after", JSONB, nullable=False),
    moment("undone_at"),
    link("winner_id", "customers"),
    link("loser_id", "customers"),
)
Index(
    ONE_OPEN_MERGE_PER_LOSER,
    customer_merges.c.workspace_id,
    customer_merges.c.loser_id,
    unique=True,
    postgresql_where=customer_merges.c.undone_at.is_(None),
)
