"""What crosses the boundary: a task as it is sent, as it is shown, as it is asked for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.fields import Line, Moment, Sent, Shown, Text, kept, like
from crm.paging import Filter
from crm.tasks.vocabulary import Kind, State, SubjectType

A_YEAR = 366 * 24 * 60


class TaskSubjectSent(Sent):
    """What the task is about: something you can see."""

    type: SubjectType
    id: UUID


class TaskReminderSent(Sent):
    """When to be reminded, from the moment at which the task is due."""

    minutes_before: Annotated[int, Field(ge=0, le=A_YEAR)] = 0


Reminders = Annotated[
    list[TaskReminderSent],
    Field(max_length=10, description="A moment that is past already is said at once; an empty list says nothing."),
]


class TaskCreate(Sent):
    """A new task. It is yours unless you name another assignee."""

    model_config = like(
        title="Send the quotation",
        subject={"type": "customer", "id": "01a1fcb0-3a00-7000-8000-000000000001"},
        due_at="2027-01-05T01:00:00Z",
        reminders=[{"minutes_before": 60}],
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    title: Line
    note: Text | None = None
    kind: Kind = "follow_up"
    subject: TaskSubjectSent
    assignee_id: UUID | None = None
    due_at: Moment
    reminders: Reminders = Field(default_factory=lambda: [TaskReminderSent()])


class TaskUpdate(Sent):
    """What to change (JSON merge patch). Another moment, assignee or list of reminders plans the reminders anew."""

    model_config = like(title="Send both quotations", due_at="2027-01-06T01:00:00Z")

    title: Line = kept()
    note: Text | None = None
    assignee_id: UUID = kept()
    due_at: Moment = kept()
    reminders: Reminders = kept()


class TaskCompletion(Sent):
    """How it went."""

    model_config = like(outcome="Sent by e-mail.")

    outcome: Text | None = None


class TaskCancellation(Sent):
    """Why it will not be done."""

    model_config = like(reason="The customer has bought elsewhere.")

    reason: Line


class TaskSnooze(Sent):
    """Until when to put it off: later than now, and later than it is due."""

    model_config = like(until="2027-01-07T01:00:00Z")

    until: Moment


class TaskReassignment(Sent):
    """Who does it from now on."""

    model_config = like(assignee_id="01a1fcb0-3a00-7000-8000-000000000003")

    assignee_id: UUID


class TaskSubject(Shown):
    """What the task is about."""

    type: SubjectType
    id: UUID


class TaskAssignee(Shown):
    """Who does it, as far as others need to know."""

    id: UUID
    name: str


class TaskOrigin(Shown):
    """The rule that made it: `/v1/task-rules/{id}`."""

    id: UUID
    name: str


class TaskChainPlace(Shown):
    """Which chain it is a step of: `/v1/task-chains/{id}`; tasks of one start share the `run_id`."""

    id: UUID
    run_id: UUID | None
    step: int


class TaskReminder(Shown):
    """A moment at which the assignee is reminded. What became of it: `/v1/reminders?subject_id=<task>`."""

    minutes_before: int
    fire_at: datetime


class TaskRead(Shown):
    """A task: what was promised, by whom, until when."""

    id: UUID
    kind: Kind
    title: str
    note: str | None
    subject: TaskSubject
    customer_id: UUID | None = Field(description="The customer the subject belongs to.")
    assignee_id: UUID
    assignee: TaskAssignee | None
    team_id: UUID | None = Field(description="The assignee's team.")
    due_at: datetime
    reminders: list[TaskReminder]
    state: State
    snooze_count: int
    completed_at: datetime | None
    outcome: str | None
    cancel_reason: str | None
    rule: TaskOrigin | None = Field(description="The rule that made it, if one did.")
    series_id: UUID | None = Field(description="The series it is one of, if it repeats: `/v1/task-series/{id}`.")
    chain: TaskChainPlace | None
    overdue_at: datetime | None = Field(description="When it was told to be overdue, after so many working days.")
    escalated_to_id: UUID | None = Field(description="The manager who was told that it is overdue.")
    created_at: datetime
    updated_at: datetime
    version: int


class TaskFilter(Filter):
    """Which tasks, and in what order."""

    sort: Literal["due_at", "-due_at", "created_at", "-created_at"] = "due_at"
    assignee_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    subject_type: list[SubjectType] | None = None
    subject_id: list[UUID] | None = None
    state: list[State] | None = None
    kind: list[Kind] | None = None
    rule_id: list[UUID] | None = None
    series_id: list[UUID] | None = None
    due_at_gte: Moment | None = None
    due_at_lte: Moment | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
    overdue: bool | None = Field(default=None, description="Open and past due, or not.")
