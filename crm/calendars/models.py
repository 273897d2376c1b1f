"""Tables of calendars, of the days that are not as usual, and of days numbered by the working days up to them."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm.calendars.vocabulary import DayKind, Source
from crm.tables import link, metadata, moment, newest_first, noun, one_of

ONE_DAY_PER_DATE = "one_day_per_date"

calendars = noun(
    "calendars",
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("country", Text),
    Column("subdivision", Text),
    # [{"weekday": 1, "opens": "09:00", "closes": "12:00"}, …], Monday being 1.
    Column("week", JSONB, nullable=False),
    # {"2026": "announced", "2027": "provisional"}: what is known of the public holidays of each year.
    Column("years", JSONB, nullable=False, server_default=text("'{}'")),
    moment("days_changed_at"),
    moment("archived_at"),
)
newest_first(calendars)

calendar_days = noun(
    "calendar_days",
    Column("calendar_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("hours", JSONB),
    Column("source", Text, nullable=False),
    Column("provisional", Boolean, nullable=False, server_default=text("false")),
    one_of("kind", DayKind),
    one_of("source", Source),
    UniqueConstraint("workspace_id", "calendar_id", "day", name=ONE_DAY_PER_DATE),
    link("calendar_id", "calendars"),
)

working_days = Table(
    "working_days",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("calendar_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("is_working", Boolean, nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "calendar_id", "day"),
    link("calendar_id", "calendars"),
)
"""Every day of the years that are kept. ``number``: how many working days there are up to it, itself included."""

Index(
    "ix_working_days_number",
    working_days.c.workspace_id,
    working_days.c.calendar_id,
    working_days.c.number,
    unique=True,
    postgresql_where=working_days.c.is_working,
)
