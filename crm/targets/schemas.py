"""What crosses the boundary about targets."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from crm.fields import Sent, Shown, like
from crm.paging import Filter
from crm.targets.vocabulary import PeriodKind

Amount = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,16}(\.[0-9]{1,2})?$"),
    Field(description="In the workspace's own currency."),
]

MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Reference(Shown):
    """Whose it is."""

    id: UUID
    name: str


class TargetCreate(Sent):
    """What is to be sold in a month, a quarter or a year: by a person, a team or, with neither, the workspace."""

    model_config = like(
        owner_id="01a1fcb0-3a00-7000-8000-000000000002", kind="quarter", starts_on="2026-10-01", amount="1000000.00"
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    owner_id: UUID | None = None
    team_id: UUID | None = None
    kind: PeriodKind
    starts_on: Annotated[date, Field(ge=date(1990, 1, 1), lt=date(2100, 1, 1))]
    amount: Amount

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.starts_on.day != 1 or (self.starts_on.month - 1) % MONTHS[self.kind]:
            raise ValueError(f"No {self.kind} begins on this day.")
        if self.owner_id is not None and self.team_id is not None:
            raise ValueError("A target is a person's or a team's.")
        return self


class TargetUpdate(Sent):
    """What to change: the amount."""

    model_config = like(amount="1200000.00")

    amount: Amount


class TargetRead(Shown):
    """What is to be sold in a period."""

    id: UUID
    owner_id: UUID | None
    owner: Reference | None
    team_id: UUID | None
    team: Reference | None
    kind: PeriodKind
    starts_on: date
    ends_on: date
    amount: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class TargetFilter(Filter):
    """Which targets, and in what order."""

    sort: Literal["created_at", "-created_at", "starts_on", "-starts_on"] = "-created_at"
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    kind: list[PeriodKind] | None = None
    starts_on_gte: date | None = None
    starts_on_lte: date | None = None
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
