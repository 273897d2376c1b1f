"""What a customer shows that follows from what happened: how warm, in time, lost, trusting and complete it is."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from crm.customers.vocabulary import Band, LossCause, LossKind, Rhythm
from crm.fields import Shown


class WarmthShown(Shown):
    """How warm the relationship is (热度): by calendar days since the last real contact, in the workspace's zone."""

    band: Band
    score: Annotated[int, Field(ge=0, le=100)]
    days: int | None
    last_contact_at: datetime | None


class RhythmShown(Shown):
    """Whether the customer hears from you as often as it wants: by `next_contact_due_on`, in the workspace's zone."""

    state: Rhythm = Field(description="`never`: no contact yet. `due`: today. `overdue`: the day has passed.")
    days_over: Annotated[int, Field(ge=1)] | None = Field(description="Days since that day passed.")


class LossShown(Shown):
    """Why a customer was lost (流失). `kind` and `is_voluntary` follow from the cause; null: nobody's will."""

    cause: LossCause
    kind: LossKind
    is_voluntary: bool | None
    evidence: str
    lost_at: datetime


class TrustShown(Shown):
    """How much the customer trusts us, as last judged (D5)."""

    score: float
    index: float
    rated_at: datetime


class CompletenessShown(Shown):
    """How complete the file is: the weight of its filled fields over that of all, and what is missing, in order."""

    score: Annotated[int, Field(ge=0, le=100)]
    missing: list[str]
