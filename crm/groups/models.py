"""Tables of groups: which person leads or belongs to which company."""

from sqlalchemy import Boolean, Column, Index, Text, Uuid, func, text

from crm.customers.references import CLOSING, Closing
from crm.tables import link, moment, noun

ONE_LINK_PER_PERSON = "one_link_per_person"

customer_links = noun(
    "customer_links",
    Column("organization_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("position", Text),
    Column("is_top_leader", Boolean, nullable=False, server_default=text("false")),
    moment("ended_at"),
    link("organization_id", "customers"),
    link("person_id", "customers"),
)
Index(
    ONE_LINK_PER_PERSON,
    customer_links.c.workspace_id,
    customer_links.c.organization_id,
    customer_links.c.person_id,
    unique=True,
    postgresql_where=customer_links.c.ended_at.is_(None),
)
Index(
    None,
    customer_links.c.workspace_id,
    customer_links.c.organization_id,
    customer_links.c.created_at.desc(),
    customer_links.c.id.desc(),
)
Index(None, customer_links.c.workspace_id, customer_links.c.person_id)
customer_links.info[CLOSING] = Closing(
    open=customer_links.c.ended_at.is_(None),
    closed={"ended_at": func.now()},
    opened={"ended_at": None},
    once=("organization_id", "person_id"),
    best=(customer_links.c.is_top_leader.desc(),),
)
"""Who is linked to both customers that merge is linked to the winner once, as a leader where either said so."""
