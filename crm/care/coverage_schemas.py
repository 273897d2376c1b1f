"""What crosses the boundary: how far visits went by their plans."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from crm.care.call_schemas import Day
from crm.care.vocabulary import GroupBy
from crm.fields import Shown

Count = Annotated[int, Field(ge=0)]
LONGEST = 366 * 2


class CoverageQuery(BaseModel):
    """By what, and from which day to which."""

    model_config = ConfigDict(extra="forbid")

    group_by: GroupBy = "user"
    from_: Day = Field(alias="from", description="The first day.", examples=["2026-11-01"])
    to: Day = Field(description="The last day, included.", examples=["2026-11-30"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= (self.to - self.from_).days < LONGEST:
            raise PydanticCustomError("range", "`to` lies on `from` or later, within two years.")
        return self


class FigureShown(Shown):
    """A figure: `value` = `of` / `n`, rounded half up to four decimals, null where `n` is 0."""

    value: float | None
    of: Count
    n: Count
    formula: str


class CoverageLine(Shown):
    """The figures of one user, one team with those below it, or one region."""

    id: UUID | None = Field(description="Of the user or team.")
    name: str | None = Field(description="Null for customers without a region, and for users without a team.")
    targets: Count = Field(description="Customers with planned visits in the plans of months that begin in the period.")
    visits: Count = Field(description="Completed visits.")
    coverage: FigureShown
    frequency: FigureShown
    attainment: FigureShown
    adherence: FigureShown
    call_rate: FigureShown
    unplanned_share: FigureShown


class CoverageRead(Shown):
    """How far completed visits went by their plans, by name."""

    group_by: GroupBy
    from_: Day = Field(alias="from")
    to: Day
    data: list[CoverageLine]
