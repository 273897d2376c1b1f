"""Tables of proposals, and how far the monthly look at key customers has come."""

from sqlalchemy import Column, Date, Index, Integer, Numeric, Table, Text, Uuid, func, text

from crm.customers.references import CLOSING, Closing
from crm.customers.vocabulary import Class, KeyKind
from crm.key_customers.vocabulary import ProposalKind, ProposalState
from crm.tables import link, metadata, moment, newest_first, noun, one_of

key_proposals = noun(
    "key_proposals",
    Column("customer_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key_kind", Text),
    Column("former_class", Text, nullable=False),
    Column("former_key_kind", Text),
    # What it was judged by, so that it can be explained when the numbers have changed.
    Column("place", Integer, nullable=False),
    Column("customers", Integer, nullable=False),
    Column("value", Numeric(18, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("influence", Integer),
    Column("state", Text, nullable=False, server_default="open"),
    Column("decided_by_id", Uuid),
    moment("decided_at"),
    Column("reject_reason", Text),
    one_of("kind", ProposalKind),
    one_of("key_kind", KeyKind),
    one_of("former_class", Class),
    one_of("former_key_kind", KeyKind),
    one_of("state", ProposalState),
    link("customer_id", "customers"),
    link("decided_by_id", "users"),
)
newest_first(key_proposals)
Index(None, key_proposals.c.workspace_id, key_proposals.c.customer_id)
Index(
    "one_open_proposal_per_customer",
    key_proposals.c.workspace_id,
    key_proposals.c.customer_id,
    unique=True,
    postgresql_where=text("state = 'open'"),
)
key_proposals.info[CLOSING] = Closing(
    open=key_proposals.c.state == "open",
    closed={"state": "withdrawn", "decided_at": func.now()},
    opened={"state": "open", "decided_at": None},
)
"""What is proposed for a customer who is merged away is about its numbers alone: the next look compares the winner."""

key_rounds = Table(
    "key_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    moment("done_at"),
)
"""``done_for``: the first day of the last local month for which a workspace's key customers were looked at."""
