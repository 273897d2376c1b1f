"""Reminders follow their subject: planned, moved and dropped in the very statement that changes it.

These are parts of statements, not actions: a feature puts them into the ``also`` of its own change.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Text,
    Update,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.selectable import CTE

from crm.reminders.models import reminders
from crm.reminders.rules import before
from crm.tables import Moment, utc

_PLANNED = [
    "workspace_id", "user_id", "subject_type", "subject_id", "customer_id", "title", "fire_at", "asks_for_contact",
    "escalates", "dedupe_key",
]  # fmt: skip


def planned(
    subject_type: str,
    subjects: CTE,
    moments: FromClause,
    *,
    user_id: ColumnElement[Any],
    title: ColumnElement[Any],
    customer_id: ColumnElement[Any],
    asks_for_contact: ColumnElement[bool],
    escalates: ColumnElement[bool],
    where: ColumnElement[bool],
) -> Insert:
    """Plan a reminder for each subject and each of its ``moments`` (a lateral with a column ``fire_at``).

    A moment that is planned already takes the new user and title, and stays put off if it was; one that was cancelled
    is planned again; one that has fired stays fired, so nobody is told the same thing of the same moment twice.
    """
    rows = (
        select(
            subjects.c.workspace_id,
            user_id,
            literal(subject_type, Text),
            subjects.c.id,
            customer_id,
            title,
            moments.c.fire_at,
            asks_for_contact,
            escalates,
            key_of(subject_type, subjects.c.id, moments.c.fire_at),
        )
        .select_from(subjects.join(moments, true()))
        .where(where)
    )
    new = insert(reminders).from_select(_PLANNED, rows)
    again = reminders.c.state == "cancelled"
    return new.on_conflict_do_update(
        index_elements=["workspace_id", "dedupe_key"],
        set_={
            "user_id": new.excluded.user_id,
            "title": new.excluded.title,
            "customer_id": new.excluded.customer_id,
            "asks_for_contact": new.excluded.asks_for_contact,
            "escalates": new.excluded.escalates,
            "fire_at": case((again, new.excluded.fire_at), else_=reminders.c.fire_at),
            "snooze_count": case((again, 0), else_=reminders.c.snooze_count),
            "moved_because": case((again, null()), else_=reminders.c.moved_because),
            "state": "scheduled",
            "cancelled_because": cast(null(), Text),
            "version": reminders.c.version + 1,
            "updated_at": func.now(),
        },
        where=and_(
            reminders.c.state.in_(["scheduled", *before("plan_again")]),
            or_(
                again,
                reminders.c.user_id != new.excluded.user_id,
                reminders.c.title != new.excluded.title,
                reminders.c.escalates != new.excluded.escalates,
            ),
        ),
    )


def key_of(subject_type: str, subject_id: ColumnElement[Any], moment: ColumnElement[Any]) -> ColumnElement[str]:
    """The key of the reminder that this subject wants at this moment, whenever it is said after having been put off."""
    return func.concat(subject_type, ":", subject_id, ":", utc(moment))


def attended(subject_type: str, subjects: CTE, *, to: ColumnElement[bool]) -> Update:
    """Somebody dealt with what these reminders were said of: they are acknowledged and go to nobody's manager."""
    return (
        update(reminders)
        .where(
            reminders.c.workspace_id == subjects.c.workspace_id,
            reminders.c.subject_type == subject_type,
            reminders.c.subject_id == subjects.c.id,
            reminders.c.kind == "task",
            reminders.c.state == "fired",
            to,
        )
        .values(
            state="acknowledged",
            acknowledged_at=func.now(),
            escalate_at=cast(null(), Moment),
            version=reminders.c.version + 1,
            updated_at=func.now(),
        )
    )


def dropped(subject_type: str, subjects: CTE, *, keep: ColumnElement[bool], because: ColumnElement[str]) -> Update:
    """Cancel what is still scheduled for these subjects, but for what ``keep`` holds for, and say why."""
    return (
        update(reminders)
        .where(
            reminders.c.workspace_id == subjects.c.workspace_id,
            reminders.c.subject_type == subject_type,
            reminders.c.subject_id == subjects.c.id,
            reminders.c.kind == "task",
            reminders.c.state.in_(before("drop")),
            ~keep,
        )
        .values(
            state="cancelled",
            cancelled_because=because,
            version=reminders.c.version + 1,
            updated_at=func.now(),
        )
    )
