"""The tasks of a chain: those that count from the start at once, each other one when the one before it is done."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Integer, Select, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.actor import Sight
from crm.calendars.prepared import calendar_of
from crm.calendars.working_time import WorkingTime
from crm.database import Transaction, statement
from crm.errors import invalid
from crm.events.reacting import Fact
from crm.nouns import Answer, Noun
from crm.recording import record, recorded
from crm.tables import Moment
from crm.task_chains.errors import ChainArchived
from crm.task_chains.schemas import TaskChainStart
from crm.tasks import events
from crm.tasks.models import tasks
from crm.tasks.origins import task_chains
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_first
from crm.workspaces.colleagues import must_be_active, team_of
from crm.workspaces.models import users

MOST_CHARACTERS = 500


async def start(tx: Transaction, wanted: TaskChainStart, about: Noun, customers: Noun) -> bytes:
    """Start a chain about something the actor sees: its run and the tasks that begin with it.

    Raises ``ChainArchived``, 422 for a chain, a subject or an assignee that is not there.
    """
    chain_id = wanted.chain_id
    chain = await tx.row(_chain(), chain_id=chain_id)
    if chain is None:
        raise invalid("chain_id", "There is no such chain.", "not_found")
    if chain["archived_at"] is not None:
        raise ChainArchived
    assignee_id = wanted.assignee_id or tx.actor.user_id
    if assignee_id is None:
        raise invalid("assignee_id", "A key has no tasks of its own: say who is to do it.", "required")
    await must_be_active(tx, "assignee_id", assignee_id)
    seen = await tx.row(_subject(about, tx.actor.sight), subject_id=wanted.subject.id)
    if seen is None:
        raise invalid("subject/id", f"There is no such {about.name}.", "not_found")
    named = None if seen["customer_id"] is None else await tx.value(_name(customers), id=seen["customer_id"])
    task = {
        "subject_type": about.name,
        "subject_id": wanted.subject.id,
        "customer_id": seen["customer_id"],
        "assignee_id": assignee_id,
    }
    made = await _begin(tx, chain_id, seen["run_id"], chain["steps"], task, datetime.now(UTC), named or "")
    bodies = ",".join(answer.body for answer in made)
    return b'{"run_id":"%b","tasks":[%b]}' % (str(seen["run_id"]).encode(), bodies.encode())


async def start_by_rule(
    tx: Transaction, chain_id: UUID, task: Mapping[str, Any], since: datetime, customers: Noun
) -> int | None:
    """Start a chain for a rule, about the subject, customer and assignee of ``task``, under its ``rule_id``.

    How many tasks begin with it; None where there is no such chain any more.
    """
    chain = await tx.row(_chain(), chain_id=chain_id)
    if chain is None or chain["archived_at"] is not None:
        return None
    named = None if task["customer_id"] is None else await tx.value(_name(customers), id=task["customer_id"])
    run_id = await tx.value(_new_run())
    return len(await _begin(tx, chain_id, run_id, chain["steps"], task, since, named or ""))


async def _begin(
    tx: Transaction,
    chain_id: UUID,
    run_id: UUID,
    steps: Sequence[Mapping[str, Any]],
    task: Mapping[str, Any],
    since: datetime,
    customer: str,
) -> list[Answer]:
    made = [
        await _make(tx, chain_id, run_id, number, steps, task, since, customer)
        for number, step in enumerate(steps)
        if step["after"] == "start" or number == 0
    ]
    return [answer for answer in made if answer is not None]


async def when_done(tx: Transaction, fact: Fact, customers: Noun) -> None:
    """A task of a chain was done: the step after it follows, where it waited for that."""
    place = fact.payload.get("chain")
    if not place:
        return
    chain = await tx.row(_chain(), chain_id=UUID(place["id"]))
    # Steps are counted from 1 outside, so that this is the number of the next one here.
    number = place["step"]
    if chain is None or chain["archived_at"] is not None or number >= len(chain["steps"]):
        return
    if chain["steps"][number]["after"] != "previous":
        return
    subject = fact.payload["subject"]
    task = {
        "subject_type": subject["type"],
        "subject_id": UUID(subject["id"]),
        "customer_id": fact.customer_id,
        "assignee_id": UUID(fact.payload["assignee_id"]),
    }
    named = None if fact.customer_id is None else await tx.value(_name(customers), id=fact.customer_id)
    run_id = UUID(place["run_id"])
    await _make(tx, UUID(place["id"]), run_id, number, chain["steps"], task, fact.occurred_at, named or "")


async def _make(
    tx: Transaction,
    chain_id: UUID,
    run_id: UUID,
    number: int,
    steps: Sequence[Mapping[str, Any]],
    task: Mapping[str, Any],
    since: datetime,
    customer: str,
) -> Answer | None:
    step = steps[number]
    given = {
        "rule_id": None,
        **task,
        "chain_id": chain_id,
        "run_id": run_id,
        "step": number,
        "kind": step["kind"],
        "title": step["title"].replace("{customer}", customer).strip()[:MOST_CHARACTERS] or step["title"],
        "due_at": await _due_at(tx, step, task["assignee_id"], since),
        "dedupe_key": f"chain:{run_id}:{number}",
    }
    return await record(tx, events.CREATED, _insert(), **given)


async def _due_at(tx: Transaction, step: Mapping[str, Any], assignee_id: UUID, since: datetime) -> datetime:
    zone = await tx.value(_zone(), assignee_id=assignee_id) or tx.actor.timezone
    day = _day(await calendar_of(tx, assignee_id), clock.local_date(since, zone), step)
    at = step.get("at") or tx.actor.settings.get("reminder_time", "09:00")
    return clock.moment_of(day, time.fromisoformat(at), zone)


def _day(calendar: WorkingTime, day: date, step: Mapping[str, Any]) -> date:
    if step["unit"] == "days":
        return day + timedelta(days=step["count"])
    return calendar.working_days_after(day, step["count"])


@statement
def _chain() -> Select[Any]:
    c = task_chains.c
    home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.steps, c.archived_at).where(home, c.id == bindparam("chain_id", type_=Uuid))


@statement
def _new_run() -> Select[Any]:
    return select(func.uuidv7())


@statement
def _subject(about: Noun, sight: Sight) -> Select[Any]:
    table = about.table
    home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    customer_id = table.c[about.customer or "id"].label("customer_id")
    return select(customer_id, func.uuidv7().label("run_id")).where(
        home, table.c.id == bindparam("subject_id", type_=Uuid), about.visible(sight)
    )


@statement
def _name(customers: Noun) -> Select[Any]:
    table = customers.table
    home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(table.c.name).where(home, table.c.id == bindparam("id", type_=Uuid))


@statement
def _zone() -> Select[Any]:
    home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(users.c.timezone).where(home, users.c.id == bindparam("assignee_id", type_=Uuid))


@statement
def _insert() -> Insert:
    columns: dict[str, Any] = {
        "subject_type": Text, "subject_id": Uuid, "customer_id": Uuid, "assignee_id": Uuid, "chain_id": Uuid,
        "rule_id": Uuid, "kind": Text, "title": Text, "due_at": Moment, "dedupe_key": Text,
    }  # fmt: skip
    given = {name: bindparam(name, type_=type_) for name, type_ in columns.items()}
    home = bindparam("workspace_id", type_=Uuid)
    row = select(
        home,
        *given.values(),
        bindparam("run_id", type_=Uuid),
        bindparam("step", type_=Integer),
        team_of(given["assignee_id"]),
    )
    new = insert(tasks).from_select(["workspace_id", *given, "chain_run_id", "chain_step", "team_id"], row)
    once = new.on_conflict_do_nothing(
        index_elements=["workspace_id", "dedupe_key"], index_where=tasks.c.dedupe_key.is_not(None)
    )
    return recorded(TASK, once, also=remind_first)
