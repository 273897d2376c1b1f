"""What crosses the boundary: the list of a day's calls, and what is kept of a customer from call to call."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm.care.vocabulary import Contract, Intention, LeftOut, Reason
from crm.customers.schemas import CustomerReference
from crm.fields import Sent, Shown, like

Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(3000, 1, 1))]
Progress = Annotated[
    int,
    Field(
        ge=0,
        le=7,
        description="0 not reached yet; 1 newly mine; 2, 3 lost; 4 means to choose us; 5 contract sent; "
        "6 in contract; 7 contract expired.",
    ),
]


class CallUpdate(Sent):
    """What to keep after a call (JSON merge patch): fields not sent keep their value, null empties."""

    model_config = like(next_call_on="2026-12-01", progress_code=4, intention="good")

    next_call_on: Day | None = Field(default=None, description="Not to be called before this day.")
    progress_code: Progress | None = None
    intention: Intention | None = None
    contract_ends_on: Day | None = Field(default=None, description="The last day of the contract.")


class CallRead(Shown):
    """What callers keep of a customer."""

    customer_id: UUID
    customer: CustomerReference
    next_call_on: date | None
    progress_code: int | None
    intention: Intention | None
    contract_ends_on: date | None
    created_at: datetime
    updated_at: datetime
    version: int


class CallListQuery(BaseModel):
    """Whose list, of which day, and how long it may be."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID | None = Field(default=None, description="Whose customers; yours, when not given.")
    date: Day | None = Field(default=None, description="Today in the workspace's zone, when not given.")
    capacity: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="How many calls; `calls.capacity` of the workspace's settings, when not given."
    )


class CallLine(Shown):
    """A customer to call, and why."""

    place: Annotated[int, Field(ge=1)]
    customer: CustomerReference
    phone: str | None
    tier: Annotated[int, Field(ge=1, le=2, description="1: to be called first, for the reasons given.")]
    reasons: list[Reason]
    progress_code: int | None
    intention: Intention | None
    contract_state: Contract
    last_contact_on: date | None
    next_call_on: date | None


class MonthShown(Shown):
    """What the month of that day asks: need per day = ceil(customers / working days); capacity = calls × days."""

    customers: Annotated[int, Field(ge=0, description="Those that may be contacted.")]
    working_days: Annotated[int, Field(ge=0)]
    need_per_day: int | None = Field(description="Null in a month without a working day.")
    capacity: Annotated[int, Field(ge=0)]
    reachable_percent: float | None = Field(
        description="The share of the customers whom the month's calls can reach, at most 100. Null without customers."
    )


class CallListRead(Shown):
    """A day's calls, best first: progress 4 or 5, a good intention or an expired contract come before the others.

    Then by how many of these reasons, the next call date, the last contact (never comes first), and id.
    """

    user_id: UUID
    date: date
    capacity: int
    data: list[CallLine]
    callable: Annotated[int, Field(ge=0, description="How many could be called; those beyond the capacity wait.")]
    left_out: dict[LeftOut, int] = Field(description="How many are not to be called that day, by the first reason.")
    month: MonthShown
