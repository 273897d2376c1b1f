"""Tasks that repeat, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.task_rules.subjects import SUBJECTS
from crm.task_series import actions, queries
from crm.task_series.errors import SeriesEnded
from crm.task_series.schemas import TaskSeriesCreate, TaskSeriesFilter, TaskSeriesRead, TaskSeriesUpdate
from services.api.deps import changes, reads
from services.api.problems import problems
from services.api.routing import router as new_router

SeriesReads = Annotated[Access, reads("tasks")]
SeriesChanges = Annotated[Transaction, changes("tasks")]

router = new_router(tags=["tasks"])


@router.get("/task-series", response_model=Page[TaskSeriesRead])
async def list_task_series(access: SeriesReads, wanted: Annotated[TaskSeriesFilter, Query()]) -> bytes:
    """The tasks that repeat, as far as you may see their assignees' tasks."""
    return await queries.page(access, wanted)


@router.post("/task-series", status_code=201, response_model=TaskSeriesRead, responses=problems(AlreadyExists))
async def create_task_series(tx: SeriesChanges, new: TaskSeriesCreate) -> Answer:
    """Let a task come again and again, by a rule of RFC 5545 and the clock on the wall.

    The first one is made at once, each next one when the last is done or its moment comes. What is in the past is not
    made up for, however long nothing was done.
    """
    return await actions.create(tx, new, SUBJECTS[new.subject.type])


@router.get("/task-series/{series_id}", response_model=TaskSeriesRead)
async def get_task_series(access: SeriesReads, series_id: UUID) -> Answer:
    """One series. Its tasks: `/v1/tasks?series_id=…`."""
    return await queries.get(access, series_id)


@router.patch("/task-series/{series_id}", response_model=TaskSeriesRead, responses=problems(SeriesEnded))
async def update_task_series(tx: SeriesChanges, series_id: UUID, change: TaskSeriesUpdate) -> Answer:
    """Change this and all following. To change one alone, change that task.

    By another rule or time, the one that is still to come is cancelled, and the next by the new rule is made.
    """
    return await actions.update(tx, series_id, change)


@router.post("/task-series/{series_id}/end", response_model=TaskSeriesRead)
async def end_task_series(tx: SeriesChanges, series_id: UUID) -> Answer:
    """End a series. What of it is still to come is cancelled; what is due already stays."""
    return await actions.stop(tx, series_id)
