"""How a notification looks, and everything that reads them. Everybody sees their own and nobody else's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Text, Uuid, and_, bindparam, cast, func, select

from crm import reading
from crm.actor import Sight
from crm.database import Access, statement
from crm.notifications.models import notifications
from crm.notifications.schemas import NotificationFilter
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(notification: FromClause) -> Select[Any]:
    """A notification, once."""
    c, ignorer = notification.c, users.alias("ignorer")
    return select(
        c.id,
        c.kind,
        c.title,
        func.json_build_object("type", c.subject_type, "id", c.subject_id).label("subject"),
        c.customer_id,
        c.reminder_id,
        c.caution,
        mention(ignorer).label("ignored_by"),
        utc(c.read_at).label("read_at"),
        *stamps(notification),
    ).select_from(
        notification.outerjoin(ignorer, and_(ignorer.c.workspace_id == c.workspace_id, ignorer.c.id == c.ignored_by_id))
    )


def visible(_: Sight) -> ColumnElement[bool]:
    """One's own, however far one sees; a key has none."""
    own: ColumnElement[bool] = notifications.c.user_id == bindparam("user_id", type_=Uuid)
    return own


NOTIFICATION = Noun("notification", notifications, shape, visible)

LIST = Listing(
    NOTIFICATION,
    sorts={"created_at": notifications.c.created_at},
    filters={
        **among(notifications, ["kind"]),
        "unread": notifications.c.read_at.is_(None) == bindparam("unread", type_=Boolean),
    },
)


async def get(access: Access, notification_id: UUID) -> Answer:
    """One notification of one's own. Raises ``NotFound``."""
    return await reading.one(access, NOTIFICATION, notification_id)


async def page(access: Access, wanted: NotificationFilter) -> bytes:
    """A page of one's own notifications, newest first."""
    return await reading.page(access, LIST, wanted)


async def unread(access: Access) -> bytes:
    """How many of one's own are unread: ``{"unread": 3}``."""
    counted: str = await access.value(_unread(access.actor.sight))
    return counted.encode()


async def unread_now(access: Access) -> tuple[int, datetime]:
    """How many of one's own are unread, and the moment of the count by the database's clock."""
    row = await access.row(_unread_now(access.actor.sight))
    if row is None:
        raise LookupError("a count always gives a row")
    return row["unread"], row["moment"]


@statement
def _unread_now(sight: Sight) -> Select[Any]:
    mine = notifications.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    counted: list[ColumnElement[Any]] = [func.count().label("unread"), func.statement_timestamp().label("moment")]
    return select(*counted).where(mine, visible(sight), notifications.c.read_at.is_(None))


@statement
def _unread(sight: Sight) -> Select[Any]:
    mine = notifications.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    count = select(func.count()).where(mine, visible(sight), notifications.c.read_at.is_(None)).scalar_subquery()
    return select(cast(func.json_build_object("unread", count), Text))
