"""What is overdue for too many working days becomes news, and the manager is told (``domain.md`` C1, C2)."""

from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Insert, Integer, Text, Uuid, bindparam, cast, exists, func, literal, select
from sqlalchemy import Date as Day
from sqlalchemy.dialects.postgresql import insert

from crm.calendars.whose import user_calendars, working_days_after
from crm.database import Transaction, statement
from crm.days import local_date
from crm.notifications.models import notifications
from crm.recording import recorded
from crm.reminders.models import reminders
from crm.task_rules.conditions.kinds import TODAY
from crm.tasks import events
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.workspaces.superiors import superiors


async def tell(tx: Transaction, today: date, *, most: int) -> int:
    """Tell of up to ``most`` open tasks that are past due for so many working days of their assignee; how many.

    Each once for each moment at which it was due. Where nobody is above the assignee, or they heard of it since by a
    reminder that was ignored, the fact is all there is.
    """
    return len(await tx.rows(_tell(), event_type=events.OVERDUE, today=today, most=most))


@statement
def _tell() -> Insert:
    t, home = tasks.c, bindparam("workspace_id", type_=Uuid)
    of, above = user_calendars(), superiors()
    allowed: ColumnElement[int] = bindparam("tasks_overdue_after_days", type_=Integer)
    due_on = local_date(t.due_at)
    late_on = func.coalesce(working_days_after(of.c.calendar_id, due_on, allowed), due_on + allowed, type_=Day)
    late = (
        select(t.id, above.c.manager_id)
        .select_from(tasks.join(of, of.c.user_id == t.assignee_id).outerjoin(above, above.c.user_id == t.assignee_id))
        .where(t.workspace_id == home, t.state == "open", t.overdue_at.is_(None), t.due_at < func.now())
        .where(cast(due_on + allowed, Day) <= TODAY, late_on <= TODAY)
        .order_by(t.due_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(of=tasks, skip_locked=True)
        .cte("late")
    )
    told = (
        tasks.update()
        .where(t.workspace_id == home, t.id == late.c.id)
        .values(overdue_at=func.now(), escalated_to_id=late.c.manager_id)
    )
    return recorded(TASK, told, also=lambda changed: [_notify(changed)])


def _notify(changed: CTE) -> Any:
    same = ("workspace_id", "title", "customer_id")
    heard = exists().where(
        reminders.c.workspace_id == changed.c.workspace_id,
        reminders.c.subject_id == changed.c.id,
        reminders.c.subject_type == "task",
        reminders.c.escalated_at >= changed.c.due_at,
    )
    key = func.concat("overdue:", cast(changed.c.id, Text), ":", func.date_part("epoch", changed.c.due_at))
    rows = select(
        *(changed.c[name] for name in same), changed.c.escalated_to_id, literal("overdue", Text),
        literal("task", Text), changed.c.id, key,
    ).where(changed.c.escalated_to_id.is_not(None), ~heard)  # fmt: skip
    names = [*same, "user_id", "kind", "subject_type", "subject_id", "dedupe_key"]
    return insert(notifications).from_select(names, rows).on_conflict_do_nothing()
