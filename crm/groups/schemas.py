"""What crosses the boundary about groups of companies."""

from typing import Annotated

from pydantic import Field

from crm.customers.schemas import CustomerReference, Sort
from crm.fields import Shown
from crm.paging import Filter

Count = Annotated[int, Field(ge=0)]


class ChildrenFilter(Filter):
    """Which of the companies directly below, and in what order."""

    sort: Sort = "name"
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
