"""How a rule and its runs look, and everything that reads them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.nouns import Answer, Noun
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.task_rules.run_schemas import TaskRuleRunFilter
from crm.task_rules.schemas import TaskRuleFilter
from crm.tasks.origins import task_rule_runs, task_rules


class Rule(NamedTuple):
    """A rule as it is carried out."""

    id: UUID
    name: str
    version: int
    trigger: Mapping[str, Any]
    action: Mapping[str, Any]
    last_error: str | None


def shape(rule: FromClause) -> Select[Any]:
    """A rule, once: the answer and the event."""
    c, r = rule.c, task_rule_runs.alias("run").c
    run = func.json_build_object(
        "day", r.day, "state", r.state, "made", r.made, "skipped", r.skipped, "failed", r.failed
    )
    last = (
        select(run)
        .where(r.workspace_id == c.workspace_id, r.rule_id == c.id)
        .correlate(rule)
        .order_by(r.day.desc())
        .limit(1)
        .scalar_subquery()
    )
    # What care itself plans has no task of its own to describe.
    action = func.nullif(c.action, literal_column("'{}'::jsonb"))
    return select(
        c.id, c.key, c.name, c.enabled, c.trigger, action.label("action"), c.last_error,
        utc(c.failed_at).label("failed_at"), last.label("last_run"), *stamps(rule),
    ).select_from(rule)  # fmt: skip


def run_shape(run: FromClause) -> Select[Any]:
    """A run, once."""
    c = run.c
    return select(
        c.id, c.rule_id, c.day, c.state, c.made, c.skipped, c.failed, c.last_error,
        utc(c.finished_at).label("finished_at"), *stamps(run),
    ).select_from(run)  # fmt: skip


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone may know why they have a task."""
    return true()


TASK_RULE = Noun("task_rule", task_rules, shape, visible, customer=None)
RUN = Noun("task_rule_run", task_rule_runs, run_shape, visible, customer=None)

LIST = Listing(
    TASK_RULE,
    sorts={"name": task_rules.c.name, "created_at": task_rules.c.created_at},
    filters={
        **among(task_rules, ["key"]),
        "enabled": task_rules.c.enabled == bindparam("enabled", type_=Boolean),
        "event": task_rules.c.event_type == any_(bindparam("event", type_=ARRAY(Text))),
    },
)
RUNS = Listing(
    RUN,
    sorts={"day": task_rule_runs.c.day},
    filters={"rule_id": task_rule_runs.c.rule_id == bindparam("rule_id", type_=Uuid)},
)


async def get(access: Access, rule_id: UUID) -> Answer:
    """One rule. Raises ``NotFound``."""
    return await reading.one(access, TASK_RULE, rule_id)


async def page(access: Access, wanted: TaskRuleFilter) -> bytes:
    """A page of rules."""
    return await reading.page(access, LIST, wanted)


async def page_of_runs(access: Access, rule_id: UUID, wanted: TaskRuleRunFilter) -> bytes:
    """A page of what a rule did, the latest day first. Raises ``NotFound``."""
    found = await reading.page(access, RUNS, wanted, wanted.given() | {"rule_id": rule_id})
    if found.startswith(b'{"data":[]'):
        await get(access, rule_id)
    return found


async def one(access: Access, rule_id: UUID) -> Rule | None:
    """A rule to be carried out."""
    row = await access.row(_one(), rule_id=rule_id)
    return None if row is None else Rule(*row)


async def of_event(access: Access, event_type: str) -> list[Rule]:
    """The enabled rules of an event, in the order in which they were made."""
    return [Rule(*row) for row in await access.rows(_of_event(), event_type=event_type)]


def is_ruled(workspace_id: ColumnElement[Any], types: Iterable[str]) -> ColumnElement[bool]:
    """Whether a workspace has a rule for an event of these types."""
    rule = task_rules.alias("rule_on_event").c
    return exists().where(rule.workspace_id == workspace_id, rule.event_type.in_(sorted(types)), rule.enabled)


async def ruled(tx: Transaction, homes: Sequence[UUID], types: Sequence[str]) -> frozenset[tuple[UUID, str]]:
    """Of these workspaces and types of events, side by side, those with a rule. For a transaction over all of them."""
    rows = await tx.rows(_ruled(), homes=list(set(homes)), types=list(set(types)))
    return frozenset((row["workspace_id"], row["event_type"]) for row in rows)


def _columns() -> list[ColumnElement[Any]]:
    return [task_rules.c[name] for name in Rule._fields]


@statement
def _one() -> Select[Any]:
    at_home = task_rules.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(*_columns()).where(at_home, task_rules.c.id == bindparam("rule_id", type_=Uuid))


@statement
def _of_event() -> Select[Any]:
    r = task_rules.c
    at_home = r.workspace_id == bindparam("workspace_id", type_=Uuid)
    wanted = and_(at_home, r.event_type == bindparam("event_type", type_=Text), r.enabled)
    return select(*_columns()).where(wanted).order_by(r.created_at, r.id)


@statement
def _ruled() -> Select[Any]:
    r = task_rules.c
    homes, types = bindparam("homes", type_=ARRAY(Uuid)), bindparam("types", type_=ARRAY(Text))
    return (
        select(r.workspace_id, r.event_type)
        .distinct()
        .where(r.workspace_id == any_(homes), r.event_type == any_(types), r.enabled)
    )
