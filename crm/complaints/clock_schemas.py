"""What crosses the boundary about the clocks of a complaint."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from crm.fields import Shown
from crm.sla.schemas import LedgerEntry, Reference
from crm.sla.vocabulary import ClockKind, ClockState


class ThresholdRead(Shown):
    """A share of the time at which it becomes news."""

    percent: int
    at: datetime | None = Field(description="Null while the clock stands still, and where it ended before.")
    crossed_at: datetime | None = Field(description="When it was told.")


class ClockRead(Shown):
    """A clock: what was promised, what of it is used, and what is left."""

    id: UUID
    kind: ClockKind
    cycle: int = Field(description="The round of clocks: one reopened late begins another.")
    turn: int = Field(description="Of the updates that are promised one after the other, which one.")
    state: ClockState
    policy: Reference | None
    calendar: Reference | None = Field(description="Null for a clock that runs around the clock.")
    around_the_clock: bool
    same_day: bool = Field(description="By the sundown rule: before the day's work was over.")
    minutes: int = Field(description="What was promised, in working time.")
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None
    stopped_at: datetime | None
    used_minutes: float = Field(description="Working time that counted until now.")
    paused_minutes: float = Field(description="Working time in which it stood still until now.")
    left_minutes: float = Field(description="What is left of what was promised; negative when it is too late.")
    thresholds: list[ThresholdRead]


class ClocksRead(Shown):
    """The clocks of a complaint, those that ended too, at a moment."""

    complaint_id: UUID
    received_at: datetime
    now: datetime
    clocks: list[ClockRead]


class ExplainedClock(ClockRead):
    """A clock with its ledger."""

    ledger: list[LedgerEntry] | None = Field(
        description="Every stretch from when the complaint came: until the clock ended, or until it is due. Null for "
        "more than 400 days."
    )


class ExplainedClocks(Shown):
    """The clocks of a complaint, each with every stretch of time that counted or did not, and why."""

    complaint_id: UUID
    received_at: datetime
    now: datetime
    clocks: list[ExplainedClock]


class ExplainQuery(BaseModel):
    """Which of the clocks."""

    model_config = {"extra": "forbid"}

    kind: Annotated[list[ClockKind] | None, Field(description="Only of these kinds.")] = None
