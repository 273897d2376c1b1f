"""How reminders follow a task: part of every statement that changes one."""

from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, and_, case, exists, func, or_, type_coerce

from crm.reminders.models import reminders
from crm.reminders.planning import attended, dropped, key_of, planned
from crm.tasks.queries import remind_at


def remind_first(changed: CTE) -> list[Any]:
    """The reminders of tasks that are new."""
    return [_plan(changed)]


def remind_anew(changed: CTE) -> list[Any]:
    """The reminders of tasks that were changed: what no longer fits is cancelled, what is missing is planned."""
    moment = remind_at(changed)
    # By its key and not by its moment: one that was put off is still the one that was asked for.
    asked_for = key_of("task", changed.c.id, moment.c.fire_at) == reminders.c.dedupe_key
    still_wanted = and_(
        changed.c.state == "open",
        exists().select_from(moment).where(asked_for).correlate(changed, reminders),
    )
    because: ColumnElement[str] = case(
        (changed.c.state == "done", "task_done"),
        (changed.c.state == "cancelled", "task_cancelled"),
        else_="rescheduled",
    )
    return [
        dropped("task", changed, keep=still_wanted, because=because),
        attended("task", changed, to=~still_wanted),
        _plan(changed),
    ]


def _plan(changed: CTE) -> Any:
    # A moment that is past by now would only be noise, unless it is the last one there is.
    moment = remind_at(changed)
    last = type_coerce(changed.c.remind_before[func.cardinality(changed.c.remind_before)], Integer)
    return planned(
        "task",
        changed,
        moment,
        user_id=changed.c.assignee_id,
        title=changed.c.title,
        customer_id=changed.c.customer_id,
        asks_for_contact=changed.c.kind == "contact_due",
        # Only the last one is overdue when nobody minds it; those before it come early on purpose.
        escalates=moment.c.minutes_before == last,
        where=and_(
            changed.c.state == "open",
            or_(moment.c.fire_at > func.now(), moment.c.minutes_before == last),
        ),
    )
