"""The next task of a series: made when the last one is done or its moment comes, and never twice.

The row of the series is locked, and says which one was made last: whoever comes second finds that it was made.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, Integer, Select, Text, Uuid, bindparam, exists, func, null, select
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.actor import Sight
from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.nouns import Answer
from crm.recording import changing, record, recorded
from crm.tables import Moment
from crm.task_series import events
from crm.task_series.queries import TASK_SERIES
from crm.task_series.recurrence import Recurrence
from crm.task_series.schemas import EndedBecause
from crm.tasks import events as task_events
from crm.tasks.models import tasks
from crm.tasks.origins import task_series
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_first
from crm.workspaces.models import users


class Going(NamedTuple):
    """A series that goes on, locked until the transaction ends."""

    id: UUID
    rrule: str
    first_at: str
    timezone: str
    last_at: str | None
    made: int
    next_look_at: datetime | None
    now: datetime
    assignee_is_there: bool


async def waiting(tx: Transaction, most: int) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and series where the moment of the last task has come. For a transaction over all workspaces."""
    return [(row["workspace_id"], row["id"]) for row in await tx.rows(_waiting(most))]


async def when_due(tx: Transaction, series_id: UUID) -> None:
    """The moment of the last task has come: the next one is made, so that its reminders come in time."""
    going = await _locked(tx, series_id)
    if going is not None and going.next_look_at is not None and going.next_look_at <= going.now:
        await go_on(tx, going)


async def when_closed(tx: Transaction, fact: Fact) -> None:
    """A task was done, or will not be: if it is the last of a series, the next one is made."""
    if not fact.payload.get("series_id"):
        return
    going = await _locked(tx, UUID(fact.payload["series_id"]))
    if going is None:
        return
    newest = await tx.value(_key_of(), task_id=fact.subject_id)
    if newest == key(going.id, going.made):
        await go_on(tx, going)


async def go_on(tx: Transaction, going: Going) -> Answer | None:
    """Make the next task that is still to come; end the series where there is none. What was missed is not made up."""
    rule = Recurrence(going.rrule, datetime.fromisoformat(going.first_at), going.timezone)
    now = going.now.astimezone(ZoneInfo(going.timezone)).replace(tzinfo=None)
    last = None if going.last_at is None else datetime.fromisoformat(going.last_at)
    at = rule.at_or_after(now) if last is None or last < now else rule.after(last)
    if at is None or not going.assignee_is_there:
        await end(tx, going.id, "no_more" if at is None else "assignee_gone")
        return None
    due_at = clock.moment_of(at.date(), at.time(), going.timezone)
    number = going.made + 1
    given: dict[str, Any] = {"series_id": going.id, "due_at": due_at, "dedupe_key": key(going.id, number)}
    made = await record(tx, task_events.CREATED, _make(), **given)
    await tx.row(_made(), series_id=going.id, last_at=at.isoformat(timespec="minutes"), due_at=due_at, number=number)
    return made


async def end(tx: Transaction, series_id: UUID, because: EndedBecause) -> Answer | None:
    """There will be no further task."""
    return await record(tx, events.ENDED, _end(), id=series_id, if_match=None, because=because)


async def begin(tx: Transaction, series_id: UUID) -> Answer | None:
    """The next task of a series that is new or goes by another rule now."""
    going = await _locked(tx, series_id)
    return None if going is None else await go_on(tx, going)


def key(series_id: UUID, number: int) -> str:
    """What a task of a series is known by."""
    return f"series:{series_id}:{number}"


async def _locked(tx: Transaction, series_id: UUID) -> Going | None:
    row = await tx.row(_lock(), series_id=series_id)
    return None if row is None else Going(*row)


def _this() -> Any:
    home = task_series.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return home & (task_series.c.id == bindparam("series_id", type_=Uuid))


@statement
def _waiting(most: int) -> Select[Any]:
    s = task_series.c
    return select(s.workspace_id, s.id).where(s.state == "active", s.next_look_at <= func.now()).limit(most)


@statement
def _lock() -> Select[Any]:
    s, u = task_series.c, users.c
    there = exists().where(u.workspace_id == s.workspace_id, u.id == s.assignee_id, u.state == "active")
    wanted = select(
        s.id, s.rrule, s.first_at, s.timezone, s.last_at, s.made, s.next_look_at, func.now().label("now"), there
    )
    return wanted.where(_this(), s.state == "active").with_for_update(of=task_series)


@statement
def _key_of() -> Select[Any]:
    home = tasks.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(tasks.c.dedupe_key).where(home, tasks.c.id == bindparam("task_id", type_=Uuid))


@statement
def _make() -> Insert:
    s = task_series.c
    same = (
        "workspace_id", "kind", "title", "note", "subject_type", "subject_id", "customer_id", "assignee_id", "team_id",
        "remind_before",
    )  # fmt: skip
    row = select(
        *(s[name] for name in same), s.id, bindparam("due_at", type_=Moment), bindparam("dedupe_key", type_=Text)
    )
    made = insert(tasks).from_select([*same, "series_id", "due_at", "dedupe_key"], row.where(_this()))
    once = made.on_conflict_do_nothing(
        index_elements=["workspace_id", "dedupe_key"], index_where=tasks.c.dedupe_key.is_not(None)
    )
    return recorded(TASK, once, also=remind_first)


@statement
def _made() -> Any:
    # No fact of its own: the task's fact says it.
    return (
        task_series.update()
        .where(_this())
        .values(
            last_at=bindparam("last_at", type_=Text),
            next_look_at=bindparam("due_at", type_=Moment),
            made=bindparam("number", type_=Integer),
        )
    )


@statement
def _end() -> Insert:
    active = task_series.c.state == "active"
    values = {
        "state": "ended", "ended_at": func.now(), "ended_because": bindparam("because", type_=Text),
        "next_look_at": null(),
    }  # fmt: skip
    return changing(TASK_SERIES, Sight.ALL, (), active, values=values)
