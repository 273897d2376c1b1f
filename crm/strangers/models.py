"""Tables of strangers: how often they came, for as long as that is of interest."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text, Uuid

from crm.tables import metadata, moment

stranger_counters = Table(
    "stranger_counters",
    metadata,
    # The nil one: who comes by an address has not proved to belong to any workspace.
    Column("workspace_id", Uuid, nullable=False),
    Column("subject", Text(collation="C"), nullable=False),
    # The moment at which all that was counted is forgotten, if nothing more comes.
    moment("forgotten_at", nullable=False),
    PrimaryKeyConstraint("workspace_id", "subject"),
)
Index("ix_stranger_counters_forgotten_at", stranger_counters.c.forgotten_at)
