"""What comes of a complaint: corrective actions as tasks, and a look, days later, whether they work."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Insert, Text, Uuid, bindparam

from crm import clock
from crm.calendars.prepared import workspace_calendar
from crm.complaints import standing
from crm.complaints.cases import who_is
from crm.complaints.errors import ComplaintOver, StepIsForOthers
from crm.complaints.needs import MEANINGS, in_words
from crm.complaints.queries import COMPLAINT
from crm.complaints.rules import OVER
from crm.complaints.step_schemas import CorrectiveAction
from crm.complaints.updating import WHO
from crm.database import Transaction, statement
from crm.nouns import Answer
from crm.recording import recorded
from crm.tasks import actions as tasks
from crm.tasks.events import CANCELLED as TASK_CANCELLED
from crm.tasks.models import tasks as tasks_table
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_anew
from crm.tasks.schemas import TaskCreate, TaskSubjectSent

AT = time(9)
"""When the effect is looked at, by the workspace's clocks."""

TITLES = {
    "en": "Check the effect of what was done after complaint {number}",
    "zh-CN": "检查投诉 {number} 纠正措施的有效性",
}

Because = Literal["withdrawn", "reopened"]
DROPPED: Mapping[Because, tuple[str, str]] = {
    "withdrawn": ("The complaint was withdrawn.", "投诉已撤回。"),
    "reopened": ("The complaint was reopened.", "投诉已重新打开。"),
}
"""Why tasks are dropped, as their cancelling says."""


async def add_action(tx: Transaction, complaint_id: UUID, new: CorrectiveAction) -> Answer:
    """Something to be done against the cause; until it is, the complaint is not resolved. The answer is the task.

    Raises ``NotFound``, ``StepIsForOthers``, ``ComplaintOver``, 422 for an assignee who is not there.
    """
    now, _ = await standing.locked(tx, complaint_id)
    who = who_is(tx.actor)
    if missing := [need for need in WHO if not MEANINGS[need].met(now, who)]:
        raise StepIsForOthers(state=now.state, missing=in_words(missing))
    if now.state in OVER:
        raise ComplaintOver(state=now.state)
    task = TaskCreate(
        title=new.title,
        note=new.note,
        kind="corrective_action",
        subject=TaskSubjectSent(type="complaint", id=complaint_id),
        assignee_id=new.assignee_id,
        due_at=new.due_at,
    )
    return await tasks.create(tx, task, COMPLAINT)


async def check_on(tx: Transaction) -> date | None:
    """The working day on which the effect of what ends today is looked at; None where the workspace wants none."""
    days = tx.actor.settings["complaints"]["effect_check_days"]
    if not days:
        return None
    calendar = await workspace_calendar(tx)
    return calendar.working_days_after(clock.today(tx.actor.timezone) + timedelta(days=days), 0)


async def owe_check(tx: Transaction, row: Mapping[str, Any], day: date) -> None:
    """A task for the assignee to look, on that day, whether what was done works; once for each time it is closed."""
    assignee_id = row["assignee_id"] or tx.actor.user_id
    if assignee_id is None:
        return
    title = TITLES.get(tx.actor.language, TITLES["en"]).format(number=row["number"])
    await tasks.owe(
        tx,
        tasks.Owed(
            kind="effectiveness_check",
            title=title,
            subject_type="complaint",
            subject_id=row["id"],
            customer_id=row["customer_id"],
            assignee_id=assignee_id,
            due_at=clock.moment_of(day, AT, tx.actor.timezone),
            dedupe_key=f"complaint_effect:{row['id']}:{row['reopened_count']}",
        ),
    )


async def drop_tasks(tx: Transaction, complaint_id: UUID, because: Because) -> None:
    """What makes no sense any more: all of it when withdrawn, the look at the effect when reopened."""
    said, said_zh = DROPPED[because]
    reason = said if tx.actor.language == "en" else said_zh
    await tx.rows(_drop(because), event_type=TASK_CANCELLED, complaint_id=complaint_id, reason=reason)


@statement
def _drop(because: Because) -> Insert:
    t = tasks_table.c
    which = [t.kind == "effectiveness_check"] if because == "reopened" else []
    dropped = (
        tasks_table.update()
        .where(
            t.workspace_id == bindparam("workspace_id", type_=Uuid),
            t.subject_id == bindparam("complaint_id", type_=Uuid),
            t.subject_type == "complaint",
            t.state == "open",
            *which,
        )
        .values(state="cancelled", cancel_reason=bindparam("reason", type_=Text))
    )
    return recorded(TASK, dropped, also=remind_anew)
