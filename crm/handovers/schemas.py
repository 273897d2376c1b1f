"""What crosses the boundary: who takes over whom and why, how much that was, and who had a customer when."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from crm.customers.schemas import PersonShown
from crm.fields import Line, Sent, Shown, like
from crm.timeline.schemas import WhoShown

MOST = 500
"""How many customers change hands in one call, which is one transaction."""


class With(Sent):
    """What goes along with a customer, where it was the former owner's."""

    tasks: bool = Field(default=True, description="Open tasks to get in touch and next steps, with their reminders.")
    visits: bool = Field(default=True, description="Visits that are planned and have not begun.")
    opportunities: bool = Field(default=True, description="Opportunities that are open or rest.")
    complaints: bool = Field(
        default=True, description="Complaints that are not over, except those about whoever takes over."
    )


Along = Annotated[With, Field(alias="with", default_factory=With)]
NewOwner = Annotated[UUID, Field(description="An active colleague; their team becomes the customer's.")]


class CustomerTransfer(Sent):
    """Who takes over a customer, and why."""

    model_config = like(owner_id="01a1fcb0-3a00-7000-8000-000000000002", reason="Anna moves to the south.")

    owner_id: NewOwner
    reason: Line
    with_: Along


class CustomersTransfer(Sent):
    """Who takes over which customers, and why: some of them by id, or all that a person has."""

    model_config = like(
        owner_id="01a1fcb0-3a00-7000-8000-000000000001",
        to="01a1fcb0-3a00-7000-8000-000000000002",
        reason="Anna leaves us.",
        **{"with": {"tasks": True, "visits": True}},
    )

    customer_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)] | None = None
    owner_id: UUID | None = Field(default=None, description="All customers of this person that you see, up to 500.")
    to: NewOwner
    reason: Line
    with_: Along

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.customer_ids is None) == (self.owner_id is None):
            raise ValueError("Say which customers: either customer_ids or owner_id.")
        return self


class TransferRead(Shown):
    """How much changed hands."""

    customers: int
    tasks: int
    visits: int
    opportunities: int
    complaints: int
    remaining: int = Field(description="Customers of the person that are still theirs: call again until it is 0.")


class OwnerRead(Shown):
    """Who had a customer, from when on and until when."""

    owner: PersonShown | None = Field(description="Null while nobody had it. The name is as it was then.")
    since: datetime
    until: datetime | None = Field(description="Null for the present owner.")
    reason: str | None = Field(description="Why it came to them, where that was said.")
    changed_by: WhoShown


class OwnersRead(Shown):
    """The owners of a customer, the present one first."""

    data: list[OwnerRead]


class HoldingsRead(Shown):
    """What a person still holds, as far as you see it."""

    customers: int
    archived_customers: int
    open_tasks: int = Field(description="Tasks of every kind; those that a transfer does not take are reassigned.")
    planned_visits: int
    open_opportunities: int = Field(description="Open ones, and those that rest.")
    open_complaints: int = Field(description="Those that they look into, whoever's customers they are about.")
