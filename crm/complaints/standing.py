"""How a complaint stands: all that its steps depend on, read in one statement, with who may see whoever complained."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm.actor import Sight
from crm.calendars.prepared import workspace_calendar
from crm.calendars.working_time import WorkingTime
from crm.complaints.cases import Case, Who, who_is
from crm.complaints.models import complaint_steps, complaints
from crm.complaints.needs import listed
from crm.complaints.queries import COMPLAINT, mentioned, visible_in
from crm.complaints.repeating import repeated_by
from crm.database import Access, Transaction, statement
from crm.days import local_date
from crm.errors import NotFound
from crm.exchange_rates.queries import rate_on
from crm.nouns import Answer, Tailored, as_answer, mention, this_one
from crm.tables import utc
from crm.tasks.models import tasks
from crm.workspaces.models import users, workspaces

MOST_REPEATS = 20

MAY_WRITE = "complaints:write"

_PLAIN = (
    "state", "resume_to", "severity", "category", "validity", "assignee_id", "responsible_id", "proposed_by",
    "approved_by", "solution", "remedy_sought", "solution_answers_remedy", "remedy_answer", "root_cause",
    "corrective_action",
)  # fmt: skip

_BESIDE = (
    "version", "number", "customer_id", "contact_id", "team_id", "product_id", "cause_kind", "received_at", "cycle",
    "reopened_count", "due_at",
)  # fmt: skip


async def detail(access: Access, complaint_id: UUID) -> Answer:
    """A complaint with what this actor can do about it now. Raises ``NotFound``."""
    row = await access.row(_detail(access.actor.sight), id=complaint_id)
    if row is None:
        raise NotFound
    who = who_is(access.actor)
    found = await _case(access, row)
    steps = listed(found, who, may_write=MAY_WRITE in access.actor.scopes)
    complainer = row["complainer"] if _handles(row, who) else None
    more = {"repeats": row["repeats"], "open_actions": found.open_actions, "complainer": complainer, "steps": steps}
    return with_more(Tailored(row["id"], row["version"], row["body"]), more)


async def locked(tx: Transaction, complaint_id: UUID) -> tuple[Case, Any]:
    """A complaint as it stands while nobody else can change it: as a case, and its row. Raises ``NotFound``."""
    if await tx.value(_lock(tx.actor.sight), id=complaint_id) is None:
        raise NotFound
    row = await tx.row(_standing(tx.actor.sight), id=complaint_id)
    if row is None:
        raise NotFound
    return await _case(tx, row), row


async def received(tx: Transaction, answer: Answer) -> Answer:
    """What was just taken down, with the complaints that it repeats."""
    row = await tx.row(_repeats_of(tx.actor.sight), id=answer.id)
    return with_more(answer, {"repeats": row["repeats"] if row else []})


async def history(access: Access, complaint_id: UUID) -> bytes:
    """The steps that were taken, in order. Raises ``NotFound``."""
    found: str | None = await access.value(_history(access.actor.sight), id=complaint_id)
    if found is None:
        raise NotFound
    return found.encode()


def with_more(answer: Answer, more: Mapping[str, Any]) -> Answer:
    """The item with further members at its end, which no fact has."""
    return answer._replace(body=f"{answer.body[:-1]},{orjson.dumps(more).decode()[1:]}")


def with_sent(found: Case, values: Mapping[str, Any], *, reached: bool = False, confirmed: bool = False) -> Case:
    """The case as it will be with these values."""
    return replace(
        found,
        **{name: value for name, value in values.items() if name in _PLAIN},
        reached=reached,
        confirmed=confirmed,
    )


def most_within(moments: Sequence[datetime], days: int, time: WorkingTime) -> int:
    """The most of these moments that lie within so many working days, the day of the first among them counted.

    A first day off counts as the working day after it.
    """
    local = sorted(moment.astimezone(ZoneInfo(time.zone)).date() for moment in moments)
    most = 0
    for first in range(len(local)):
        begins = time.working_days_after(local[first], 0)
        ends = time.working_days_after(begins, days - 1) if days > 1 else begins
        most = max(most, sum(1 for day in local[first:] if day <= ends))
    return most


def _handles(row: Any, who: Who) -> bool:
    """Who may know whoever complained: the assignee, whoever took it, service and supervisors; nobody it is about."""
    if who.user_id is not None and who.user_id == row["responsible_id"]:
        return False
    return who.handles_by_role or who.user_id in {row["assignee_id"], row["received_by"]}


async def _case(access: Access, row: Any) -> Case:
    settings = access.actor.settings["complaints"]
    tries = [datetime.fromisoformat(one["at"]) for one in row["close_attempts"]]
    if row["state"] == "resolved" and len(tries) >= settings["attempts"]:
        made = most_within(tries, settings["attempt_days"], await workspace_calendar(access))
    else:
        made = len(tries)
    return Case(
        **{name: row[name] for name in _PLAIN},
        from_outside=row["sender"] is not None,
        own_cost=Decimal(0) if row["cost"] is None else row["own_cost"],
        open_actions=row["open_actions"],
        tries=made,
        tries_needed=settings["attempts"],
        days_over=row["days_over"],
        reopen_days=settings["reopen_days"],
    )


@statement
def _detail(sight: Sight) -> Select[Any]:
    answer = as_answer(COMPLAINT, complaints.select().where(this_one(COMPLAINT, sight)).subquery("seen"))
    found = answer.subquery("found")
    body = list(found.c)[2].label("body")
    facts = [*_facts(), complaints.c.complainer, complaints.c.version, body, _repeats(sight).label("repeats")]
    return select(*facts).select_from(complaints.join(found, true())).where(this_one(COMPLAINT, sight))


@statement
def _lock(sight: Sight) -> Select[Any]:
    return select(complaints.c.id).where(this_one(COMPLAINT, sight)).with_for_update()


@statement
def _standing(sight: Sight) -> Select[Any]:
    return select(*_facts(), *(complaints.c[name] for name in _BESIDE)).where(this_one(COMPLAINT, sight))


@statement
def _repeats_of(sight: Sight) -> Select[Any]:
    return select(_repeats(sight).label("repeats")).where(this_one(COMPLAINT, sight))


def _facts() -> list[ColumnElement[Any]]:
    c, task = complaints.c, tasks.alias("action")
    currency = select(workspaces.c.currency).where(workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid))
    own = case(
        (c.cost_currency == currency.scalar_subquery(), c.cost),
        else_=func.round(c.cost * rate_on(c.workspace_id, c.cost_currency, local_date(func.now())), 2),
    )
    undone = (
        select(func.count())
        .where(
            task.c.workspace_id == c.workspace_id,
            task.c.subject_id == c.id,
            task.c.subject_type == "complaint",
            task.c.kind == "corrective_action",
            task.c.state == "open",
        )
        .correlate(complaints)
        .scalar_subquery()
    )
    over = func.coalesce(c.closed_at, c.resolved_at)
    return [
        c.id,
        *(c[name] for name in _PLAIN),
        c.received_by,
        c.sender,
        c.cost,
        c.close_attempts,
        c.resolved_at,
        own.label("own_cost"),
        undone.label("open_actions"),
        cast(extract("epoch", func.now() - over) / 86_400, Float).label("days_over"),
    ]


def _repeats(sight: Sight) -> ColumnElement[Any]:
    """The complaints that this one repeats, as far as the actor sees them."""
    seen, other = complaints.alias("seen_too"), complaints.alias("other")
    found = (
        select(mentioned(other).label("one"), other.c.received_at, other.c.id)
        .where(
            other.c.workspace_id == complaints.c.workspace_id,
            repeated_by(other, complaints.c),
            other.c.id.in_(
                select(seen.c.id).where(
                    seen.c.workspace_id == bindparam("workspace_id", type_=Uuid),
                    seen.c.customer_id == complaints.c.customer_id,
                    visible_in(seen, sight),
                )
            ),
        )
        .order_by(other.c.received_at.desc(), other.c.id.desc())
        .limit(MOST_REPEATS)
        .correlate(complaints)
        .subquery("repeated")
    )
    newest = func.jsonb_agg(found.c.one).aggregate_order_by(found.c.received_at.desc(), found.c.id.desc())
    none = cast(literal_column("'[]'"), JSONB)
    return select(func.coalesce(newest, none, type_=JSONB)).scalar_subquery()


@statement
def _history(sight: Sight) -> Select[Any]:
    step, person = complaint_steps.alias("taken"), users.alias("person")
    t = step.c
    one = func.json_build_object(
        "id", t.id, "step", t.step, "from_state", t.from_state, "to_state", t.to_state, "at", utc(t.at),
        "actor", mention(person), "actor_kind", t.actor_kind, "note", t.note,
    )  # fmt: skip
    every = (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(t.at, t.id), literal_column("'[]'::json")))
        .select_from(step.outerjoin(person, and_(person.c.workspace_id == t.workspace_id, person.c.id == t.actor_id)))
        .where(t.workspace_id == complaints.c.workspace_id, t.complaint_id == complaints.c.id)
        .correlate(complaints)
        .scalar_subquery()
    )
    return select(cast(func.json_build_object("data", every), Text)).where(this_one(COMPLAINT, sight))
