"""What is asked of figures, and how they are shown."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm.fields import Name, Shown
from crm.forecasts.vocabulary import By

Ids = Annotated[list[UUID], Field(max_length=200)]


class Slice(BaseModel):
    """Which sales, and broken down by what."""

    model_config = ConfigDict(extra="forbid")

    owner_id: Ids | None = None
    team_id: Ids | None = Field(default=None, description="With the teams below them.")
    pipeline_id: Ids | None = None
    region: Annotated[list[Name], Field(max_length=200)] | None = None

    def given(self) -> dict[str, object]:
        """The filters that were given, by name."""
        named = {name: getattr(self, name) for name in ("owner_id", "team_id", "pipeline_id", "region")}
        return {f"wanted_{name}": value for name, value in named.items() if value is not None}


class OpenSlice(Slice):
    """Which open sales, and broken down by what."""

    by: By | None = Field(default=None, description="Nothing: the total alone.")


class PeriodSlice(OpenSlice):
    """Which sales of which period, and broken down by what."""

    period: Annotated[str, Field(max_length=10)] | None = Field(
        default=None,
        description="A year, quarter, month, ISO week or day (`2026`, `2026-Q4`, `2026-11`, `2026-W48`, `2026-11-22`), "
        "or `all`; this quarter when not given.",
    )


class AccuracySlice(PeriodSlice):
    """Which forecasts, made on which day, and broken down by what."""

    by: Literal["owner", "team", "pipeline", "stage"] | None = None
    as_of: date | None = Field(default=None, description="The day of the forecast; the period's first when not given.")


class PeriodShown(Shown):
    """A stretch of days, both ends included."""

    name: str
    starts_on: date
    ends_on: date


class Figure(Shown):
    """A figure, what it means and on how many sales it rests."""

    value: str | None = Field(description="Null where there is nothing to divide by.")
    formula: str
    sample_size: int


class Formula(Shown):
    """What a figure means."""

    text: str
    text_zh: str


class Line(Shown):
    """The figures of one person, team, region …"""

    key: str | None = Field(description="The id, or the day a period begins; null for sales that have none.")
    name: str | None
    without_amount: int = Field(description="Sales whose amount is not known: they count, but add nothing.")
    unconverted: int = Field(description="Sales in a currency of which no rate is known: they add nothing.")
    figures: dict[str, Figure]


class Report(Shown):
    """Figures in the workspace's currency, line by line and in all."""

    period: PeriodShown | None
    currency: str
    by: By | None
    data: list[Line]
    total: Line
    formulas: dict[str, Formula]
