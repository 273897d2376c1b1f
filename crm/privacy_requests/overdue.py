"""Requests that are past due become a task, once, for the admin who verified them."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import Select, Text, Uuid, and_, bindparam, cast, exists, func, literal, select

from crm import clock
from crm.care.words import in_language
from crm.database import Transaction, statement
from crm.days import local_date
from crm.privacy_requests.models import privacy_requests
from crm.privacy_requests.rules import OPEN
from crm.privacy_requests.words import OVERDUE
from crm.tasks import actions as tasks
from crm.tasks.actions import Owed
from crm.tasks.models import tasks as tasks_table
from crm.workspaces.models import users

MOST = 500


async def owe_tasks(tx: Transaction) -> int:
    """Make the task for every overdue request that has none; how many were made.

    Where nobody verified it, or whoever did is gone, the admin who has been here longest is told.
    """
    made = 0
    for row in await tx.rows(_overdue()):
        owed = Owed(
            kind="follow_up",
            title=in_language(OVERDUE, tx.actor.language, day=str(row["due_on"])),
            subject_type="privacy_request",
            subject_id=row["id"],
            customer_id=None,
            assignee_id=row["assignee_id"],
            due_at=_at(tx, row["due_on"]),
            dedupe_key=row["dedupe_key"],
        )
        made += await tasks.owe(tx, owed) is not None
    return made


def _at(tx: Transaction, day: Any) -> datetime:
    return clock.moment_of(day, time.fromisoformat(tx.actor.settings["reminder_time"]), tx.actor.timezone)


@statement
def _overdue() -> Select[Any]:
    r = privacy_requests.c
    home = bindparam("workspace_id", type_=Uuid)
    verifier = users.alias("verifier")
    there = and_(verifier.c.workspace_id == home, verifier.c.id == r.verified_by, verifier.c.state == "active")
    admin = (
        select(users.c.id)
        .where(users.c.workspace_id == home, users.c.role == "admin", users.c.state == "active")
        .order_by(users.c.created_at, users.c.id)
        .limit(1)
        .scalar_subquery()
    )
    assignee = func.coalesce(verifier.c.id, admin)
    key = func.concat(literal("privacy_request:", Text), cast(r.id, Text))
    told = exists().where(tasks_table.c.workspace_id == home, tasks_table.c.dedupe_key == key)
    return (
        select(r.id, r.due_on, assignee.label("assignee_id"), key.label("dedupe_key"))
        .select_from(privacy_requests.outerjoin(verifier, there))
        .where(r.workspace_id == home, r.state.in_(OPEN), r.due_on < local_date(func.now()))
        .where(assignee.is_not(None), ~told)
        .order_by(r.due_on, r.id)
        .limit(MOST)
    )
