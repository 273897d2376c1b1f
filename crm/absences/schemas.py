"""What crosses the boundary about absences."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from crm.fields import Sent, Shown, like
from crm.paging import Filter

LONGEST = timedelta(days=366)

Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class PersonShown(Shown):
    """Whose it is."""

    id: UUID
    name: str


class AbsenceCreate(Sent):
    """From which to which day somebody is away, both included."""

    model_config = like(first_day="2026-12-24", last_day="2026-12-31")

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    user_id: UUID | None = Field(default=None, description="Yourself, unless you lead them.")
    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) <= self.last_day - self.first_day <= LONGEST:
            raise ValueError("The last day is not before the first, and at most 366 days after it.")
        return self


class AbsenceRead(Shown):
    """Days on which somebody is away. They are no working days of theirs, whatever the calendar says."""

    id: UUID
    user_id: UUID
    user: PersonShown
    first_day: date
    last_day: date
    cancelled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class AbsenceFilter(Filter):
    """Which absences, and in what order."""

    sort: Literal["created_at", "-created_at", "first_day", "-first_day"] = "-first_day"
    user_id: list[UUID] | None = None
    first_day_lte: Day | None = Field(default=None, description="Together with `last_day_gte`: those of a period.")
    last_day_gte: Day | None = None
    cancelled: bool = Field(default=False, description="The cancelled ones instead of the others.")
