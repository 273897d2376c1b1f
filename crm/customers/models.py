"""Tables of customers."""

from sqlalchemy import Boolean, Column, Index, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Date

from crm.customers.vocabulary import (
    Band,
    Class,
    IntermediateKind,
    KeyKind,
    Kind,
    Lifecycle,
    Power,
    Size,
    Stage,
    Type,
)
from crm.finding import tokens_table
from crm.tables import UNRECORDED, Moment, link, moment, newest_first, noun, one_of

ONE_CUSTOMER_PER_REGISTRATION_CODE = "one_customer_per_registration_code"
NO_CUSTOMER_ABOVE_ITSELF = "no_customer_above_itself"
"""What the trigger on ``parent_id`` holds up: of two moves that close a circle together, the second is refused."""
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
    Column("relationship_stage", Text, nullable=False, server_default="awareness"),
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
    one_of("kind", Kind),
    one_of("type", Type),
    one_of("intermediate_kind", IntermediateKind),
    one_of("size", Size),
    one_of("purchasing_power", Power),
    one_of("class", Class),
    one_of("key_kind", KeyKind),
    one_of("lifecycle", Lifecycle),
    one_of("relationship_stage", Stage),
    one_of("warmth_band", Band),
    link("owner_id", "users"),
    link("team_id", "teams"),
    link("parent_id", "customers"),
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
    ONE_CUSTOMER_PER_REGISTRATION_CODE,
    customers.c.workspace_id,
    customers.c.registration_code,
    unique=True,
    postgresql_where=customers.c.archived_at.is_(None),
)

customer_tokens = tokens_table("customer")
