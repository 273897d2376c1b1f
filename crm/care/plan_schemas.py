"""What crosses the boundary: monthly visit plans, and how far visits went by them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from crm.care.call_schemas import Day
from crm.care.vocabulary import PlanState
from crm.customers.schemas import CustomerReference, PersonShown
from crm.fields import Sent, Shown, like
from crm.paging import Filter


def _first(day: date) -> date:
    if day.day != 1:
        raise PydanticCustomError("month", "A month is named by its first day.")
    return day


Month = Annotated[
    Day, AfterValidator(_first), Field(description="The first day of the month.", examples=["2026-12-01"])
]
Count = Annotated[int, Field(ge=0)]


class PlanCreate(Sent):
    """Whose plan, of which month."""

    model_config = like(owner_id="01a1fcb0-3a00-7000-8000-000000000001", month="2026-12-01")

    owner_id: UUID | None = Field(default=None, description="Who makes the visits; you, when not given.")
    month: Month


class PlanAdjust(Sent):
    """What to plan otherwise than proposed: how often to visit each of these customers."""

    model_config = like(planned={"01a1fcb0-3a00-7000-8000-000000000002": 3})

    planned: Annotated[dict[UUID, Annotated[int, Field(ge=0, le=31)]], Field(min_length=1, max_length=500)] = Field(
        description="Visits in the month, by the customer's id."
    )


class PlanRead(Shown):
    """A month's visit plan of one person: the sums of its lines, and how many visits the month has room for."""

    id: UUID
    owner_id: UUID
    owner: PersonShown
    team_id: UUID | None
    month: date
    state: PlanState
    working_days: Count = Field(description="Of the person, less leave, as the plan was made.")
    capacity: Count = Field(description="Working days × `visit_plans.visits_per_day` of the workspace's settings.")
    customers: Count = Field(description="Customers with at least one planned visit.")
    required: Count = Field(description="Visits that the rhythm of all customers asks for.")
    planned: Count = Field(description="Visits planned: what there is room for, the important ones first.")
    approved_by_id: UUID | None
    approved_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class PlanLineRead(Shown):
    """How often a customer is to be visited."""

    id: UUID
    plan_id: UUID
    customer_id: UUID
    customer: CustomerReference
    required: Count
    planned: Count
    by_hand: bool = Field(description="Somebody said so; making the plan anew leaves it.")
    created_at: datetime
    updated_at: datetime
    version: int


class PlanFilter(Filter):
    """Which plans, and in what order."""

    sort: Literal["created_at", "-created_at", "month", "-month"] = "-month"
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    state: list[PlanState] | None = None
    month: list[Day] | None = None
    month_gte: Day | None = None
    month_lte: Day | None = None


class PlanLineFilter(Filter):
    """Which lines, and in what order."""

    sort: Literal["planned", "-planned", "created_at", "-created_at"] = "-planned"
    customer_id: list[UUID] | None = None
