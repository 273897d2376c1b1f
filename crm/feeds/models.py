"""Tables of feeds."""

from sqlalchemy import Column, Index, LargeBinary, Uuid

from crm.tables import link, moment, noun, secret

ONE_FEED_PER_PERSON = "one_feed_per_person"

calendar_feeds = noun(
    "calendar_feeds",
    Column("user_id", Uuid, nullable=False),
    secret("secret_hash", LargeBinary, nullable=False),
    moment("revoked_at"),
    link("user_id", "users"),
)
Index(
    ONE_FEED_PER_PERSON,
    calendar_feeds.c.workspace_id,
    calendar_feeds.c.user_id,
    unique=True,
    postgresql_where=calendar_feeds.c.revoked_at.is_(None),
)
