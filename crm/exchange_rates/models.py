"""Tables of exchange rates."""

from sqlalchemy import CheckConstraint, Column, Date, Numeric, Text, UniqueConstraint

from crm.tables import newest_first, noun

ONE_RATE_PER_DAY = "one_rate_per_day"

exchange_rates = noun(
    "exchange_rates",
    Column("currency", Text(collation="C"), nullable=False),
    Column("day", Date, nullable=False),
    # How much of the workspace's own currency one unit is worth, from this day until the next rate.
    Column("rate", Numeric(20, 10), nullable=False),
    UniqueConstraint("workspace_id", "currency", "day", name=ONE_RATE_PER_DAY),
    CheckConstraint("rate > 0", name="rate"),
)
newest_first(exchange_rates)
