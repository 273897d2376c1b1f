"""What was sent long ago is forgotten; what never arrived stays to be seen."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, Select, bindparam, delete, func, literal, select

from crm.channels.models import notification_items, notification_messages
from crm.database import Transaction, statement

KEPT = timedelta(days=90)

_m, _i = notification_messages.c, notification_items.c


async def forget_sent(tx: Transaction, *, most: int) -> int:
    """Forget messages sent or dropped 90 days ago, with their items; how many. Over all workspaces."""
    found: int = await tx.value(_forget(), most=most)
    return found


@statement
def _forget() -> Select[Any]:
    old = (
        select(_m.workspace_id, _m.id)
        .where(_m.state.in_(("sent", "dropped")), _m.settled_at < func.now() - literal(KEPT))
        .order_by(_m.settled_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    items = delete(notification_items).where(_i.workspace_id == old.c.workspace_id, _i.message_id == old.c.id)
    messages = delete(notification_messages).where(_m.workspace_id == old.c.workspace_id, _m.id == old.c.id)
    gone = messages.returning(_m.id).cte("gone")
    return select(func.count()).select_from(gone).add_cte(items.cte("items"))
