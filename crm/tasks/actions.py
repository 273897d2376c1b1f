"""Everything that changes tasks. Each change is one statement: the task, its reminders, its fact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    func,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.errors import invalid
from crm.nouns import Answer, Noun, about_this
from crm.recording import changing, creating, explain, record, recorded, renamed
from crm.tables import Moment, home
from crm.tasks import events
from crm.tasks.errors import SnoozedTooOften, TaskClosed
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_anew, remind_first
from crm.tasks.rules import MOST_SNOOZES, MOVES, Move, before
from crm.tasks.schemas import TaskCreate, TaskReminderSent, TaskUpdate
from crm.tasks.vocabulary import Kind, SubjectType
from crm.workspaces.colleagues import is_active, must_be_active, team_of

ASSIGNEE = bindparam("new_assignee_id", type_=Uuid)


@dataclass(frozen=True)
class Owed:
    """A task that a rule finds owed. Its ``dedupe_key`` says for what, so that finding it twice makes it once."""

    kind: Kind
    title: str
    subject_type: SubjectType
    subject_id: UUID
    customer_id: UUID | None
    assignee_id: UUID
    due_at: datetime
    dedupe_key: str


async def owe(tx: Transaction, owed: Owed) -> Answer | None:
    """Add the task, with a reminder at the moment it is due; None when this was owed before, open or closed by now."""
    return await record(tx, events.CREATED, _owe(), **renamed(asdict(owed)))


async def owe_all(tx: Transaction, owed: Sequence[Owed]) -> None:
    """``owe`` of many at once."""
    if owed:
        columns = {f"each_{name}": [getattr(one, name) for one in owed] for name in Owed.__dataclass_fields__}
        await tx.rows(_owe_all(), event_type=events.CREATED, **columns)


async def known_keys(tx: Transaction, keys: Sequence[str]) -> set[str]:
    """Under which of these a task was owed before, open or closed by now."""
    return {row["dedupe_key"] for row in await tx.rows(_known_keys(), keys=keys)}


async def close_for(tx: Transaction, *, customer_id: UUID, kind: Kind, outcome: str) -> int:
    """Complete every open task of this kind about this customer, whoever has it; how many there were."""
    given = {"customer_id": customer_id, "kind": kind, "outcome": outcome}
    return len(await tx.rows(_close_for(), event_type=events.COMPLETED, **given))


async def create(access: Access, new: TaskCreate, about: Noun) -> Answer:
    """Add a task about something the actor sees; ``about`` is the noun of its subject.

    Raises 422 for a subject or an assignee that is not there, ``AlreadyExists`` for an id that is taken.
    """
    values = new.model_dump(exclude={"subject", "reminders"}, exclude_none=True)
    values |= {"subject_id": new.subject.id, "remind_before": _minutes(new.reminders)}
    assignee_id = values.setdefault("assignee_id", access.actor.user_id)
    if assignee_id is None:
        raise invalid("assignee_id", "A key has no tasks of its own: say who is to do it.", "required")
    insert = _insert(about, access.actor.sight, frozenset(values))
    created = await record(access, events.CREATED, insert, **renamed(values))
    if created is None:
        await must_be_active(access, "assignee_id", assignee_id)
        raise invalid("subject/id", f"There is no such {about.name}.", "not_found")
    return created


async def update(access: Access, task_id: UUID, change: TaskUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``TaskClosed``, 422 for an assignee who is not there."""
    values = change.model_dump(exclude={"reminders"}, exclude_unset=True)
    if "reminders" in change.model_fields_set:
        values["remind_before"] = _minutes(change.reminders)
    return await _move(access, "update", events.UPDATED, task_id, values)


async def complete(access: Access, task_id: UUID, outcome: str | None) -> Answer:
    """Close a task as done; nobody is reminded of it any more. Raises as ``update`` does."""
    return await _move(access, "complete", events.COMPLETED, task_id, {"outcome": outcome})


async def cancel(access: Access, task_id: UUID, reason: str) -> Answer:
    """Close a task that will not be done. Raises as ``update`` does."""
    return await _move(access, "cancel", events.CANCELLED, task_id, {"cancel_reason": reason})


async def snooze(access: Access, task_id: UUID, until: datetime) -> Answer:
    """Put a task off. Raises ``SnoozedTooOften`` after ``MOST_SNOOZES``, 422 for a moment that is not later."""
    return await _move(access, "snooze", events.SNOOZED, task_id, {"due_at": until})


async def reassign(access: Access, task_id: UUID, assignee_id: UUID) -> Answer:
    """Give a task to someone else, with its reminders still to come. Raises as ``update`` does."""
    return await _move(access, "reassign", events.REASSIGNED, task_id, {"assignee_id": assignee_id})


