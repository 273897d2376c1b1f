"""Making tasks by a rule: sets of them, each with its reminders and its fact, and none twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Integer, Text, Uuid, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.database import Transaction, statement
from crm.recording import recorded
from crm.tables import Moment
from crm.task_rules.templates import filled
from crm.tasks import events
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_first
from crm.workspaces.models import users


@dataclass(frozen=True)
class Planned:
    """A task that a rule makes, or would make."""

    subject_type: str
    subject_id: UUID
    customer_id: UUID | None
    assignee_id: UUID
    title: str
    note: str | None
    due_at: datetime
    dedupe_key: str


_COLUMNS: Mapping[str, Any] = {
    "subject_type": Text, "subject_id": Uuid, "customer_id": Uuid, "assignee_id": Uuid, "title": Text, "note": Text,
    "due_at": Moment, "dedupe_key": Text,
}  # fmt: skip


async def make(tx: Transaction, rule_id: UUID, action: Mapping[str, Any], planned: Sequence[Planned]) -> int:
    """Make these tasks; how many there were not before."""
    if not planned:
        return 0
    arrays = {name: [getattr(one, name) for one in planned] for name in _COLUMNS}
    remind = sorted(set(action["remind_before"]), reverse=True)
    given = {"rule_id": rule_id, "kind": action["kind"], "remind_before": remind, **arrays}
    return len(await tx.rows(_make(), event_type=events.CREATED, **given))


def worded(action: Mapping[str, Any], language: str, values: Mapping[str, str]) -> tuple[str, str | None]:
    """The title and the note of a task, in the language of whoever gets it."""
    note = action.get("note")
    return filled(action["title"], language, values), filled(note, language, values) if note else None


@statement
def _make() -> Insert:
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in _COLUMNS.items()]
    new = func.unnest(*arrays).table_valued(*_COLUMNS, name="new").render_derived()
    home = bindparam("workspace_id", type_=Uuid)
    who = and_(users.c.workspace_id == home, users.c.id == new.c.assignee_id)
    row = select(
        home,
        *(new.c[name] for name in _COLUMNS),
        bindparam("kind", type_=Text),
        bindparam("remind_before", type_=ARRAY(Integer)),
        bindparam("rule_id", type_=Uuid),
        users.c.team_id,
    ).select_from(new.join(users, who))
    names = ["workspace_id", *_COLUMNS, "kind", "remind_before", "rule_id", "team_id"]
    made = insert(tasks).from_select(names, row)
    once = made.on_conflict_do_nothing(
        index_elements=["workspace_id", "dedupe_key"], index_where=tasks.c.dedupe_key.is_not(None)
    )
    return recorded(TASK, once, also=remind_first)
