"""The table of judgements of trust. Nobody may change a row: what one thought then is history."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Numeric, Text, Uuid

from crm.tables import link, noun

PARTS = ("credibility", "reliability", "intimacy", "self_orientation")

trust_ratings = noun(
    "trust_ratings",
    Column("customer_id", Uuid, nullable=False),
    Column("user_id", Uuid),
    *(Column(part, Integer, nullable=False) for part in PARTS),
    Column("score", Numeric(5, 2), nullable=False),
    Column("index", Numeric(4, 1), nullable=False),
    Column("note", Text),
    *(CheckConstraint(f"{part} BETWEEN 1 AND 10", name=part) for part in PARTS),
    link("customer_id", "customers"),
    link("user_id", "users"),
)
Index(
    None,
    trust_ratings.c.workspace_id,
    trust_ratings.c.customer_id,
    trust_ratings.c.created_at.desc(),
    trust_ratings.c.id.desc(),
)
