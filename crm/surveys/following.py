"""A bad mark makes a task: somebody who answers for whoever handled it calls within one working day (B9)."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    Select,
    Uuid,
    and_,
    bindparam,
    literal,
    select,
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
from crm.workspaces.models import users
from crm.workspaces.superiors import leaders

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
    """The assignee's manager, else the team's, else the customer's owner's, else an administrator; never the assignee
    while somebody else leads, never the one it is about, and nobody who is gone.
    """
    c, u, home = complaints.c, users.c, bindparam("workspace_id", type_=Uuid)
    assignee, owner = users.alias("assignee"), users.alias("owner")
    teams = {"assignee": assignee.c.team_id, "complaint": c.team_id, "owner": owner.c.team_id}
    case = (
        select(
            c.assignee_id,
            c.responsible_id,
            owner.c.id.label("owner_id"),
            *(team_id.label(f"team_of_{whose}") for whose, team_id in teams.items()),
        )
        .select_from(
            complaints.outerjoin(customers, and_(customers.c.workspace_id == home, customers.c.id == c.customer_id))
            .outerjoin(assignee, and_(assignee.c.workspace_id == home, assignee.c.id == c.assignee_id))
            .outerjoin(owner, and_(owner.c.workspace_id == home, owner.c.id == customers.c.owner_id))
        )
        .where(c.workspace_id == home, c.id == bindparam("complaint_id", type_=Uuid))
        .cte("case_of")
    )
    never = (case.c.assignee_id, case.c.responsible_id)
    ways = (
        select(
            literal(place, Integer).label("place"),
            case.c[f"team_of_{whose}"].label("team_id"),
            *never,
            (case.c.owner_id if whose == "owner" else case.c.assignee_id).label("oneself"),
        )
        for place, whose in enumerate(teams)
    )
    above = leaders(union_all(*ways).cte("ways"))
    admins = select(literal(len(teams), Integer), u.id).where(
        u.workspace_id == home,
        u.role == "admin",
        u.id.is_distinct_from(select(case.c.responsible_id).scalar_subquery()),
    )
    whom = union_all(select(above.c.place, above.c.manager_id), admins).subquery("whom")
    place, user_id = whom.c
    return (
        select(user_id)
        .select_from(whom.join(users, and_(u.workspace_id == home, u.id == user_id, u.state == "active")))
        .order_by(place, u.created_at, user_id)
        .limit(1)
    )
