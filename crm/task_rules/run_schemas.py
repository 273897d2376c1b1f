"""What crosses the boundary about what rules do: their runs, what they can watch, and what a dry run tells."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from crm.fields import Sent, Shown, like
from crm.paging import Filter
from crm.task_rules.vocabulary import Fault, RunState, Skipped
from crm.tasks.vocabulary import SubjectType

MOST_SHOWN = 50


class TaskRuleRunRead(Shown):
    """What a rule did on a day of the workspace: how many tasks it made, and whom it left out and why."""

    id: UUID
    rule_id: UUID
    day: date
    state: RunState
    made: int
    skipped: dict[Skipped, int]
    failed: int
    last_error: Fault | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class TaskRuleRunFilter(Filter):
    """Which runs, and in what order."""

    sort: Literal["day", "-day"] = "-day"


class ConditionRead(Shown):
    """Something that can be watched at night."""

    name: str
    summary: str
    subject: SubjectType
    parameters: dict[str, Any] = Field(description="What it takes, as JSON Schema.")


class ConditionsRead(Shown):
    """Everything that can be watched at night."""

    data: list[ConditionRead]


class DryRunWanted(Sent):
    """How much to show."""

    model_config = like(show=10)

    show: Annotated[int, Field(ge=0, le=MOST_SHOWN)] = 10


class DryRunTask(Shown):
    """A task that would be made."""

    title: str
    note: str | None
    subject_type: SubjectType
    subject_id: UUID
    customer_id: UUID | None
    assignee_id: UUID
    due_at: datetime


class DryRunRead(Shown):
    """What a rule would do now: of a nightly condition tonight, of an event for those that happened lately."""

    would_make: int
    skipped: dict[Skipped, int]
    tasks: list[DryRunTask]
    looked_at: int = Field(description="Those for whom it holds; of an event, the latest facts of its type.")
    complete: bool = Field(description="False where only the latest of many facts were looked at.")
