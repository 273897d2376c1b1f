"""What crosses the boundary about exchange rates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.fields import Sent, Shown, like
from crm.paging import Filter
from crm.workspaces.fields import Currency


class RatePut(Sent):
    """What one unit is worth in the workspace's own currency."""

    model_config = like(rate="7.0981")

    rate: Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=10)]


class RateRead(Shown):
    """A rate, which holds from its day until the day of the next."""

    id: UUID
    currency: str
    day: date
    rate: str
    created_at: datetime
    updated_at: datetime
    version: int


class RateFilter(Filter):
    """Which rates, and in what order."""

    sort: Literal["created_at", "-created_at", "day", "-day"] = "-day"
    currency: list[Currency] | None = None
    day_gte: date | None = None
    day_lte: date | None = None
