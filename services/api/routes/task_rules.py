"""Rules that make tasks, over HTTP."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request
from pydantic import BaseModel

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.task_rules import actions, queries
from crm.task_rules.conditions import CONDITIONS
from crm.task_rules.errors import ShippedRule
from crm.task_rules.run_schemas import (
    ConditionsRead,
    DryRunRead,
    DryRunWanted,
    TaskRuleRunFilter,
    TaskRuleRunRead,
)
from crm.task_rules.schemas import TaskRuleCreate, TaskRuleFilter, TaskRuleRead, TaskRuleUpdate
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

TaskRuleReads = Annotated[Access, reads("task_rules")]
TaskRuleWrites = Annotated[Access, writes("task_rules")]


async def _shapes(request: Request) -> Mapping[str, type[BaseModel]]:
    shapes: Mapping[str, type[BaseModel]] = request.app.state.event_shapes
    return shapes


Shapes = Annotated[Mapping[str, type[BaseModel]], Depends(_shapes)]

router = new_router(tags=["task_rules"])

_conditions = orjson.dumps(
    {
        "data": [
            {
                "name": one.name,
                "summary": one.summary,
                "subject": one.subject,
                "parameters": one.parameters.model_json_schema(),
            }
            for one in CONDITIONS.values()
        ]
    }
)


@router.get("/task-rules", response_model=Page[TaskRuleRead])
async def list_task_rules(access: TaskRuleReads, wanted: Annotated[TaskRuleFilter, Query()]) -> bytes:
    """What makes tasks by itself: your rules, and those that the product came with (`key`). Each can be switched."""
    return await queries.page(access, wanted)


@router.get("/task-rules/conditions", response_model=ConditionsRead)
async def list_task_rule_conditions(access: TaskRuleReads) -> bytes:  # noqa: ARG001  # whoever may read rules
    """What a rule can watch at night, and the parameters that each condition takes."""
    return _conditions


@router.post("/task-rules", status_code=201, response_model=TaskRuleRead, responses=problems(AlreadyExists))
async def create_task_rule(access: TaskRuleWrites, new: TaskRuleCreate, shapes: Shapes) -> Answer:
    """Make a task whenever an event happens, or for everything of which a condition holds at night.

    An event's fields are those of its `data`. A nightly rule begins to work the next night, at 02:00 of the
    workspace. A rule makes one task for each subject and event, or each time its condition begins to hold.
    """
    return await actions.create(access, new, shapes)


@router.post("/task-rules/dry-run", response_model=DryRunRead)
async def dry_run_new_task_rule(access: TaskRuleWrites, new: TaskRuleCreate, shapes: Shapes) -> bytes:
    """What such a rule would do now: how many tasks, the first of them, and whom it leaves out and why.

    Nothing is written.
    """
    return await actions.dry_run_unsaved(access, new, shapes, DryRunWanted().show)


@router.get("/task-rules/{rule_id}", response_model=TaskRuleRead)
async def get_task_rule(access: TaskRuleReads, rule_id: UUID) -> Answer:
    """One rule, what it did last, and what is wrong with it if something is. Its tasks: `/v1/tasks?rule_id=…`."""
    return await queries.get(access, rule_id)


@router.patch("/task-rules/{rule_id}", response_model=TaskRuleRead, responses=problems(ShippedRule))
async def update_task_rule(access: TaskRuleWrites, rule_id: UUID, change: TaskRuleUpdate, shapes: Shapes) -> Answer:
    """Change what you send and nothing else. Of a rule of the product, what it watches stays; all else is yours."""
    return await actions.update(access, rule_id, change, shapes)


@router.post("/task-rules/{rule_id}/enable", response_model=TaskRuleRead)
async def enable_task_rule(access: TaskRuleWrites, rule_id: UUID) -> Answer:
    """Let a rule work."""
    return await actions.switch(access, rule_id, on=True)


@router.post("/task-rules/{rule_id}/disable", response_model=TaskRuleRead)
async def disable_task_rule(access: TaskRuleWrites, rule_id: UUID) -> Answer:
    """Let a rule rest. Tasks that it has made stay."""
    return await actions.switch(access, rule_id, on=False)


@router.post("/task-rules/{rule_id}/dry-run", response_model=DryRunRead, responses=problems(ShippedRule))
async def dry_run_task_rule(access: TaskRuleWrites, rule_id: UUID, wanted: DryRunWanted | None = None) -> bytes:
    """What this rule would do now, whether it is enabled or not. Nothing is written.

    Of a rule on an event, what it would have made of those that happened lately.
    """
    return await actions.dry_run(access, rule_id, (wanted or DryRunWanted()).show)


@router.get("/task-rules/{rule_id}/runs", response_model=Page[TaskRuleRunRead])
async def list_task_rule_runs(
    access: TaskRuleReads, rule_id: UUID, wanted: Annotated[TaskRuleRunFilter, Query()]
) -> bytes:
    """What a rule did, day by day: how many tasks it made, whom it left out and why, and what went wrong."""
    return await queries.page_of_runs(access, rule_id, wanted)
