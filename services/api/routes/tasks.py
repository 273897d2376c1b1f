"""Tasks, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.task_rules.subjects import SUBJECTS
from crm.tasks import actions, queries
from crm.tasks.errors import SnoozedTooOften, TaskClosed
from crm.tasks.schemas import (
    TaskCancellation,
    TaskCompletion,
    TaskCreate,
    TaskFilter,
    TaskRead,
    TaskReassignment,
    TaskSnooze,
    TaskUpdate,
)
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

TaskReads = Annotated[Access, reads("tasks")]
TaskWrites = Annotated[Access, writes("tasks")]

router = new_router(tags=["tasks"])


@router.get("/tasks", response_model=Page[TaskRead])
async def list_tasks(access: TaskReads, wanted: Annotated[TaskFilter, Query()]) -> bytes:
    """The tasks you may see, what is due first; `overdue=true` gives the open ones that are past due."""
    return await queries.page(access, wanted)


@router.post("/tasks", status_code=201, response_model=TaskRead, responses=problems(AlreadyExists))
async def create_task(access: TaskWrites, new: TaskCreate) -> Answer:
    """Add a task about a customer, a contact, a visit or an interaction. It is yours unless you name who is to do it.

    The assignee is reminded `minutes_before` it is due, and at that moment when you say nothing else.
    """
    return await actions.create(access, new, SUBJECTS[new.subject.type])


@router.get("/tasks/{task_id}", response_model=TaskRead)
async def get_task(access: TaskReads, task_id: UUID) -> Answer:
    """One task, with the moments at which its assignee is reminded."""
    return await queries.get(access, task_id)


@router.patch("/tasks/{task_id}", response_model=TaskRead, responses=problems(TaskClosed))
async def update_task(access: TaskWrites, task_id: UUID, change: TaskUpdate) -> Answer:
    """Change what you send and nothing else. Reminders still to come follow the new moment, assignee and title."""
    return await actions.update(access, task_id, change)


@router.post("/tasks/{task_id}/complete", response_model=TaskRead, responses=problems(TaskClosed))
async def complete_task(access: TaskWrites, task_id: UUID, report: TaskCompletion | None = None) -> Answer:
    """Close a task as done, with its outcome if there is one to tell. Nobody is reminded of it any more."""
    return await actions.complete(access, task_id, report.outcome if report else None)


@router.post("/tasks/{task_id}/cancel", response_model=TaskRead, responses=problems(TaskClosed))
async def cancel_task(access: TaskWrites, task_id: UUID, wanted: TaskCancellation) -> Answer:
    """Close a task that will not be done, and say why. Nobody is reminded of it any more."""
    return await actions.cancel(access, task_id, wanted.reason)


@router.post("/tasks/{task_id}/snooze", response_model=TaskRead, responses=problems(TaskClosed, SnoozedTooOften))
async def snooze_task(access: TaskWrites, task_id: UUID, wanted: TaskSnooze) -> Answer:
    """Put a task off until later, at most three times. Its reminders move with it."""
    return await actions.snooze(access, task_id, wanted.until)


@router.post("/tasks/{task_id}/reassign", response_model=TaskRead, responses=problems(TaskClosed))
async def reassign_task(access: TaskWrites, task_id: UUID, wanted: TaskReassignment) -> Answer:
    """Give a task to someone else, who is reminded of it from now on. You may not see it any more afterwards."""
    return await actions.reassign(access, task_id, wanted.assignee_id)
