"""What a day holds for a person (``domain.md`` A123): visits, tasks, what is overdue, key follow-ups, calls.

One statement, whatever the day; one before it where the day is to be the next working day.
"""

from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON

from crm import clock
from crm.actor import Sight
from crm.calendars.prepared import calendar_of
from crm.care.call_list import whose
from crm.care.calls import DAY, progress_at
from crm.care.day_complaints import of_the_day
from crm.care.day_schemas import DayQuery
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.days import begin_of
from crm.tables import at_home, utc
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.visits.models import visits
from crm.visits.queries import VISIT

MOST = 200
OF_USER = bindparam("of_user", type_=Uuid)


async def read(access: Access, wanted: DayQuery) -> bytes:
    """The day of one person."""
    user_id = await whose(access, wanted.user_id)
    day = wanted.date or await next_working_day(access, user_id)
    found: str = await access.value(_day(access.actor.sight), day=day, of_user=user_id)
    frame = orjson.dumps({"user_id": str(user_id), "date": day})
    return b"%b,%b" % (frame[:-1], found.encode()[1:])


async def next_working_day(access: Access, user_id: UUID) -> date:
    """The next working day after today, by this person's calendar."""
    calendar = await calendar_of(access, user_id)
    return calendar.working_days_after(clock.today(access.actor.timezone), 1)


def visits_of_day(sight: Sight) -> CTE:
    """The visits of the person, or that they go along to, that are planned for the day, or took place as planned."""
    v = visits.c
    takes_part = or_(v.owner_id == OF_USER, v.supervisor_id == OF_USER, any_(v.participant_ids) == OF_USER)
    return (
        select(v.id, v.customer_id, v.owner_id, v.purpose, v.state, v.planned_start, v.planned_end)
        .where(
            at_home(visits), takes_part, v.planned_start >= begin_of(DAY), v.planned_start < begin_of(DAY, -1),
            v.state != "cancelled", VISIT.visible(sight),
        )
        .cte("visits_of_day")
    )  # fmt: skip


@statement
def _day(sight: Sight) -> Select[Any]:
    t, c = tasks.c, customers.c
    visit = visits_of_day(sight)
    key = or_(c.key_kind.is_not(None), c["class"] == "key")
    there = and_(at_home(customers), c.id == t.customer_id)
    task = (
        select(t.id, t.title, t.kind, t.due_at, t.customer_id, (t.due_at < begin_of(DAY)).label("late"),
               func.coalesce(key, False).label("is_key"))
        .select_from(tasks.outerjoin(customers, there))
        .where(at_home(tasks), t.assignee_id == OF_USER, t.state == "open", t.due_at < begin_of(DAY, -1),
               TASK.visible(sight))
        .cte("tasks_of_day")
    )  # fmt: skip
    known = progress_at(c.id, DAY)
    call = (
        select(c.id, c.name, c.phone, known.c.next_call_on)
        .join_from(customers, known, true())
        .where(
            at_home(customers), c.owner_id == OF_USER, known.c.next_call_on == DAY, c.archived_at.is_(None),
            ~c.do_not_contact, CUSTOMER.visible(sight),
        )
        .cte("calls_of_day")
    )  # fmt: skip
    with_customer = select(visit, c.name.label("customer_name")).join_from(
        visit, customers, and_(at_home(customers), c.id == visit.c.customer_id)
    )
    v = with_customer.subquery("v").c
    told_visit = func.json_build_object(
        "id", v.id, "customer", func.json_build_object("id", v.customer_id, "name", v.customer_name),
        "owner_id", v.owner_id, "purpose", v.purpose, "state", v.state,
        "planned_start", utc(v.planned_start), "planned_end", utc(v.planned_end),
    )  # fmt: skip

    def told_tasks(*which: ColumnElement[bool]) -> ColumnElement[Any]:
        one = select(task).where(*which).order_by(task.c.due_at, task.c.id).limit(MOST).subquery()
        told = func.json_build_object(
            "id", one.c.id, "title", one.c.title, "kind", one.c.kind, "due_at", utc(one.c.due_at),
            "customer_id", one.c.customer_id,
        )  # fmt: skip
        return _list(told, [one.c.due_at, one.c.id])

    complaint = of_the_day(sight, OF_USER).cte("complaints_of_day")
    first_due = select(complaint).order_by(complaint.c.due_key, complaint.c.id).limit(MOST).subquery()
    told_call = func.json_build_object(
        "customer", func.json_build_object("id", call.c.id, "name", call.c.name),
        "phone", call.c.phone, "next_call_on", cast(call.c.next_call_on, Date),
    )  # fmt: skip

    def count(of: CTE, *which: ColumnElement[bool]) -> ColumnElement[Any]:
        return select(func.count()).select_from(of).where(*which).scalar_subquery()

    whole = func.json_build_object(
        "visits", _list(told_visit, [v.planned_start, v.id]),
        "tasks", told_tasks(~task.c.late),
        "overdue", told_tasks(task.c.late),
        "key_follow_ups", told_tasks(task.c.is_key),
        "calls", _list(told_call, [call.c.name, call.c.id]),
        "complaints", _list(first_due.c.told, [first_due.c.due_key, first_due.c.id]),
        "counts", func.json_build_object(
            "visits", count(visit), "tasks", count(task, ~task.c.late), "overdue", count(task, task.c.late),
            "key_follow_ups", count(task, task.c.is_key), "calls", count(call), "complaints", count(complaint),
        ),
    )  # fmt: skip
    return select(cast(whole, Text))


def _list(told: ColumnElement[Any], order: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    found = func.json_agg(told).aggregate_order_by(*order)
    return select(func.coalesce(found, cast(literal_column("'[]'"), JSON))).scalar_subquery()
