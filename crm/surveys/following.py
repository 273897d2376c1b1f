"""A bad mark makes a task: somebody who answers for whoever handled it calls within one working day (B9)."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from crm import clock
from crm.calendars.prepared import calendar_of
from crm.calendars.working_time import WorkingTime
from crm.complaints.models import complaints
from crm.customers.models import customers
from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.surveys import words
from crm.surveys.words import in_language
from crm.tasks import actions as tasks
from crm.tasks.actions import Owed
from crm.workspaces.models import teams, users
from crm.workspaces.superiors import superiors

LOW_CSAT = 2
LOW_NPS = 6


def is_low(csat: int, nps: int | None) -> bool:
    """Whether somebody must call: CSAT of 2 or less, or a detractor."""
    return csat <= LOW_CSAT or (nps is not None and nps <= LOW_NPS)


def one_working_day_after(calendar: WorkingTime, moment: datetime, zone: str) -> datetime:
    """As much working time later as the working day has on which it begins to count."""
    begins = calendar.next_working_moment(moment)
    first = clock.local_date(begins, zone)
    midnights = (clock.moment_of(day, time.min, zone) for day in (first, first + timedelta(days=1)))
    whole = calendar.time_between(*midnights)
    return calendar.deadline(moment, whole)


async def follow_low_mark(tx: Transaction, fact: Fact) -> None:
    """Somebody was unhappy with how it went: the assignee's manager has a task to call them."""
    csat, nps = fact.payload["csat"], fact.payload["nps"]
    if csat is None or not is_low(csat, nps):
        return
    complaint_id = UUID(fact.payload["complaint_id"])
    assignee_id = await tx.value(_who_follows(), complaint_id=complaint_id)
    if assignee_id is None:
        return
    language = tx.actor.language
    marks = [in_language(words.CSAT_MARK, language, csat=csat)]
    if nps is not None:
        marks.append(in_language(words.NPS_MARK, language, nps=nps))
    number = fact.payload["complaint"]["number"]
    title = in_language(words.LOW_MARK, language, number=number, mark=in_language(words.BETWEEN, language).join(marks))
    calendar = await calendar_of(tx, assignee_id)
    owed = Owed(
        kind="callback",
        title=title,
        subject_type="complaint",
        subject_id=complaint_id,
        customer_id=fact.customer_id,
        assignee_id=assignee_id,
        due_at=one_working_day_after(calendar, fact.occurred_at, calendar.zone),
        dedupe_key=f"low_mark:{fact.subject_id}",
    )
    await tasks.owe(tx, owed)


@statement
def _who_follows() -> Select[Any]:
    """The assignee's manager, else the team's, else the customer's owner's, else an administrator; never the one it is
    about, and nobody who is gone.
    """
    c, u, home = complaints.c, users.c, bindparam("workspace_id", type_=Uuid)
    about = select(c.assignee_id, c.team_id, c.responsible_id, customers.c.owner_id).select_from(
        complaints.outerjoin(customers, and_(customers.c.workspace_id == home, customers.c.id == c.customer_id))
    )
    case = about.where(c.workspace_id == home, c.id == bindparam("complaint_id", type_=Uuid)).cte("case_of")
    above = superiors()

    def manager(of: ColumnElement[Any]) -> Select[Any]:
        return select(above.c.manager_id).join(case, above.c.user_id == of)

    ways: list[Select[Any]] = [
        manager(case.c.assignee_id),
        select(teams.c.manager_id).join(case, and_(teams.c.workspace_id == home, teams.c.id == case.c.team_id)),
        manager(case.c.owner_id),
        select(u.id).where(u.workspace_id == home, u.role == "admin"),
    ]
    listed = [way.add_columns(literal(place, Integer).label("place")) for place, way in enumerate(ways)]
    whom = union_all(*listed).subquery("whom")
    user_id, place = whom.c
    not_about = or_(case.c.responsible_id.is_(None), case.c.responsible_id != user_id)
    there = and_(u.workspace_id == home, u.id == user_id, u.state == "active")
    return (
        select(user_id)
        .select_from(whom.join(users, there).join(case, true()))
        .where(not_about)
        .order_by(place, func.coalesce(u.created_at, func.now()), user_id)
        .limit(1)
    )
