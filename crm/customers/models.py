"""Tables of customers."""

from sqlalchemy import Boolean, Column, Index, PrimaryKeyConstraint, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Date

from crm.tables import link, metadata, moment, newest_first, noun, one_of

ONE_CUSTOMER_PER_REGISTRATION_CODE = "one_customer_per_registration_code"

KINDS = ("company", "person")
TYPES = ("consumer", "business_user", "intermediate", "public_interest")
INTERMEDIATE_KINDS = ("dealer", "agent", "wholesaler", "retailer")
SIZES = ("small", "medium", "large")
POWERS = ("low", "middle", "high")
CLASSES = ("key", "potential", "ordinary")
KEY_KINDS = ("high_value", "influential", "double")
LIFECYCLE = ("prospect", "interested", "customer", "dormant", "lost")
STAGES = ("awareness", "exploration", "expansion", "commitment", "dissolution")
BANDS = ("hot", "warm", "cooling", "cold", "never")

customers = noun(
    "customers",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
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
    Column("warmth_band", Text, nullable=False, server_default="never"),
    moment("archived_at"),
    one_of("kind", KINDS),
    one_of("type", TYPES),
    one_of("intermediate_kind", INTERMEDIATE_KINDS),
    one_of("size", SIZES),
    one_of("purchasing_power", POWERS),
    one_of("class", CLASSES),
    one_of("key_kind", KEY_KINDS),
    one_of("lifecycle", LIFECYCLE),
    one_of("relationship_stage", STAGES),
    one_of("warmth_band", BANDS),
    link("owner_id", "users"),
    link("team_id", "teams"),
    link("parent_id", "customers"),
)
newest_first(customers)
Index(None, customers.c.workspace_id, func.lower(customers.c.name), customers.c.id)
Index(None, customers.c.workspace_id, customers.c.owner_id, customers.c.created_at.desc(), customers.c.id.desc())
Index(None, customers.c.workspace_id, customers.c.team_id)
Index(None, customers.c.workspace_id, customers.c.parent_id)
Index(None, customers.c.workspace_id, customers.c.last_contact_at)
Index(None, customers.c.workspace_id, customers.c.next_contact_due_on, customers.c.id)
Index(
    ONE_CUSTOMER_PER_REGISTRATION_CODE,
    customers.c.workspace_id,
    customers.c.registration_code,
    unique=True,
    postgresql_where=customers.c.archived_at.is_(None),
)

customer_tokens = Table(
    "customer_tokens",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("token", Text(collation="C"), nullable=False),
    Column("customer_id", Uuid, nullable=False),
    PrimaryKeyConstraint("workspace_id", "token", "customer_id"),
)
Index(None, customer_tokens.c.workspace_id, customer_tokens.c.customer_id)
