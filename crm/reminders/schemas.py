"""What crosses the boundary: a reminder as it is shown, explained and asked for."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from crm.fields import Moment, Shown
from crm.paging import Filter
from crm.reminders.vocabulary import Because, CancelledBecause, State, SubjectType


class ReminderSubject(Shown):
    """What one is reminded of."""

    type: SubjectType
    id: UUID


class ReminderRead(Shown):
    """A reminder: what is said to whom at what moment."""

    id: UUID
    user_id: UUID
    subject: ReminderSubject
    customer_id: UUID | None
    title: str
    fire_at: datetime
    state: State
    fired_at: datetime | None
    cancelled_because: CancelledBecause | None
    created_at: datetime
    updated_at: datetime
    version: int


class ReminderExplanation(Shown):
    """Why a reminder did or did not fire."""

    id: UUID
    state: State
    because: Because
    explanation: str = Field(description="The same in words.")
    planned_at: datetime
    fire_at: datetime
    fired_at: datetime | None
    late_by_seconds: int | None = Field(description="How long after its moment it fired.")
    version: int


class ReminderFilter(Filter):
    """Which reminders, and in what order."""

    sort: Literal["fire_at", "-fire_at", "created_at", "-created_at"] = "fire_at"
    user_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    subject_type: list[SubjectType] | None = None
    subject_id: list[UUID] | None = None
    state: list[State] | None = None
    fire_at_gte: Moment | None = None
    fire_at_lte: Moment | None = None
