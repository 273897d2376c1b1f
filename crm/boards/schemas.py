"""What is asked of a board, how it is shown, and how a card is moved."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crm.customers.schemas import CustomerReference, MoneyShown, PersonShown
from crm.fields import Line, Name, Sent, Shown, like
from crm.opportunities.schemas import PipelineReference
from crm.opportunities.vocabulary import Grade, Intention
from crm.pipelines.vocabulary import ForecastCategory

Ids = Annotated[list[UUID], Field(max_length=200)]


class BoardFilter(BaseModel):
    """Which open sales, and how many cards of each column."""

    model_config = ConfigDict(extra="forbid")

    per_column: Annotated[int, Field(ge=1, le=100, description="How many cards of each column at most.")] = 20
    owner_id: Ids | None = None
    team_id: Ids | None = Field(default=None, description="With the teams below them.")
    region: Annotated[list[Name], Field(max_length=200)] | None = None
    grade: Annotated[list[Grade], Field(max_length=5)] | None = None
    expected_close_on_gte: date | None = None
    expected_close_on_lte: date | None = None

    def given(self) -> dict[str, object]:
        """The filters that were given, by name."""
        of = {name: getattr(self, name) for name in type(self).model_fields if name != "per_column"}
        return {f"wanted_{name}": value for name, value in of.items() if value is not None}


class CardShown(Shown):
    """An open sale as a card."""

    id: UUID
    name: str
    customer: CustomerReference | None
    owner: PersonShown | None
    amount: MoneyShown | None
    probability: str
    expected_close_on: date | None
    grade: Grade
    intention: Intention | None
    next_step: str | None
    next_step_on: date | None
    days_in_stage: int
    version: int


class ColumnStage(Shown):
    """The stage of a column."""

    id: UUID
    key: str
    name: str
    name_zh: str | None
    place: int
    probability: str
    forecast_category: ForecastCategory
    expected_days: int | None


class ColumnShown(Shown):
    """A stage with its open sales: all of them counted and summed up, the first ones as cards."""

    stage: ColumnStage
    count: int
    amount: str = Field(description="In the workspace's currency, by today's rates.")
    weighted: str
    without_amount: int
    unconverted: int = Field(description="Sales in a currency of which no rate is known: they add nothing.")
    cards: list[CardShown]


class BoardShown(Shown):
    """A pipeline as a board."""

    pipeline: PipelineReference
    currency: str
    columns: list[ColumnShown]


class CardMove(Sent):
    """Where a card goes: into which column, and above or below which other card; on top when neither is said."""

    model_config = like(stage_id="01a1fcb0-3a00-7000-8000-000000000031", before="01a1fcb0-3a00-7000-8000-000000000032")

    stage_id: UUID = Field(description="The stage of the column; its own to change only the order.")
    before: UUID | None = Field(default=None, description="The card that is to be right below it.")
    after: UUID | None = Field(default=None, description="The card that is to be right above it.")
    reason: Line | None = Field(default=None, description="Needed to go back.")

    @model_validator(mode="after")
    def _one_neighbour(self) -> Self:
        if self.before is not None and self.after is not None:
            raise ValueError("Say the card before or the card after, not both.")
        return self
