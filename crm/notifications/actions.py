"""Everything that changes notifications.

Reading one is nobody else's business: it leaves no fact, so it stands in no journal and reaches no partner.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Update, Uuid, bindparam, func

from crm.actor import Sight
from crm.database import Access, statement
from crm.notifications import queries
from crm.notifications.models import notifications
from crm.notifications.queries import NOTIFICATION
from crm.nouns import Answer, as_answer, this_one


async def read(access: Access, notification_id: UUID) -> Answer:
    """Mark one as read; twice is once. Raises ``NotFound`` for one that is not one's own."""
    row = await access.row(_read(access.actor.sight), id=notification_id)
    return await queries.get(access, notification_id) if row is None else Answer(*row)


async def read_all(access: Access) -> bytes:
    """Mark all of one's own as read; how many are unread now, which is none of those there were."""
    await access.rows(_read_all(access.actor.sight))
    return await queries.unread(access)


@statement
def _read(sight: Sight) -> Select[Any]:
    marked = _mark().where(this_one(NOTIFICATION, sight)).returning(*notifications.c).cte("marked")
    return as_answer(NOTIFICATION, marked)


@statement
def _read_all(sight: Sight) -> Update:
    at_home = notifications.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return _mark().where(at_home, NOTIFICATION.visible(sight))


def _mark() -> Update:
    now = {"read_at": func.now(), "updated_at": func.now(), "version": notifications.c.version + 1}
    return notifications.update().where(notifications.c.read_at.is_(None)).values(now)
