"""What crosses the boundary when an opportunity moves, and where it has been."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import Money, PersonShown
from crm.fields import Line, Name, Sent, Shown, like
from crm.opportunities.schemas import Day
from crm.opportunities.vocabulary import LostReason, State

StageKey = Annotated[str, Field(min_length=1, max_length=30)]


class OpportunityAdvance(Sent):
    """Where to: the next stage when none is named."""

    model_config = like(to="proposal")

    to: StageKey | None = Field(default=None, description="The key of a later stage.")
    reason: Line | None = None


class OpportunityStepBack(Sent):
    """Why, and where to: the stage before when none is named."""

    model_config = like(reason="The decider has changed")

    to: StageKey | None = Field(default=None, description="The key of an earlier stage.")
    reason: Line


class OpportunityWin(Sent):
    """For how much, and when."""

    model_config = like(amount={"amount": "480000.00", "currency": "CNY"}, contract_ends_on="2027-11-30")

    amount: Money | None = Field(default=None, description="As it is known when not given.")
    closed_on: Day | None = Field(default=None, description="Today when not given; no day to come.")
    contract_starts_on: Day | None = None
    contract_ends_on: Day | None = None


class OpportunityLose(Sent):
    """Why, and to whom."""

    model_config = like(reason="competitor", competitor="Globex", note="Their delivery time was half of ours.")

    reason: LostReason
    note: Line | None = None
    competitor: Name | None = None
    closed_on: Day | None = Field(default=None, description="Today when not given; no day to come.")


class OpportunityHold(Sent):
    """Until when it rests."""

    model_config = like(resume_on="2027-03-01", reason="No budget before spring")

    resume_on: Day
    reason: Line | None = None


class OpportunityReopen(Sent):
    """Why it is worth another try."""

    model_config = like(reason="The competitor could not deliver")

    reason: Line


class MoveStageShown(Shown):
    """A stage as the history names it; it may be another by now."""

    id: UUID
    key: str | None
    name: str | None


class MoveRead(Shown):
    """One move: from where, to where, by whom, and how long it had been there."""

    id: UUID
    move: str
    from_state: State | None
    from_stage: MoveStageShown | None
    to_state: State
    to_stage: MoveStageShown
    moved_at: datetime
    seconds_in_stage: int | None = Field(description="How long it was in the stage it came from; null for the first.")
    reason: str | None
    actor: PersonShown | None = Field(description="Null where a program or the product itself did it.")


class HistoryRead(Shown):
    """Where an opportunity has been, from the first day on."""

    data: list[MoveRead]
