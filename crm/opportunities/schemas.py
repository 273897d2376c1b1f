"""What crosses the boundary: an opportunity as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import CustomerReference, Money, MoneyShown, PersonShown
from crm.fields import Line, Moment, Name, Sent, Shown, Tags, Text, kept, like
from crm.opportunities.vocabulary import Grade, Intention, Known, LostReason, State
from crm.paging import Filter
from crm.pipelines.vocabulary import ForecastCategory

Day = Annotated[date, Field(ge=date(1990, 1, 1), lt=date(2100, 1, 1))]
Reference = Annotated[str, Field(min_length=1, max_length=100)]
OwnProbability = Annotated[Decimal, Field(gt=0, lt=1, max_digits=5, decimal_places=4)]

Sort = Literal["created_at", "-created_at", "expected_close_on", "-expected_close_on", "amount", "-amount"]


class _Attributes(Sent):
    reference: Reference | None = Field(default=None, description="What another system calls it.")
    amount: Money | None = Field(default=None, description="The sum of the items where there are any.")
    probability: OwnProbability | None = Field(default=None, description="Over what the stage says.")
    forecast_category: ForecastCategory | None = Field(default=None, description="Over what the stage says.")
    expected_close_on: Day | None = None
    intention: Intention | None = None
    competitor: Name | None = None
    next_step: Line | None = None
    next_step_on: Day | None = None
    source: Name | None = None
    note: Text | None = None
    contract_starts_on: Day | None = None
    contract_ends_on: Day | None = None


class OpportunityCreate(_Attributes):
    """A sale in the making. It is yours unless you name another owner, and begins in the first stage."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        name="Two filling lines",
        amount={"amount": "500000.00", "currency": "CNY"},
        expected_close_on="2026-12-30",
        money="yes",
        need="yes",
        next_step="Send the quotation",
        next_step_on="2026-11-30",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    customer_id: UUID | None = Field(default=None, description="Null as long as it is not known whose it is.")
    name: Name
    pipeline_id: UUID | None = Field(default=None, description="The default pipeline when not given.")
    stage: Annotated[str, Field(max_length=30)] | None = Field(
        default=None, description="The key of the stage to begin in, through its gates; the first when not given."
    )
    money: Known = "unknown"
    authority: Known = "unknown"
    need: Known = "unknown"
    tags: Tags = Field(default_factory=list)
    owner_id: UUID | None = None
    team_id: UUID | None = Field(default=None, description="The owner's team when not given.")
    opened_on: Day | None = Field(default=None, description="The day it began; today when not given.")


class OpportunityUpdate(_Attributes):
    """What to change (JSON merge patch). Stages and states change by operations of their own."""

    model_config = like(amount={"amount": "480000.00", "currency": "CNY"}, authority="yes", next_step="Call the CFO")

    customer_id: UUID = kept()
    name: Name = kept()
    money: Known = kept()
    authority: Known = kept()
    need: Known = kept()
    tags: Tags = kept()
    owner_id: UUID = kept()
    team_id: UUID | None = None
    opened_on: Day = kept()


class StageShown(Shown):
    """The stage an opportunity is in."""

    id: UUID
    key: str
    name: str
    name_zh: str | None
    place: int


class PipelineReference(Shown):
    """The pipeline an opportunity goes through."""

    id: UUID
    name: str


class QualificationShown(Shown):
    """Money, authority and need as three letters, a capital for yes, and what they ask of you."""

    code: str | None = Field(description="Null as long as one of the three is unknown.")
    action: str
    text: str
    text_zh: str


class ItemShown(Shown):
    """What is to be sold."""

    id: UUID
    product_id: UUID | None
    name: str
    quantity: str
    price: str
    discount: str
    amount: str


class OpportunityRead(Shown):
    """A sale in the making, won or lost."""

    id: UUID
    name: str
    reference: str | None
    customer_id: UUID | None
    customer: CustomerReference | None
    pipeline_id: UUID
    pipeline: PipelineReference
    stage_id: UUID
    stage: StageShown
    state: State
    stage_entered_at: datetime
    days_in_stage: int | None = Field(description="Calendar days; null once it is closed.")
    stale: bool = Field(description="Too long in its stage, or too long without anything done about it.")
    progress_code: int
    amount: MoneyShown | None
    own_amount: MoneyShown | None = Field(
        description="In the workspace's own currency, by the rate of the day it closed, or of today; null where no "
        "rate is known."
    )
    probability: str
    weighted_amount: MoneyShown | None = Field(description="Amount × probability.")
    forecast_category: ForecastCategory | Literal["closed"]
    items: list[ItemShown]
    expected_close_on: date | None
    close_date_moves: int
    grade: Grade
    reviewed_on: date | None
    review_due_on: date | None
    money: Known
    authority: Known
    need: Known
    qualification: QualificationShown
    intention: Intention | None
    checks: dict[str, dict[str, int]]
    competitor: str | None
    next_step: str | None
    next_step_on: date | None
    source: str | None
    note: str | None
    tags: list[str]
    owner_id: UUID | None
    owner: PersonShown | None
    team_id: UUID | None
    collaborator_ids: list[UUID]
    opened_on: date
    resume_on: date | None
    closed_at: datetime | None
    closed_on: date | None
    lost_reason: LostReason | None
    lost_note: str | None
    contract_starts_on: date | None
    contract_ends_on: date | None
    contract_expired_at: datetime | None = Field(description="When it was told that the contract is over.")
    renewal_of_id: UUID | None = Field(description="The won sale whose contract this one is to renew.")
    last_activity_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class OpportunityFilter(Filter):
    """Which opportunities, and in what order."""

    sort: Sort = "-created_at"
    pipeline_id: list[UUID] | None = None
    stage_id: list[UUID] | None = None
    state: list[State] | None = None
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    without_customer: bool | None = Field(default=None, description="Those whose customer is not known yet.")
    grade: list[Grade] | None = None
    intention: list[Intention] | None = None
    tag: list[str] | None = None
    forecast_category: list[ForecastCategory | Literal["closed"]] | None = None
    stale: bool | None = None
    q: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="A part of the name, or the reference."
    )
    amount_gte: Decimal | None = None
    amount_lte: Decimal | None = None
    expected_close_on_gte: date | None = None
    expected_close_on_lte: date | None = None
    closed_on_gte: date | None = None
    closed_on_lte: date | None = None
    review_due_by: date | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
    updated_at_gte: Moment | None = None
    updated_at_lte: Moment | None = None
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
