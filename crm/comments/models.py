"""Tables of comments."""

from sqlalchemy import Column, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from crm.tables import link, moment, newest_first, noun

opportunity_comments = noun(
    "opportunity_comments",
    Column("opportunity_id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("mentions", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("author_id", Uuid),
    moment("edited_at"),
    # Taken back: its words are gone from here.
    moment("removed_at"),
    link("opportunity_id", "opportunities"),
    link("author_id", "users"),
)
newest_first(opportunity_comments)
Index(
    "ix_opportunity_comments_of_a_sale",
    opportunity_comments.c.workspace_id,
    opportunity_comments.c.opportunity_id,
    opportunity_comments.c.created_at.desc(),
    opportunity_comments.c.id.desc(),
)
