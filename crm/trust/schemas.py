"""What crosses the boundary: a judgement of trust as it is sent and as it is shown."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import CustomerReference, PersonShown
from crm.fields import Sent, Shown, Text, like
from crm.paging import Filter
from crm.trust.rules import LEAST, MOST

Part = Annotated[int, Field(strict=True, ge=LEAST, le=MOST)]
Sort = Literal["created_at", "-created_at"]


class TrustRate(Sent):
    """How much the customer trusts us, part by part: 1 is least, 10 is most."""

    model_config = like(
        credibility=8, reliability=7, intimacy=6, self_orientation=3, note="They call us before they decide."
    )

    credibility: Part = Field(description="可信任性: what we say is true and exact.")
    reliability: Part = Field(description="可依赖性: we keep what we promise.")
    intimacy: Part = Field(description="亲密性: they tell us what matters to them.")
    self_orientation: Part = Field(description="自我意识: how much it is about us. The less, the more trust.")
    note: Text | None = None


class TrustRatingRead(Shown):
    """A judgement of trust. It stays as it was given; a new one takes its place."""

    id: UUID
    customer_id: UUID
    customer: CustomerReference
    user_id: UUID | None
    user: PersonShown | None
    credibility: int
    reliability: int
    intimacy: int
    self_orientation: int
    score: float = Field(description="T = (credibility + reliability + intimacy) / self_orientation, two decimals.")
    index: float = Field(description="T between 0 (the least there can be) and 100; skewed, so for sorting only.")
    note: str | None
    created_at: datetime
    version: int


class TrustRatingFilter(Filter):
    """In what order, and how many."""

    sort: Sort = "-created_at"
