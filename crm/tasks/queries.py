"""How a task looks, and everything that reads tasks."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, FromClause, Integer, Select, and_, case, func, select
from sqlalchemy.sql.selectable import NamedFromClause

from crm import reading
from crm.database import Access
from crm.nouns import Answer, Noun, held_by, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.tasks.models import tasks
from crm.tasks.origins import task_rules
from crm.tasks.schemas import TaskFilter
from crm.workspaces.models import users


def shape(task: FromClause) -> Select[Any]:
    """A task, once: the answer, the event, the export.

    Its reminders are the plan, worked out from the task alone, so that a fact can say them in the statement that plans
    them; what became of each is told by the reminders themselves.
    """
    assignee, rule = users.alias("assignee"), task_rules.alias("rule")
    c = task.c
    moment = remind_at(task)
    plan = select(
        func.coalesce(
            func.json_agg(
                func.json_build_object("minutes_before", moment.c.minutes_before, "fire_at", utc(moment.c.fire_at))
            ),
            func.json_build_array(),
        )
    ).select_from(moment)
    return select(
        c.id,
        c.kind,
        c.title,
        c.note,
        func.json_build_object("type", c.subject_type, "id", c.subject_id).label("subject"),
        c.customer_id,
        c.assignee_id,
        mention(assignee).label("assignee"),
        c.team_id,
        utc(c.due_at).label("due_at"),
        plan.scalar_subquery().label("reminders"),
        c.state,
        c.snooze_count,
        utc(c.completed_at).label("completed_at"),
        c.outcome,
        c.cancel_reason,
        mention(rule).label("rule"),
        c.series_id,
        chain_of(c).label("chain"),
        utc(c.overdue_at).label("overdue_at"),
        c.escalated_to_id,
        *stamps(task),
    ).select_from(
        task.outerjoin(
            assignee, and_(assignee.c.workspace_id == c.workspace_id, assignee.c.id == c.assignee_id)
        ).outerjoin(rule, and_(rule.c.workspace_id == c.workspace_id, rule.c.id == c.rule_id))
    )


def chain_of(c: Any) -> ColumnElement[Any]:
    """Which chain a task is a step of, and which: null for one that stands by itself."""
    place = func.json_build_object("id", c.chain_id, "run_id", c.chain_run_id, "step", c.chain_step + 1)
    return case((c.chain_id.is_not(None), place))


def remind_at(task: FromClause) -> NamedFromClause:
    """The moments at which a task wants to be remembered: ``minutes_before`` it is due, and ``fire_at``."""
    minutes = func.unnest(task.c.remind_before).table_valued(Column("minutes", Integer), name="before").render_derived()
    fire_at = task.c.due_at - func.make_interval(0, 0, 0, 0, 0, minutes.c.minutes)
    return (
        select(minutes.c.minutes.label("minutes_before"), fire_at.label("fire_at"))
        .select_from(minutes)
        .correlate(task)
        .lateral("moment")
    )


TASK = Noun("task", tasks, shape, held_by(tasks, "assignee_id"))

LIST = Listing(
    TASK,
    sorts={"due_at": tasks.c.due_at, "created_at": tasks.c.created_at},
    filters={
        **among(tasks, ["assignee_id", "team_id", "customer_id", "subject_type", "subject_id", "state", "kind"]),
        **among(tasks, ["rule_id", "series_id"]),
        **between(tasks, ["due_at", "created_at"]),
        "overdue": and_(tasks.c.state == "open", tasks.c.due_at < func.now()),
        "not_overdue": ~and_(tasks.c.state == "open", tasks.c.due_at < func.now()),
    },
)


async def get(access: Access, task_id: UUID) -> Answer:
    """One task. Raises ``NotFound``."""
    return await reading.one(access, TASK, task_id)


async def page(access: Access, wanted: TaskFilter) -> bytes:
    """A page of tasks, what is due first."""
    given = wanted.given()
    overdue = given.pop("overdue", None)
    which = set() if overdue is None else {"overdue" if overdue else "not_overdue"}
    return await reading.page(access, LIST, wanted, given, frozenset(given) | which)
