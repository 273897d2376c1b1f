"""Tables of targets."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Numeric, Text, Uuid

from crm.tables import link, moment, newest_first, noun, one_of
from crm.targets.vocabulary import PeriodKind

ONE_TARGET_PER_PERIOD = "one_target_per_period"

targets = noun(
    "targets",
    # Whose: a person's, a team's, or, with neither, the whole workspace's.
    Column("owner_id", Uuid),
    Column("team_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    # In the workspace's own currency.
    Column("amount", Numeric(18, 2), nullable=False),
    moment("archived_at"),
    one_of("kind", PeriodKind),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("ends_on >= starts_on", name="ends_after_it_starts"),
    CheckConstraint("owner_id IS NULL OR team_id IS NULL", name="one_holder"),
    link("owner_id", "users"),
    link("team_id", "teams"),
)
newest_first(targets)
Index(
    ONE_TARGET_PER_PERIOD,
    targets.c.workspace_id,
    targets.c.kind,
    targets.c.starts_on,
    targets.c.owner_id,
    targets.c.team_id,
    unique=True,
    postgresql_where=targets.c.archived_at.is_(None),
    postgresql_nulls_not_distinct=True,
)
