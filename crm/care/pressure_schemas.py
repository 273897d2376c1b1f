"""What crosses the boundary: how often people were touched."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm.fields import Shown

Count = Annotated[int, Field(ge=0)]


class PersonPressure(Shown):
    """How often a person was touched. A touch that names nobody counts for everybody there."""

    id: UUID
    name: str
    last_7_days: Count
    last_30_days: Count
    capped: bool


class PressureRead(Shown):
    """How often a customer was touched in all, and each person there whom one could contact.

    The customer is `capped` when everybody there is.
    """

    customer_id: UUID
    last_7_days: Count
    last_30_days: Count
    capped: bool
    contacts: list[PersonPressure]
