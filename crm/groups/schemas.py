"""What crosses the boundary about groups of companies."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.customers.listing import Order
from crm.customers.schemas import CustomerReference
from crm.fields import Name, Sent, Shown, kept, like
from crm.paging import Filter

Count = Annotated[int, Field(ge=0)]


class ChildrenFilter(Filter):
    """Which of the companies directly below, and in what order."""

    sort: Order = "name"
    archived: bool = Field(default=False, description="The archived ones instead of the others.")


class GroupCounts(Shown):
    """How much of each there is: what you may see, without what is archived or closed."""

    customers: Count
    contacts: Count
    open_tasks: Count


class GroupRead(Shown):
    """What there is below a customer, rolled up. The customer itself is not counted."""

    customer: CustomerReference
    direct: GroupCounts = Field(description="At the companies directly below.")
    below: GroupCounts = Field(description="At all companies below, down to twenty levels; the direct ones too.")


class LinkCreate(Sent):
    """A person with a file of their own, at this company."""

    model_config = like(
        person_id="01a1fcb0-3a00-7000-8000-000000000002", position="Chairman of the board", is_top_leader=True
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    person_id: UUID = Field(description="A customer whose `kind` is `person`.")
    position: Name | None = None
    is_top_leader: bool = Field(default=False, description="Leads the company: a large customer in person, too.")


class LinkUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(position="Chairman of the supervisory board", is_top_leader=False)

    position: Name | None = kept()
    is_top_leader: bool = kept()


class LinkRead(Shown):
    """Who is who at a company (集团客户与个人客户的关联): whoever sees the company sees its links."""

    id: UUID
    organization_id: UUID
    organization: CustomerReference
    person_id: UUID
    person: CustomerReference
    position: str | None
    is_top_leader: bool
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class LinkFilter(Filter):
    """Which links of a customer, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    is_top_leader: bool | None = None
    ended: bool = Field(default=False, description="Those that have ended instead of the others.")
