"""Firing: when a reminder's moment has come, it is said.

The rounds look over all workspaces at once, on the tables the worker may scan. One statement takes what is due, marks
it, writes the notifications and the facts, so a reminder is fired with all its consequences or not at all; what one
round has taken, another running beside it leaves alone. Rows are taken a share per workspace, and which workspaces
come first is chance each time, so that nobody's backlog keeps the others waiting.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    Insert,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.recording import recorded
from crm.reminders import due, events
from crm.reminders.models import reminders
from crm.reminders.queries import REMINDER


async def fire_due(tx: Transaction, *, limit: int, share: int, now: datetime | None = None) -> int:
    """Fire what is due, ``share`` of each workspace and ``limit`` in all; how many were fired.

    What was due for someone who is no longer active is cancelled instead. ``tx`` is a ``Database.scanning()``; ``now``
    is the database's clock, unless a test says otherwise. There may be more while the answer is not 0.
    """
    if not await tx.value(_anything_due(), now=now):
        return 0
    return len(await tx.rows(_fire(limit, share), event_type=events.FIRED, now=now))


@statement
def _anything_due() -> Select[Any]:
    return due.anything_due()


@statement
def _fire(limit: int, share: int) -> Insert:
    """Take, mark, notify and record, in one statement."""
    taken = due.taken(limit, share)
    this = and_(reminders.c.workspace_id == taken.c.workspace_id, reminders.c.id == taken.c.id)
    gone = _gone_among(taken)
    is_gone = exists().where(gone.c.workspace_id == taken.c.workspace_id, gone.c.user_id == taken.c.user_id)
    fired = reminders.update().where(this, ~is_gone).values(state="fired", fired_at=func.now())
    cancelled = (
        reminders.update()
        .where(this, is_gone)
        .values(
            state="cancelled",
            cancelled_because="user_disabled",
            version=reminders.c.version + 1,
            updated_at=func.now(),
        )
    )
    return recorded(REMINDER, fired, also=lambda changed: [_notifications(changed), cancelled])


def _gone_among(taken: CTE) -> CTE:
    """Who of these users is no longer active, asked once. Firing may not see people; this it may ask."""
    homes, people = (
        select(func.array_agg(column, type_=ARRAY(Uuid))).scalar_subquery()
        for column in (taken.c.workspace_id, taken.c.user_id)
    )
    asked = func.disabled_among(homes, people).table_valued("workspace_id", "user_id", name="asked")
    return select(asked.c.workspace_id, asked.c.user_id).cte("gone").prefix_with("MATERIALIZED")


def _notifications(fired: CTE) -> Insert:
    same = ("workspace_id", "user_id", "title", "subject_type", "subject_id", "customer_id")
    key = func.concat("reminder:", cast(fired.c.id, Text))
    rows = select(*(fired.c[name] for name in same), literal("reminder", Text), key)
    return insert(notifications).from_select([*same, "kind", "dedupe_key"], rows).on_conflict_do_nothing()
