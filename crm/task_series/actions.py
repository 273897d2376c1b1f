"""Everything that people change of series. A series and its next task are made in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Insert, Select, Text, Update, Uuid, and_, bindparam, func, null, select

from crm import clock, reading
from crm.actor import Sight
from crm.database import Transaction, statement
from crm.errors import NotFound, invalid
from crm.nouns import Answer, Noun, about_this, as_answer
from crm.recording import changing, creating, explain, record, recorded, renamed
from crm.tables import at_home
from crm.task_series import events
from crm.task_series.errors import SeriesEnded
from crm.task_series.going_on import begin, end
from crm.task_series.queries import TASK_SERIES
from crm.task_series.recurrence import Recurrence
from crm.task_series.schemas import TaskSeriesCreate, TaskSeriesUpdate
from crm.tasks import events as task_events
from crm.tasks.models import tasks
from crm.tasks.origins import task_series
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_anew
from crm.workspaces.colleagues import is_active, must_be_active, team_of
from crm.workspaces.models import users

ASSIGNEE = bindparam("new_assignee_id", type_=Uuid)
RHYTHM = frozenset({"rrule", "first_at", "timezone"})
SAME = ("title", "note", "assignee_id", "remind_before")
"""What an open task takes over from its series when all following are changed."""

PUT_BACK = {"en": "The series was changed.", "zh-CN": "重复任务已更改。"}
STOPPED = {"en": "The series has ended.", "zh-CN": "重复任务已结束。"}


async def create(tx: Transaction, new: TaskSeriesCreate, about: Noun) -> Answer:
    """Begin a series about something the actor sees, with its first task.

    Raises 422 for a rule that is not understood or never comes true from now on, a zone, subject or assignee that is
    not there, ``AlreadyExists`` for an id that is taken.
    """
    values = new.model_dump(exclude={"subject", "reminders"}, exclude_none=True)
    values |= {"subject_id": new.subject.id, "remind_before": _minutes(new)}
    assignee_id = values.setdefault("assignee_id", tx.actor.user_id)
    if assignee_id is None:
        raise invalid("assignee_id", "A key has no tasks of its own: say who is to do it.", "required")
    zone = values.setdefault("timezone", await tx.value(_zone_of(), new_assignee_id=assignee_id) or tx.actor.timezone)
    _check(values["rrule"], values["first_at"], zone)
    created = await record(tx, events.CREATED, _insert(about, tx.actor.sight, frozenset(values)), **renamed(values))
    if created is None:
        await must_be_active(tx, "assignee_id", assignee_id)
        raise invalid("subject/id", f"There is no such {about.name}.", "not_found")
    return await _begun(tx, created.id)


async def update(tx: Transaction, series_id: UUID, change: TaskSeriesUpdate) -> Answer:
    """Change all following. The open task takes over its words, assignee and reminders; by another rhythm the one to
    come is put back, and the next by the new rhythm is made.

    Raises ``NotFound``, ``Stale``, ``SeriesEnded``, 422 as ``create`` does.
    """
    present = orjson.loads((await reading.one(tx, TASK_SERIES, series_id)).body)
    values = change.model_dump(exclude={"reminders"}, exclude_unset=True)
    if "reminders" in change.model_fields_set:
        values["remind_before"] = _minutes(change)
    rhythm = {name: values.get(name, present[name]) for name in RHYTHM}
    if values.keys() & RHYTHM:
        _check(rhythm["rrule"], rhythm["first_at"], rhythm["timezone"])
    another = {name for name in RHYTHM if rhythm[name] != present[name]}
    changed = await record(
        tx, events.UPDATED, _change(tx.actor.sight, frozenset(values), bool(another)), id=series_id, **renamed(values)
    )
    if changed is None:
        answer = await explain(tx, TASK_SERIES, series_id)
        if orjson.loads(answer.body)["state"] == "ended":
            raise SeriesEnded
        if "assignee_id" in values:
            await must_be_active(tx, "assignee_id", values["assignee_id"])
        return answer
    if another:
        await _put_back(tx, series_id, PUT_BACK)
        return await _begun(tx, series_id)
    await tx.rows(_follow(), event_type=task_events.UPDATED, series_id=series_id)
    return changed


async def stop(tx: Transaction, series_id: UUID) -> Answer:
    """End a series; what of it is still to come is cancelled. Raises ``NotFound``, ``Stale``. Twice is once."""
    answer = await explain(tx, TASK_SERIES, series_id)
    ended = await end(tx, series_id, "by_hand")
    if ended is None:
        return answer
    await _put_back(tx, series_id, STOPPED)
    return ended


async def _begun(tx: Transaction, series_id: UUID) -> Answer:
    if await begin(tx, series_id) is None:
        raise invalid("rrule", "This rule does not come true any more.", "over")
    row = await tx.row(_whole(), series_id=series_id)
    if row is None:
        raise NotFound
    return Answer(*row)


async def _put_back(tx: Transaction, series_id: UUID, words: Mapping[str, str]) -> None:
    reason = words.get(tx.actor.language, words["en"])
    await tx.rows(_cancel(), event_type=task_events.CANCELLED, series_id=series_id, reason=reason)


def _check(rule: str, first_at: str, zone: str) -> None:
    if not clock.is_zone(zone):
        raise invalid("timezone", "This is not the IANA name of a time zone, such as Asia/Shanghai.")
    try:
        first = datetime.fromisoformat(first_at)
    except ValueError:
        raise invalid("first_at", "There is no such day.") from None
    try:
        Recurrence(rule, first, zone)
    except ValueError as error:
        raise invalid("rrule", str(error)) from error


def _minutes(sent: TaskSeriesCreate | TaskSeriesUpdate) -> list[int]:
    return sorted({reminder.minutes_before for reminder in sent.reminders}, reverse=True)


def _of_series() -> Any:
    """The open tasks of a series that are still to come."""
    home = tasks.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return and_(home, tasks.c.series_id == bindparam("series_id", type_=Uuid), tasks.c.state == "open")


@statement
def _insert(about: Noun, sight: Sight, columns: frozenset[str]) -> Insert:
    subject, is_seen = about_this(about, sight)
    return creating(
        TASK_SERIES,
        columns,
        values={
            **subject,
            "team_id": team_of(ASSIGNEE),
        },
        only_if=is_seen & is_active(ASSIGNEE),
    )


@statement
def _change(sight: Sight, columns: frozenset[str], anew: bool) -> Insert:
    guards = [task_series.c.state == "active"]
    values: dict[str, Any] = {"last_at": null()} if anew else {}
    if "assignee_id" in columns:
        guards.append(is_active(ASSIGNEE))
        values["team_id"] = team_of(ASSIGNEE)
    return changing(TASK_SERIES, sight, columns, *guards, values=values)


@statement
def _follow() -> Insert:
    s = task_series.c
    differs = [tasks.c[name].is_distinct_from(s[name]) for name in SAME]
    taken = (
        tasks.update()
        .where(_of_series(), s.workspace_id == tasks.c.workspace_id, s.id == tasks.c.series_id)
        .where(differs[0] | differs[1] | differs[2] | differs[3])
        .values({name: s[name] for name in (*SAME, "team_id")})
    )
    return recorded(TASK, taken, also=remind_anew)


@statement
def _cancel() -> Insert:
    gone: Update = (
        tasks.update()
        .where(_of_series(), tasks.c.due_at > func.now())
        .values(state="cancelled", cancel_reason=bindparam("reason", type_=Text))
    )
    return recorded(TASK, gone, also=remind_anew)


@statement
def _zone_of() -> Select[Any]:
    return select(users.c.timezone).where(at_home(users), users.c.id == ASSIGNEE)


@statement
def _whole() -> Select[Any]:
    home = task_series.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return as_answer(
        TASK_SERIES, task_series.select().where(home, task_series.c.id == bindparam("series_id", type_=Uuid)).subquery()
    )