async def _move(access: Access, move: Move, event_type: str, task_id: UUID, values: Mapping[str, Any]) -> Answer:
    statement = _change(access.actor.sight, move, frozenset(values))
    changed = await record(access, event_type, statement, id=task_id, **renamed(values))
    return changed or await _why_not(access, move, task_id, values)


async def _why_not(access: Access, move: Move, task_id: UUID, values: Mapping[str, Any]) -> Answer:
    """The task as it is, when there was nothing to change; else the reason why it could not be."""
    answer = await explain(access, TASK, task_id)
    task = orjson.loads(answer.body)
    if (task["state"], move) not in MOVES:
        raise TaskClosed
    if move == "snooze" and task["snooze_count"] >= MOST_SNOOZES:
        raise SnoozedTooOften
    if move == "snooze":
        raise invalid("until", "A moment later than now and later than it is due.", "too_early")
    if "assignee_id" in values:
        await must_be_active(access, "assignee_id", values["assignee_id"])
    return answer


def _minutes(reminders: Iterable[TaskReminderSent]) -> list[int]:
    """Each once, the earliest moment first."""
    return sorted({reminder.minutes_before for reminder in reminders}, reverse=True)


@statement
def _insert(about: Noun, sight: Sight, columns: frozenset[str]) -> Insert:
    """A new task about a row of this noun, where the actor sees it, for someone who is there to do it."""
    subject, is_seen = about_this(about, sight)
    return creating(
        TASK,
        columns,
        values={
            **subject,
            "team_id": team_of(ASSIGNEE),
        },
        only_if=is_seen & is_active(ASSIGNEE),
        also=remind_first,
    )


@statement
def _change(sight: Sight, move: Move, columns: frozenset[str]) -> Insert:
    """A task that may make this move, with these columns changed and its reminders planned anew."""
    guards: list[ColumnElement[bool]] = [tasks.c.state.in_(before(move))]
    values: dict[str, Any] = {}
    if "assignee_id" in columns:
        guards.append(is_active(ASSIGNEE))
        values["team_id"] = team_of(ASSIGNEE)
    if "due_at" in columns:
        # Another moment is another promise: it can become overdue anew.
        values |= {"overdue_at": cast(null(), Moment), "escalated_to_id": cast(null(), Uuid)}
    if move == "snooze":
        later_than = func.greatest(func.now(), tasks.c.due_at)
        guards += [bindparam("new_due_at", type_=Moment) > later_than, tasks.c.snooze_count < MOST_SNOOZES]
        values["snooze_count"] = tasks.c.snooze_count + 1
    if move in {"complete", "cancel"}:
        values["state"] = MOVES["open", move]
    if move == "complete":
        values["completed_at"] = func.now()
    return changing(TASK, sight, columns, *guards, values=values, also=remind_anew)


@statement
def _owe() -> Insert:
    names = list(Owed.__dataclass_fields__)
    given = {name: bindparam(f"new_{name}", type_=tasks.c[name].type) for name in names}
    row = select(bindparam("workspace_id", type_=Uuid), *given.values(), team_of(ASSIGNEE))
    new = insert_or(tasks).from_select(["workspace_id", *names, "team_id"], row)
    once = new.on_conflict_do_nothing(
        index_elements=["workspace_id", "dedupe_key"], index_where=tasks.c.dedupe_key.is_not(None)
    )
    return recorded(TASK, once, also=remind_first)


@statement
def _owe_all() -> Insert:
    names = list(Owed.__dataclass_fields__)
    arrays: list[Any] = [bindparam(f"each_{name}", type_=ARRAY(tasks.c[name].type)) for name in names]
    rows = func.unnest(*arrays).table_valued(*(column(name, tasks.c[name].type) for name in names), name="owed")
    rows = rows.render_derived()
    each = select(home(), *(rows.c[name] for name in names), team_of(rows.c.assignee_id))
    new = insert_or(tasks).from_select(["workspace_id", *names, "team_id"], each)
    once = new.on_conflict_do_nothing(
        index_elements=["workspace_id", "dedupe_key"], index_where=tasks.c.dedupe_key.is_not(None)
    )
    return recorded(TASK, once, also=remind_first)


@statement
def _known_keys() -> Select[Any]:
    at_home = tasks.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(tasks.c.dedupe_key).where(at_home, tasks.c.dedupe_key == any_(bindparam("keys", type_=ARRAY(Text))))


@statement
def _close_for() -> Insert:
    closing = (
        tasks.update()
        .where(
            tasks.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            tasks.c.customer_id == bindparam("customer_id", type_=Uuid),
            tasks.c.kind == bindparam("kind", type_=Text),
            tasks.c.state == "open",
        )
        .values(state="done", completed_at=func.now(), outcome=bindparam("outcome", type_=Text))
    )
    return recorded(TASK, closing, also=remind_anew)
