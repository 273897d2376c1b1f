"""The table of absences: from which to which day somebody is away. Why is nobody's business, so no column has it."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from crm.tables import link, moment, newest_first, noun

NO_OVERLAPPING_ABSENCES = "no_overlapping_absences"

absences = noun(
    "absences",
    Column("user_id", Uuid, nullable=False),
    Column("first_day", Date, nullable=False),
    # Included.
    Column("last_day", Date, nullable=False),
    moment("cancelled_at"),
    CheckConstraint("last_day BETWEEN first_day AND first_day + 366", name="last_day"),
    # Each day counts once. Ranges of one uuid stand for equality, which GiST has none of for uuid.
    ExcludeConstraint(
        (text("uuidrange(workspace_id, workspace_id, '[]')"), "&&"),
        (text("uuidrange(user_id, user_id, '[]')"), "&&"),
        (text("daterange(first_day, last_day, '[]')"), "&&"),
        where=text("cancelled_at IS NULL"),
        using="gist",
        name=NO_OVERLAPPING_ABSENCES,
    ),
    link("user_id", "users"),
)
newest_first(absences)
Index(
    "ix_absences_of_user",
    absences.c.workspace_id,
    absences.c.user_id,
    absences.c.last_day,
    postgresql_where=absences.c.cancelled_at.is_(None),
)
