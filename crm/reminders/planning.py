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
from crm.tables import utc


def planned(
    subject_type: str,
    subjects: CTE,
    moments: FromClause,
    *,
    user_id: ColumnElement[Any],
    title: ColumnElement[Any],
    customer_id: ColumnElement[Any],
    where: ColumnElement[bool],
) -> Insert:
    """Plan a reminder for each subject and each of its ``moments`` (a lateral with a column ``fire_at``).

    A moment that is planned already takes the new user and title; one that was cancelled is planned again; one that
    has fired stays fired, so nobody is told the same thing of the same moment twice.
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
            func.concat(subject_type, ":", subjects.c.id, ":", utc(moments.c.fire_at)),
        )
        .select_from(subjects.join(moments, true()))
        .where(where)
    )
    names = ["workspace_id", "user_id", "subject_type", "subject_id", "customer_id", "title", "fire_at", "dedupe_key"]
    new = insert(reminders).from_select(names, rows)
    return new.on_conflict_do_update(
        index_elements=["workspace_id", "dedupe_key"],
        set_={
            "user_id": new.excluded.user_id,
            "title": new.excluded.title,
            "customer_id": new.excluded.customer_id,
            "state": "scheduled",
            "cancelled_because": cast(null(), Text),
            "version": reminders.c.version + 1,
            "updated_at": func.now(),
        },
        where=and_(
            reminders.c.state != "fired",
            or_(
                reminders.c.state == "cancelled",
                reminders.c.user_id != new.excluded.user_id,
                reminders.c.title != new.excluded.title,
            ),
        ),
    )


def dropped(subject_type: str, subjects: CTE, *, keep: ColumnElement[bool], because: ColumnElement[str]) -> Update:
    """Cancel what is still scheduled for these subjects, but for what ``keep`` holds for, and say why."""
    return (
        update(reminders)
        .where(
            reminders.c.workspace_id == subjects.c.workspace_id,
            reminders.c.subject_type == subject_type,
            reminders.c.subject_id == subjects.c.id,
            reminders.c.state == "scheduled",
            ~keep,
        )
        .values(
            state="cancelled",
            cancelled_because=because,
            version=reminders.c.version + 1,
            updated_at=func.now(),
        )
    )
