"""Tables of care: how far the nightly look at warmth has come, and what callers keep of customers."""

from sqlalchemy import CheckConstraint, Column, Date, Integer, Table, Text, Uuid

from crm.care.vocabulary import Intention
from crm.tables import link, metadata, moment, noun, one_of

warmth_rounds = Table(
    "warmth_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    moment("done_at"),
    Column("plan_after", Uuid),
)
"""``done_for``: the last local day on which all customers of a workspace were looked at; null asks for a new look.

``plan_after``: up to which customer the next contacts are planned anew, while they are; null when there is no need.
"""

customer_calls = noun(
    "customer_calls",
    Column("next_call_on", Date),
    Column("progress_code", Integer),
    Column("intention", Text),
    Column("contract_ends_on", Date),
    CheckConstraint("progress_code BETWEEN 0 AND 7", name="progress_code"),
    one_of("intention", Intention),
    link("id", "customers"),
)
"""What a caller keeps of a customer from call to call; its ``id`` is the customer's."""
