"""What is asked about changes between two days, and how they are shown."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated

from pydantic import ConfigDict, Field

from crm.fields import Shown
from crm.forecasts.schemas import Slice

Day = Annotated[date, Field(ge=date(1990, 1, 1), lt=date(2100, 1, 1))]

PIECES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "new": ("Sales that were not there before.", "新增商机。"),
        "reopened": ("Lost before, open again.", "输单后重新打开。"),
        "resumed": ("At rest before, open again.", "搁置后恢复。"),
        "pulled_in": ("Expected later before, now within the days looked at.", "由后期提前至期内。"),
        "moved_in": ("Came from other people, teams, pipelines or categories.", "由其他人员、团队、流程或类别转入。"),
        "grown": ("Worth more now.", "金额增加。"),
        "shrunk": ("Worth less now.", "金额减少。"),
        "reweighted": ("As much, and likelier or less likely now.", "金额未变，赢率变化。"),
        "won": ("Won.", "赢单。"),
        "lost": ("Lost.", "输单。"),
        "held": ("At rest now.", "搁置。"),
        "slipped": ("Expected later now, beyond the days looked at.", "预计成交推迟至期外。"),
        "archived": ("Put aside.", "归档。"),
        "moved_out": ("Went to other people, teams, pipelines or categories.", "转出至其他人员、团队、流程或类别。"),
    }
)
"""What can have become of a sale, in English and Chinese."""


class ChangeFilter(Slice):
    """Between which days, and of which sales."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    since: Day = Field(alias="from", description="The end of this day, in the workspace's zone.")
    until: Day | None = Field(
        default=None, alias="to", description="The end of this day; now when it is today, or not given."
    )
    expected_close_on_gte: Day | None = None
    expected_close_on_lte: Day | None = None

    def given(self) -> dict[str, object]:
        """The filters that were given, by name."""
        window = {name: getattr(self, name) for name in ("expected_close_on_gte", "expected_close_on_lte")}
        return super().given() | {f"wanted_{name}": value for name, value in window.items() if value is not None}


class Total(Shown):
    """Of some open sales."""

    count: int
    amount: str
    weighted: str


class Piece(Total):
    """What some sales added to the pipeline, or took from it."""

    amount: str = Field(description="Below 0 where it left the pipeline.")
    text: str
    text_zh: str


class Ends(Shown):
    """The amount of a category on both days."""

    opening: str
    closing: str


class Moved(Shown):
    """Sales that stayed, and whose expected close is another day now."""

    later: Total
    earlier: Total


class Changes(Shown):
    """What changed in the open pipeline: opening plus all pieces is closing, in amount and weighted."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    is_live: bool = Field(description="The later end is now, not a snapshot.")
    currency: str
    unconverted: int = Field(description="Sales in a currency of which no rate is known: they add nothing.")
    opening: Total
    closing: Total
    pieces: dict[str, Piece]
    categories: dict[str, Ends]
    close_dates_moved: Moved
