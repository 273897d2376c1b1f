"""The table of care: how far the nightly look at warmth has come."""

from sqlalchemy import Column, Date, Table, Uuid

from crm.tables import metadata, moment

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
