"""What is asked of the numbers of complaints, and how they are shown."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm.complaint_reports.vocabulary import GroupBy
from crm.complaints.vocabulary import Category
from crm.fields import Shown
from crm.forecasts.schemas import Figure, Formula
from crm.sla.vocabulary import Severity

Ids = Annotated[list[UUID], Field(max_length=200)]


class ComplaintSlice(BaseModel):
    """Which complaints, by the day they were received, and broken down by what."""

    model_config = ConfigDict(extra="forbid")

    since: date | None = Field(
        default=None, alias="from", description="The first day, in the workspace's zone; a year before the last."
    )
    until: date | None = Field(default=None, alias="to", description="The last day, included; today when not given.")
    group_by: GroupBy | None = Field(
        default=None, description="Nothing: the total alone. `person` is whoever handles it, `team` its team."
    )
    category: list[Category] | None = None
    severity: list[Severity] | None = None
    team_id: Ids | None = None
    assignee_id: Ids | None = None
    product_id: Ids | None = None

    def given(self) -> dict[str, object]:
        """The filters that were given, by name."""
        named = ("category", "severity", "team_id", "assignee_id", "product_id")
        return {f"wanted_{name}": value for name in named if (value := getattr(self, name)) is not None}


class ComplaintLine(Shown):
    """The figures of one cause, product, team …"""

    key: str | None = Field(description="The word, the id, or the day a month begins; null where there is none.")
    name: str | None
    unconverted: int = Field(description="Complaints that cost a currency of which no rate is known: they add nothing.")
    figures: dict[str, Figure]


class IcebergShown(Shown):
    """How many were unhappy and never said so, as an estimate."""

    complaints: int
    complaining_percent: int = Field(description="Of a hundred who are unhappy, so many complain.")
    told_each: int = Field(description="Each of the silent tells so many others at least.")
    unhappy: int
    silent: int
    told_at_least: int
    caution: str
    caution_zh: str


class ComplaintReport(Shown):
    """The numbers of complaints, line by line and in all, with the formula of each."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    group_by: GroupBy | None
    currency: str
    data: list[ComplaintLine]
    total: ComplaintLine
    iceberg: IcebergShown
    formulas: dict[str, Formula]
