"""Before people leave: what of today is unfinished, and what the next working day holds (``domain.md`` A123, C5).

Once per person and working day, when the workspace's clock shows the hour of its settings: one statement for all people
of a workspace. Who has nothing left and nothing ahead is not told. A worker that was away tells later the same day.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import array, insert

from crm import clock
from crm.calendars.whose import is_away, is_working_day, next_day_at_work, user_calendars
from crm.care.models import warmth_rounds
from crm.database import Transaction, statement
from crm.days import begin_of, local_date
from crm.notifications.models import notifications
from crm.tables import at_home
from crm.tasks.models import tasks
from crm.visits.models import visits
from crm.workspaces.models import users, workspaces
from crm.workspaces.settings import DEFAULTS

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "en": "Unfinished today: %s tasks, %s visits. Next working day: %s tasks, %s visits.",
        "zh-CN": "今日未完成：任务%s项，拜访%s次。下一工作日：任务%s项，拜访%s次。",
    }
)
AHEAD = 31
"""Days within which the next working day is looked for."""

DAY = bindparam("day", type_=Date)


def due_for(now: datetime, zone: str, settings: Mapping[str, Any]) -> date | None:
    """The day whose digest may be told at this moment; None before its hour, or where nobody wants it."""
    wanted = {**DEFAULTS["day_end"], **settings.get("day_end", {})}
    wall = now.astimezone(ZoneInfo(zone))
    if wanted["digest"] == "off" or wall.time() < time.fromisoformat(wanted["time"]):
        return None
    return wall.date()


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces whose hour has come and who were not told today. For a transaction over all workspaces."""
    found = []
    for row in await tx.rows(_rounds()):
        if clock.is_zone(row["timezone"]):
            day = due_for(row["now"], row["timezone"], row["settings"])
            if day is not None and day != row["digest_for"]:
                found.append(row["workspace_id"])
    return found


async def work(tx: Transaction) -> int:
    """Tell everybody of this workspace who has something left or ahead; how many. A colleague at it is left to it."""
    await tx.row(_begin())
    found = await tx.row(_take())
    if found is None:
        return 0
    day = due_for(found["now"], tx.actor.timezone, tx.actor.settings)
    if day is None or day == found["digest_for"]:
        return 0
    words = WORDS.get(tx.actor.language, WORDS["en"])
    told = await tx.rows(_tell(), day=day, words=words)
    await tx.row(_done(), day=day)
    return len(told)


@statement
def _rounds() -> Select[Any]:
    w, r = workspaces.c, warmth_rounds.c
    there = r.workspace_id == w.workspace_id
    return select(w.workspace_id, w.timezone, w.settings, r.digest_for, func.now().label("now")).select_from(
        workspaces.outerjoin(warmth_rounds, there)
    )


@statement
def _begin() -> Insert:
    return insert(warmth_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid)).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    wanted = select(warmth_rounds.c.digest_for, func.now().label("now")).where(at_home(warmth_rounds))
    return wanted.with_for_update(skip_locked=True, of=warmth_rounds)


@statement
def _done() -> Update:
    return update(warmth_rounds).where(at_home(warmth_rounds)).values(digest_for=DAY)


@statement
def _tell() -> Insert:
    of, t, v = user_calendars(), tasks.c, visits.c
    isodow = extract("isodow", cast(DAY, Date))
    weekday_after = DAY + case((isodow == 5, 3), (isodow == 6, 2), else_=1)
    next_day = func.coalesce(next_day_at_work(of.c.calendar_id, users.c.id, DAY), weekday_after)
    works_today = func.coalesce(is_working_day(of.c.calendar_id, DAY), isodow < 6)
    people = (
        select(users.c.id, next_day.label("next_day"))
        .join_from(users, of, of.c.user_id == users.c.id)
        .where(at_home(users), users.c.state == "active", works_today, ~is_away(users.c.id, DAY))
        .subquery("people")
    )
    horizon = begin_of(DAY, -AHEAD)
    open_tasks = _by_day(
        select(t.assignee_id.label("user_id"), _day_of(t.due_at), func.count().label("many"))
        .where(at_home(tasks), t.state == "open", t.due_at < horizon)
        .group_by("user_id", "day")
    )
    # Whoever goes along has it ahead of them, too.
    everyone = func.array_cat(v.participant_ids, array([v.owner_id, v.supervisor_id]))
    who = func.unnest(everyone).table_valued("user_id", name="who").render_derived().lateral()
    open_visits = _by_day(
        select(who.c.user_id, _day_of(v.planned_start), func.count(v.id.distinct()).label("many"))
        .select_from(visits.join(who, true()))
        .where(
            at_home(visits), v.state.in_(("planned", "confirmed", "in_progress")),
            v.planned_start >= begin_of(DAY), v.planned_start < horizon,
        )
        .group_by("user_id", "day")
    )  # fmt: skip

    def many(of_days: FromClause, *, later: bool) -> ColumnElement[Any]:
        when = of_days.c.day == people.c.next_day if later else of_days.c.day == DAY
        found = select(func.sum(of_days.c.many)).where(of_days.c.user_id == people.c.id, when)
        return func.coalesce(cast(found.correlate(people).scalar_subquery(), Integer), 0)

    counts = [many(each, later=later) for later in (False, True) for each in (open_tasks, open_visits)]
    counted = select(people.c.id, *(count.label(f"count_{n}") for n, count in enumerate(counts))).subquery("counted")
    each = [counted.c[f"count_{n}"] for n in range(len(counts))]
    row = select(
        bindparam("workspace_id", type_=Uuid), counted.c.id, literal("day_end_digest", Text),
        func.format(bindparam("words", type_=Text), *each), literal("user", Text), counted.c.id,
        func.concat("day_end_digest:", counted.c.id, ":", DAY),
    ).where(or_(*(count > 0 for count in each)))  # fmt: skip
    names = ["workspace_id", "user_id", "kind", "title", "subject_type", "subject_id", "dedupe_key"]
    return (
        insert(notifications)
        .from_select(names, row)
        .on_conflict_do_nothing(index_elements=["workspace_id", "dedupe_key"])
        .returning(notifications.c.user_id)
    )


def _day_of(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day something is unfinished on: what was due before is unfinished today."""
    return func.greatest(local_date(moment), cast(DAY, Date)).label("day")


def _by_day(counted: Select[Any]) -> FromClause:
    return counted.cte().prefix_with("MATERIALIZED")
