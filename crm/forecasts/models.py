"""Tables of snapshots: how each opportunity stood at the end of each day, a row only for days on which it changed."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from crm.forecasts.vocabulary import Category, Standing
from crm.tables import link, metadata, moment, one_of

FOR_EVER = text("'9999-12-31'")

opportunity_days = Table(
    "opportunity_days",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("opportunity_id", Uuid, nullable=False),
    # It stood like this at the end of each local day from this one on …
    Column("from_day", Date, nullable=False),
    # … until before this one.
    Column("until_day", Date, nullable=False, server_default=FOR_EVER),
    Column("standing", Text, nullable=False),
    Column("pipeline_id", Uuid, nullable=False),
    Column("stage_id", Uuid, nullable=False),
    Column("owner_id", Uuid),
    Column("team_id", Uuid),
    Column("amount", Numeric(18, 2)),
    Column("currency", Text),
    Column("probability", Numeric(5, 4), nullable=False),
    Column("category", Text, nullable=False),
    Column("expected_close_on", Date),
    Column("closed_on", Date),
    PrimaryKeyConstraint("workspace_id", "opportunity_id", "from_day"),
    one_of("standing", Standing),
    one_of("category", Category),
    CheckConstraint("until_day > from_day", name="until_day"),
    link("opportunity_id", "opportunities"),
)
# What held on a day: few rows ended after a day that is not long ago.
Index(None, opportunity_days.c.workspace_id, opportunity_days.c.until_day, opportunity_days.c.from_day)
Index(None, opportunity_days.c.workspace_id, opportunity_days.c.from_day)

sales_rounds = Table(
    "sales_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    Column("first_day", Date),
    moment("done_at"),
)
"""``done_for``: the last local day of which snapshots were taken; ``first_day``: the first that is still known."""
