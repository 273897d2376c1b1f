"""How a comment looks, and everything that reads comments."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, any_, bindparam, func, select, text

from crm import reading
from crm.actor import Sight
from crm.comments.models import opportunity_comments
from crm.comments.schemas import CommentFilter
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(comment: FromClause) -> Select[Any]:
    """A comment, once: the answer, the event."""
    author = users.alias("author")
    c = comment.c
    return select(
        c.id,
        c.opportunity_id,
        c.text,
        _mentioned(comment).label("mentions"),
        c.author_id,
        mention(author).label("author"),
        utc(c.edited_at).label("edited_at"),
        utc(c.removed_at).label("removed_at"),
        *stamps(comment),
    ).select_from(comment.outerjoin(author, and_(author.c.workspace_id == c.workspace_id, author.c.id == c.author_id)))


def _mentioned(comment: FromClause) -> ColumnElement[Any]:
    who = users.alias("who")
    return (
        select(func.coalesce(func.json_agg(mention(who)).aggregate_order_by(who.c.name), text("'[]'::json")))
        .where(who.c.workspace_id == comment.c.workspace_id, who.c.id == any_(comment.c.mentions))
        .correlate(comment)
        .scalar_subquery()
    )


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """What is said of the sales one sees."""
    c = opportunities.c
    comment = opportunity_comments.c
    of_what_is_seen = select(c.id).where(
        c.workspace_id == comment.workspace_id, c.id == comment.opportunity_id, OPPORTUNITY.visible(sight)
    )
    return of_what_is_seen.correlate(opportunity_comments).exists()


COMMENT = Noun("comment", opportunity_comments, shape, visible, customer=None)

LIST = Listing(
    COMMENT,
    sorts={"created_at": opportunity_comments.c.created_at},
    filters={
        **among(opportunity_comments, ["opportunity_id", "author_id"]),
        "mentioning": bindparam("mentioning", type_=Uuid) == any_(opportunity_comments.c.mentions),
    },
)


async def get(access: Access, comment_id: UUID) -> Answer:
    """One comment, one that was removed too. Raises ``NotFound``."""
    return await reading.one(access, COMMENT, comment_id)


async def page(access: Access, wanted: CommentFilter) -> bytes:
    """A page of comments, those that were removed without their words."""
    return await reading.page(access, LIST, wanted)
